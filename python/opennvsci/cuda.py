# SPDX-License-Identifier: Apache-2.0
"""CUDA contexts and streams, and buffers mapped in contexts.

The driver is the one that the C libraries use. What is mapped belongs to the calling thread's current context, if that
is of the device in question, so to the one of CuPy or PyTorch; else to the primary context, which those use too.
"""

from __future__ import annotations

import ctypes
import operator
import os
import threading
from contextlib import contextmanager
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any, Iterator, Optional

from . import _abi
from ._libraries import lib
from .devices import driver
from .errors import CudaError, call_cuda
from .handles import Handle


@lru_cache(maxsize=None)
def cuda() -> SimpleNamespace:
    """The functions of the driver. Raises NvSciError if none can be used."""
    library = ctypes.CDLL(driver().path)
    functions = {}
    for name, (result, arguments) in _abi.DRIVER_PROTOTYPES.items():
        function = getattr(library, name, None)
        if function is None:  # of a driver before CUDA 12
            continue
        function.restype = result
        function.argtypes = arguments
        functions[name.replace("_v2", "")] = function
    return SimpleNamespace(**functions)


def check(result: int, function: str) -> None:
    """Raises CudaError unless a call of the driver succeeded."""
    if result == 0:
        return
    name = ctypes.c_char_p()
    cuda().cuGetErrorName(result, ctypes.byref(name))
    words = name.value.decode() if name.value else str(result)
    raise CudaError(result, 0, f"{function}: {words}")


def stream_number(stream: Any) -> int:
    """The CUstream of a stream: a number, or an object with ``__cuda_stream__``, ``cuda_stream`` (PyTorch) or ``ptr``
    (CuPy); None is the default stream.

    >>> stream_number(None), stream_number(2)
    (0, 2)
    """
    if stream is None:
        return 0
    protocol = getattr(stream, "__cuda_stream__", None)
    if protocol is not None:
        version, number = protocol() if callable(protocol) else protocol
        if version != 0:
            raise ValueError(f"version {version} of __cuda_stream__ is not known")
        return _number(number)
    for name in ("cuda_stream", "ptr"):
        number = getattr(stream, name, None)
        if number is not None:
            return _number(number)
    return _number(stream)


def _number(stream: Any) -> int:
    if isinstance(stream, bool):
        raise TypeError("a stream is a number or an object of CuPy or PyTorch, not bool")
    try:
        number = operator.index(stream)
    except TypeError:
        kind = type(stream).__name__
        raise TypeError(f"a stream is a number or an object of CuPy or PyTorch, not {kind}") from None
    if not 0 <= number < 1 << 64:
        raise ValueError(f"{number} is no stream")
    return number


def _release_primary(process: int, ordinal: int, *, release: Any, getpid: Any = os.getpid) -> None:
    if getpid() == process:  # nothing of CUDA survives a fork
        release(ordinal - 1)


def _retain_primary(ordinal: int) -> tuple[Handle, int]:
    context = ctypes.c_void_p()
    check(cuda().cuDevicePrimaryCtxRetain(ctypes.byref(context), ordinal), "cuDevicePrimaryCtxRetain")
    free = partial(_release_primary, os.getpid(), release=cuda().cuDevicePrimaryCtxRelease)
    return Handle(free, ordinal + 1), context.value or 0


def _current_context() -> int:
    context = ctypes.c_void_p()
    check(cuda().cuCtxGetCurrent(ctypes.byref(context)), "cuCtxGetCurrent")
    return context.value or 0


def current_device() -> Optional[int]:
    """The device of the calling thread's current context; None without one."""
    if not _current_context():
        return None
    ordinal = ctypes.c_int()
    check(cuda().cuCtxGetDevice(ctypes.byref(ordinal)), "cuCtxGetDevice")
    return ordinal.value


@contextmanager
def context_on(ordinal: Optional[int], home: int = 0) -> Iterator[Optional[Handle]]:
    """Makes a context of a device current: the one that is, or the primary one, whose owner is given. None: whichever
    context is current, else that of the device `home`."""
    if _current_context() and (ordinal is None or ordinal == current_device()):
        yield None
        return
    owner, context = _retain_primary(home if ordinal is None else ordinal)
    check(cuda().cuCtxPushCurrent(context), "cuCtxPushCurrent")
    try:
        yield owner
    finally:
        cuda().cuCtxPopCurrent(ctypes.byref(ctypes.c_void_p()))


def _identity() -> tuple[int, int]:
    """Of the current context: another one at the same address has another number."""
    context, number = _current_context(), ctypes.c_ulonglong()
    if hasattr(cuda(), "cuCtxGetId"):
        check(cuda().cuCtxGetId(context, ctypes.byref(number)), "cuCtxGetId")
    return context, number.value


def _unmap(
    process: int,
    context: Any,
    pointer: int,
    *,
    free: Any = lib.nvsciCuMemFree,
    print_refusals: Any = lib.opennvsciPrintRefusals,
    getpid: Any = os.getpid,
) -> None:
    if getpid() != process:
        return
    printed = print_refusals(False)
    free(pointer)  # waits for the work of the context; one that is gone takes the mapping along
    print_refusals(printed)


class Mappings:
    """Where a buffer is mapped, in each context that asked. All of it goes with this object. Thread-safe."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._mapped: dict[tuple[int, int], Handle] = {}

    def pointer(self, owner: Handle, ordinal: Optional[int]) -> tuple[int, int]:
        """The address of a buffer on a device, and the device's number. Raises CudaError."""
        if os.getpid() != self._process:
            raise RuntimeError("the buffer is of the process that this one was forked from, and CUDA ends there")
        with context_on(ordinal) as primary, self._lock:
            identity = _identity()
            if identity not in self._mapped:
                self._mapped[identity] = self._map(owner, primary)
            return self._mapped[identity].value, current_device() or 0

    def _map(self, owner: Handle, primary: Optional[Handle]) -> Handle:
        description = _abi.CUDA_EXTERNAL_MEMORY_HANDLE_DESC(size=self._size)
        description.type = _abi.CUDA_CONSTANTS["CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF"]
        description.handle.object = owner.value
        memory = Handle(lib.nvsciCuDestroyExternalMemory)  # goes at the end; the mapping stays
        call_cuda(lib.nvsciCuImportExternalMemory, memory.out, ctypes.byref(description))
        pointer = Handle(partial(_unmap, os.getpid(), primary))
        window = _abi.CUDA_EXTERNAL_MEMORY_BUFFER_DESC(size=self._size)
        call_cuda(lib.nvsciCuExternalMemoryGetMappedBuffer, pointer.out, memory.value, ctypes.byref(window))
        return pointer


def order(before: Any, after: int) -> None:
    """Lets what comes next in one stream wait for what is in the other. The CPU does not wait."""
    event = ctypes.c_void_p()
    flags = _abi.CUDA_CONSTANTS["CU_EVENT_DISABLE_TIMING"]
    check(cuda().cuEventCreate(ctypes.byref(event), flags), "cuEventCreate")
    try:
        check(cuda().cuEventRecord(event, stream_number(before)), "cuEventRecord")
        check(cuda().cuStreamWaitEvent(after, event, 0), "cuStreamWaitEvent")
    finally:
        cuda().cuEventDestroy(event)
