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


def _address(function: Any) -> int:
    return ctypes.cast(function, c_void_p).value or 0


# One call, with the interpreter's lock held, gives a capsule that Python owns: Ctrl-C finds no tensor without an owner.
_export = ctypes.PYFUNCTYPE(ctypes.py_object, *lib.opennvsciBufObjExportCapsule.argtypes)(
    _address(lib.opennvsciBufObjExportCapsule)
)
_python = ctypes.pythonapi
_functions = (c_void_p * 5)(
    _address(_python.PyCapsule_New),
    _address(_python.PyCapsule_IsValid),
    _address(_python.PyCapsule_GetPointer),
    _address(_python.PyErr_SetString),
    id(BufferError),
)


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
    printed = True  # should Ctrl-C come before it is known
    try:
        printed = lib.opennvsciPrintRefusals(False)
        return _export(owner.value, ctypes.addressof(tensor), is_versioned, copy, ctypes.addressof(_functions))
    finally:
        lib.opennvsciPrintRefusals(printed)
