# SPDX-License-Identifier: Apache-2.0
"""CUDA contexts and streams, by the driver that the C libraries use."""

from __future__ import annotations

import ctypes
import os
from contextlib import contextmanager
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any, Iterator, Optional

from . import _abi
from ._values import unsigned
from .devices import driver
from .errors import CudaError
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
        return unsigned(number, 64, "stream")
    for name in ("cuda_stream", "ptr"):
        number = getattr(stream, name, None)
        if number is not None:
            return unsigned(number, 64, "stream")
    return unsigned(stream, 64, "stream")


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


def _leave(context: int) -> None:
    """Makes a context that was pushed no longer current. Twice does no harm."""
    if _current_context() == context:
        cuda().cuCtxPopCurrent(ctypes.byref(ctypes.c_void_p()))


@contextmanager
def context_on(ordinal: Optional[int], home: int = 0) -> Iterator[Optional[Handle]]:
    """Makes a context of a device current: the one that is, or the primary one, whose owner is given. None: whichever
    context is current, else that of the device `home`."""
    if _current_context() and (ordinal is None or ordinal == current_device()):
        yield None
        return
    owner, context = _retain_primary(home if ordinal is None else ordinal)
    try:
        check(cuda().cuCtxPushCurrent(context), "cuCtxPushCurrent")
        yield owner
    finally:
        try:
            _leave(context)
        finally:
            _leave(context)  # if Ctrl-C came in the middle of the first


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
