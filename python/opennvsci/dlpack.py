# SPDX-License-Identifier: Apache-2.0
"""Arrays handed to other libraries by DLPack 1.0.

A tensor is the C library's, and keeps the memory itself. So its consumer may delete it at any time: in a thread without
Python, while an exception is on its way, after the interpreter has ended. A capsule that nobody took deletes it too.
"""

from __future__ import annotations

import ctypes
from ctypes import Structure, c_int32, c_int64, c_uint8, c_uint16, c_uint64, c_void_p
from typing import Any, Optional

from ._libraries import lib
from .errors import NvSciError, call
from .handles import Handle

CPU = 1
CUDA = 2
_CODES = {"i": 0, "u": 1, "f": 2, "b": 6}


class DLTensor(Structure):
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


def _address(function: Any) -> Any:
    return ctypes.cast(function, c_void_p)


_python = ctypes.pythonapi
_new_capsule = ctypes.PYFUNCTYPE(ctypes.py_object, c_void_p, ctypes.c_char_p, c_void_p)(("PyCapsule_New", _python))
_free_capsule = _address(lib.opennvsciFreeCapsule)
lib.opennvsciSetCapsuleFunctions(_address(_python.PyCapsule_IsValid), _address(_python.PyCapsule_GetPointer))


def capsule(
    owner: Handle,
    *,
    address: int,
    device: tuple[int, int],
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    typestr: str,
    max_version: Optional[tuple[int, int]],
    copy: bool = False,
) -> Any:
    """A capsule of an array in the object `owner`, in the newest form that the consumer understands.

    Raises BufferError if it cannot be told that the array is read-only, or if elements do not lie at multiples of
    their size.
    """
    itemsize = int(typestr[2:])
    if any(stride % itemsize for stride in strides):
        raise BufferError(f"DLPack has strides of whole elements, and these are {strides} bytes of {itemsize} each")
    is_versioned = max_version is not None and tuple(max_version) >= (1, 0)
    integers = c_int64 * len(shape)
    lengths = integers(*shape)
    steps = integers(*(stride // itemsize for stride in strides))
    tensor = DLTensor(address, *device, len(shape), _CODES[typestr[1]], 8 * itemsize, 1)
    tensor.shape, tensor.strides = ctypes.addressof(lengths), ctypes.addressof(steps)
    managed = c_void_p()
    try:
        call(
            lib.opennvsciBufObjExportDlpack,
            owner.value,
            ctypes.byref(tensor),
            is_versioned,
            copy,
            ctypes.byref(managed),
        )
    except NvSciError as error:
        raise BufferError(error.text) from None
    return _new_capsule(managed, b"dltensor_versioned" if is_versioned else b"dltensor", _free_capsule)
