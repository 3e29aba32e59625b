# SPDX-License-Identifier: Apache-2.0
"""A consumer of DLPack, as libraries in C are: takes capsules, and calls deleters when it likes."""

from __future__ import annotations

import ctypes
from ctypes import Structure, c_uint32, c_uint64, c_void_p
from typing import Any

from opennvsci.dlpack import DLTensor

_api = ctypes.pythonapi
_get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_GetPointer", _api))
_get_name = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(("PyCapsule_GetName", _api))
_set_name = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_SetName", _api))
_USED = {b"dltensor": b"used_dltensor", b"dltensor_versioned": b"used_dltensor_versioned"}


class DLManagedTensor(Structure):
    _fields_ = [("tensor", DLTensor), ("manager_ctx", c_void_p), ("deleter", c_void_p)]


class DLManagedTensorVersioned(Structure):
    _fields_ = [
        ("major", c_uint32),
        ("minor", c_uint32),
        ("manager_ctx", c_void_p),
        ("deleter", c_void_p),
        ("flags", c_uint64),
        ("tensor", DLTensor),
    ]


class Taken:
    """A tensor that was taken out of a capsule."""

    def __init__(self, capsule: Any) -> None:
        name = _get_name(capsule)
        self.address = _get_pointer(capsule, name)
        _set_name(capsule, _USED[name])
        self.is_versioned = name == b"dltensor_versioned"
        kind = DLManagedTensorVersioned if self.is_versioned else DLManagedTensor
        self._managed: Any = kind.from_address(self.address)
        tensor = self._managed.tensor
        self.data = tensor.data
        self.device = (tensor.device_type, tensor.device_id)
        self.type = (tensor.code, tensor.bits, tensor.lanes)
        self.shape = tuple((ctypes.c_int64 * tensor.ndim).from_address(tensor.shape))
        self.strides = tuple((ctypes.c_int64 * tensor.ndim).from_address(tensor.strides))
        self.flags = self._managed.flags if self.is_versioned else 0

    def read(self, count: int) -> bytes:
        return ctypes.string_at(self.data, count)

    def free(self) -> None:
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self._managed.deleter)(self.address)
