# SPDX-License-Identifier: Apache-2.0
"""Refused calls as exceptions.

Every refusal of the C libraries is an :class:`NvSciError`, with the code and with the text that says why: whose list,
which key, which value, which rule. The lines that C programs get on stderr are not printed, because the exception says
the same.
"""

from __future__ import annotations

import ctypes
import errno
from typing import Any, NamedTuple, Optional

from . import _abi
from ._libraries import lib
from .report import Report


class NvSciError(Exception):
    """A call that was refused.

    >>> import opennvsci
    >>> try:
    ...     opennvsci.AttributeList({"RawBuffer.Size": 0, "Types": "RawBuffer"})
    ... except opennvsci.NvSciError as error:
    ...     print(error.name, error.code)
    NvSciError_BadParameter 256
    """

    #: The code, a number of nvscierror.h.
    code: int
    #: Its name: "NvSciError_BadParameter".
    name: str
    #: Why, in words, as ``opennvsciGetLastErrorText()`` has it.
    text: str
    #: What was not as it must be, such as "permission"; empty if that is not known.
    prerequisite: str
    #: What that was, and what it must be.
    found: str
    needed: str

    def __init__(self, code: int, text: str = "", prerequisite: str = "", found: str = "", needed: str = "") -> None:
        super().__init__(code, text, prerequisite, found, needed)
        self.code = code
        self.name = error_name(code)
        self.text = text or self.name
        self.prerequisite = prerequisite
        self.found = found
        self.needed = needed

    def __str__(self) -> str:
        return self.text


class WaitTimeout(NvSciError, TimeoutError):
    """The time of a wait is up: of a fence, of a frame, of a connection. Also a TimeoutError of Python."""

    CODE = _abi.CONSTANTS["NvSciError_Timeout"]

    def __init__(self, code: int, text: str = "", *details: str) -> None:
        super().__init__(code, text, *details)
        self.args = (code, text, *details)
        self.errno, self.strerror, self.filename = errno.ETIMEDOUT, self.text, None  # not what OSError takes args for

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args, self.__dict__  # that of OSError adds file names

    __str__ = NvSciError.__str__


class CudaError(NvSciError):
    """A call of CUDA that was refused, by the driver or by the libraries in front of it."""

    #: The CUresult: 1 is CUDA_ERROR_INVALID_VALUE.
    cuda_result: int

    def __init__(self, cuda_result: int, code: int, text: str, *prerequisite: str) -> None:
        super().__init__(code, text, *prerequisite)
        self.args = (cuda_result, code, text, *prerequisite)
        self.cuda_result = cuda_result


class ReconcileError(NvSciError):
    """Lists that cannot be reconciled.

    Printed it is the text of ``opennvsci explain``: who asked for what, which rule decided, and what to change.
    :attr:`report` has the same as data.
    """

    #: Who took part, what became of every key, and what would avoid the refusal.
    report: Report

    def __init__(self, code: int, text: str, report: Report) -> None:
        super().__init__(code, text)
        self.args = (code, text, report)
        self.report = report

    def __str__(self) -> str:
        return self.report.text


def error_name(code: int) -> str:
    """The name of a code: "NvSciError_Success" for 0, "unknown" for a number that is none."""
    return str(lib.opennvsciErrorName(code).decode())


class Refusal(NamedTuple):
    """The C libraries' last failure on this thread."""

    code: int
    cuda_result: int
    #: Text, prerequisite, found, needed.
    words: tuple[str, ...]
    report: Optional[Report]


_NONE = Refusal(0, 0, (), None)


def last_refusal() -> Refusal:
    """Of a thread without any, it is of the code 0."""
    found = ctypes.POINTER(_abi.OpenNvSciRefusal)()
    try:
        # A copy: a handler of signals, or whatever else Python runs meanwhile, may meet another failure.
        if lib.opennvsciCopyLastRefusal(ctypes.byref(found)) != 0:
            return _NONE
        told = found.contents
        parts = (told.text, told.prerequisite, told.found, told.needed)
        words = tuple(part.decode(errors="replace") for part in parts)
        return Refusal(told.code, told.cudaResult, words, Report.at(told.report) if told.report else None)
    finally:
        lib.opennvsciFreeRefusal(found)


def _why(function: Any) -> Refusal:
    """Why a function refused, unless the last refusal is another one's by now, such as of a handler of signals."""
    refusal = last_refusal()
    is_own = refusal.words and refusal.words[0].startswith(f"{function.__name__}:")
    return refusal if is_own else _NONE


def refused(code: int, function: Any) -> NvSciError:
    """The exception for what a function gave."""
    refusal = _why(function)
    if refusal.code != code:
        return NvSciError(code)
    if refusal.report is not None:
        return ReconcileError(code, refusal.words[0], refusal.report)
    kind: type[NvSciError] = WaitTimeout if code == WaitTimeout.CODE else NvSciError
    return kind(code, *refusal.words)


def _refused_on_device(code: int, function: Any) -> CudaError:
    refusal = _why(function)
    if refusal.code != code:
        return CudaError(0, code, error_name(code))
    return CudaError(refusal.cuda_result, code, *refusal.words)


def _refused_by_cuda(result: int, function: Any) -> CudaError:
    refusal = _why(function)
    if refusal.cuda_result != result:
        return CudaError(result, 0, f"CUDA error {result}")
    return CudaError(result, refusal.code, *refusal.words)


def call_quietly(function: Any, *arguments: Any) -> int:
    """Calls a function without its line on stderr, and gives what it gives."""
    printed = True  # should Ctrl-C come before it is known
    try:
        printed = lib.opennvsciPrintRefusals(False)
        return int(function(*arguments))
    finally:
        lib.opennvsciPrintRefusals(printed)


def call(function: Any, *arguments: Any) -> None:
    """Calls a function that gives an NvSciError. Raises NvSciError, or ReconcileError, unless it is success."""
    code = call_quietly(function, *arguments)
    if code != 0:
        raise refused(code, function)


def call_on_device(function: Any, *arguments: Any) -> None:
    """Calls a function that gives an NvSciError, and works on a device. Raises CudaError unless it is success."""
    code = call_quietly(function, *arguments)
    if code != 0:
        raise _refused_on_device(code, function)


def call_cuda(function: Any, *arguments: Any) -> None:
    """Calls a function of nvscicuda.h. Raises CudaError unless it is success."""
    result = call_quietly(function, *arguments)
    if result != 0:
        raise _refused_by_cuda(result, function)
