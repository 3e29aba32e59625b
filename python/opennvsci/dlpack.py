# SPDX-License-Identifier: Apache-2.0
"""Arrays handed to other libraries by DLPack 1.0.

A tensor lives until its consumer calls its deleter, which may be at any time: in a thread without Python, while an
exception is on its way, after the interpreter has ended. No function in Python can be called then. So the deleter is a
function of the C library that clears what it is given, sigemptyset(), and a tensor that was cleared is found later:
when a buffer is made, exported, closed or dropped, when Python collects garbage, and by :func:`collect`. That gives its memory
back.

A capsule that nobody took is found in the same way: the tensor holds the capsule, and looks whether it is the only one.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import sys
from collections import deque
from ctypes import Structure, c_int32, c_int64, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p
from typing import Any, Optional

CPU = 1
CUDA = 2
_READ_ONLY = 1
_IS_COPIED = 2
_CODES = {"i": 0, "u": 1, "f": 2, "b": 6}


class _DLTensor(Structure):
    _fields_ = [
        ("data", c_void_p),
        ("device_type", c_int32),
        ("device_id", c_int32),
        ("ndim", c_int32),
        ("code", c_uint8),
        ("bits", c_uint8),
        ("lanes", c_uint16),
        ("shape", c_void_p),
        ("strides", c_void_p),
        ("byte_offset", c_uint64),
    ]


# Room for all that sigemptyset() may clear.
_ROOM = ("room", c_uint8 * 128)


class _Managed(Structure):
    _fields_ = [("tensor", _DLTensor), ("manager_ctx", c_void_p), ("deleter", c_void_p), _ROOM]


class _Versioned(Structure):
    _fields_ = [
        ("major", c_uint32),
        ("minor", c_uint32),
        ("manager_ctx", c_void_p),
        ("deleter", c_void_p),
        ("flags", c_uint64),
        ("tensor", _DLTensor),
        _ROOM,
    ]


_CLEAR = ctypes.cast(ctypes.CDLL(None).sigemptyset, c_void_p).value
_new_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, c_void_p, ctypes.c_char_p, c_void_p)(
    ("PyCapsule_New", ctypes.pythonapi)
)
_is_valid = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_IsValid", ctypes.pythonapi)
)


class _Capsule:
    """A capsule that others may have too."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def references(self) -> int:
        return sys.getrefcount(self.capsule)


_ALONE = _Capsule(object()).references()


class _Tensor(_Capsule):
    """A tensor that a consumer has, or may still take, and what keeps its memory."""

    def __init__(self, managed: Structure, name: bytes, *keep: Any) -> None:
        super().__init__(_new_capsule(ctypes.addressof(managed), name, None))
        self.managed = managed
        self.name = name
        self.keep = keep

    def is_over(self) -> bool:
        """The consumer has called the deleter; or nobody took the capsule, and nobody has it any more."""
        if c_uint64.from_buffer(self.managed).value == 0:
            return True
        return self.references() == _ALONE and bool(_is_valid(self.capsule, self.name))


# All tensors, in the order in which they are looked at. It stays when the interpreter ends, because consumers may.
_tensors: deque[_Tensor] = deque()
ctypes.pythonapi.Py_IncRef(ctypes.py_object(_tensors))


def collect(most: Optional[int] = None) -> int:
    """Gives back what consumers of DLPack have let go of. Gives the number of tensors that are still in use.

    Needed only by who wants the memory at once: it happens anyway when buffers are made, exported, closed or dropped,
    and when Python collects garbage. Thread-safe.

    >>> import opennvsci
    >>> opennvsci.collect()
    0
    """
    count = len(_tensors)
    for _ in range(count if most is None else min(most, count)):
        try:
            tensor = _tensors.popleft()
        except IndexError:  # another thread looks too
            break
        if not tensor.is_over():
            _tensors.append(tensor)
    return len(_tensors)


def _collect_too(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and _tensors:
        collect()


gc.callbacks.append(_collect_too)
atexit.register(gc.callbacks.remove, _collect_too)


def capsule(
    *,
    address: int,
    device: tuple[int, int],
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    typestr: str,
    readonly: bool,
    copied: bool,
    max_version: Optional[tuple[int, int]],
    keep: Any,
) -> Any:
    """A capsule of an array, in the newest form that the consumer understands.

    Raises BufferError if it cannot be told that the array is read-only, or if elements do not lie at multiples of
    their size.
    """
    itemsize = int(typestr[2:])
    if any(stride % itemsize for stride in strides):
        raise BufferError(f"DLPack has strides of whole elements, and these are {strides} bytes of {itemsize} each")
    is_versioned = max_version is not None and tuple(max_version) >= (1, 0)
    if readonly and not is_versioned:
        raise BufferError(
            "the buffer is read-only, and the consumer cannot be told: it does not ask for version 1.0 of DLPack"
        )
    integers = c_int64 * len(shape)
    lengths = integers(*shape)
    steps = integers(*(stride // itemsize for stride in strides))
    managed = _Versioned(major=1, minor=0) if is_versioned else _Managed()
    managed.deleter = _CLEAR
    tensor = managed.tensor
    tensor.data = address
    tensor.device_type, tensor.device_id = device
    tensor.ndim = len(shape)
    tensor.code, tensor.bits, tensor.lanes = _CODES[typestr[1]], 8 * itemsize, 1
    tensor.shape, tensor.strides = ctypes.addressof(lengths), ctypes.addressof(steps)
    if is_versioned:
        managed.flags = (_READ_ONLY if readonly else 0) | (_IS_COPIED if copied else 0)
    collect(16)
    made = _Tensor(managed, b"dltensor_versioned" if is_versioned else b"dltensor", lengths, steps, keep)
    taken = made.capsule  # before another thread looks whether anybody has it
    _tensors.append(made)
    return taken
