# SPDX-License-Identifier: Apache-2.0
"""Refused calls as exceptions.

Every refusal of the C libraries is an :class:`NvSciError`, with the code and with the text that says why: whose list,
which key, which value, which rule. The lines that C programs get on stderr are not printed, because the exception says
the same.
"""

from __future__ import annotations

import ctypes
from typing import Any, Optional

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


def last_refusal() -> Optional[Any]:
    """The C libraries' last failure on this thread, until the next one; None without any."""
    refusal = ctypes.POINTER(_abi.OpenNvSciRefusal)()
    if lib.opennvsciGetLastRefusal(ctypes.byref(refusal)) != 0:
        return None
    return refusal.contents


def _words(refusal: Any) -> tuple[str, str, str, str]:
    parts = (refusal.text, refusal.prerequisite, refusal.found, refusal.needed)
    return tuple(part.decode(errors="replace") for part in parts)  # type: ignore[return-value]


def _refused(code: int) -> NvSciError:
    refusal = last_refusal()
    if refusal is None or refusal.code != code:
        return NvSciError(code)
    text, prerequisite, found, needed = _words(refusal)
    if refusal.report:
        return ReconcileError(code, text, Report.at(refusal.report))
    kind = WaitTimeout if code == _abi.CONSTANTS["NvSciError_Timeout"] else NvSciError
    return kind(code, text, prerequisite, found, needed)


def _refused_by_cuda(result: int) -> CudaError:
    refusal = last_refusal()
    if refusal is None or refusal.cudaResult != result:
        return CudaError(result, 0, f"CUDA error {result}")
    return CudaError(result, refusal.code, *_words(refusal))


def call(function: Any, *arguments: Any) -> None:
    """Calls a function that gives an NvSciError. Raises NvSciError, or ReconcileError, unless it is success."""
    printed = lib.opennvsciPrintRefusals(False)
    try:
        code = function(*arguments)
        if code != 0:
            raise _refused(code)
    finally:
        lib.opennvsciPrintRefusals(printed)


def call_quietly(function: Any, *arguments: Any) -> int:
    """Calls a function whose failure the caller looks at: gives the NvSciError."""
    printed = lib.opennvsciPrintRefusals(False)
    try:
        return int(function(*arguments))
    finally:
        lib.opennvsciPrintRefusals(printed)


def call_cuda(function: Any, *arguments: Any) -> None:
    """Calls a function of nvscicuda.h. Raises CudaError unless it is success."""
    printed = lib.opennvsciPrintRefusals(False)
    try:
        result = function(*arguments)
        if result != 0:
            raise _refused_by_cuda(result)
    finally:
        lib.opennvsciPrintRefusals(printed)
