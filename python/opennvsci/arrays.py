# SPDX-License-Identifier: Apache-2.0
"""Arrays on buffers, for every library that takes some: the buffer protocol, NumPy, DLPack, CUDA's array interface.

An array keeps the memory alive. What is read-only stays read-only wherever it goes, and a consumer that cannot be told
is refused.
"""

from __future__ import annotations

import math
from typing import Any, Optional, Union

from . import cuda, dlpack
from .devices import Device
from .errors import CudaError
from .memory import Memory, Region

_WRITABLE = 1  # PyBUF_WRITABLE
Bytes = memoryview  # in classes that have a method of this name


class Array:
    """A plane of an image, a tensor, an array of NvSciBuf, or a raw buffer: what NumPy, CuPy and PyTorch take.

    ``numpy.asarray(array)``, ``cupy.asarray(array)``, ``torch.as_tensor(array, device="cuda")`` and
    ``torch.from_dlpack(array)`` make arrays on the memory itself, without a copy. Thread-safe.

    >>> import opennvsci
    >>> wishes = {"Types": "Tensor", "Tensor.DataType": "Float32", "Tensor.NumDims": 2, "Tensor.SizePerDim": [3, 4],
    ...           "Tensor.AlignmentPerDim": [1, 1], "NeedCpuAccess": True}
    >>> tensor = opennvsci.reconcile(opennvsci.AttributeList(wishes)).allocate().arrays[0]
    >>> tensor.name, tensor.element, tensor.shape, tensor.typestr
    ('tensor', 'Float32', (3, 4), '<f4')
    """

    def __init__(self, memory: Memory, region: Region) -> None:
        self._memory = memory
        self._region = region

    @property
    def name(self) -> str:
        """ "plane 0", "level 1 plane 0", "tensor", "array" or "raw buffer"."""
        return self._region.name

    @property
    def element(self) -> str:
        """Colour format or data type, as the enumerators name it: "Y8", "Float16"; "byte" of a raw buffer."""
        return self._region.element

    @property
    def offset(self) -> int:
        """Bytes from the start of the buffer."""
        return self._region.offset

    @property
    def nbytes(self) -> int:
        """Bytes that it takes, with padding."""
        return self._region.size

    @property
    def shape(self) -> tuple[int, ...]:
        """Elements in each dimension: rows, columns, and channels if there are several.

        Raises BufferError for a block-linear plane, whose pixels do not lie in rows.
        """
        return self._strided()[0]

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from one to the next in each dimension. Raises BufferError as :attr:`shape` does."""
        return self._strided()[1]

    @property
    def typestr(self) -> str:
        """The type of an element as ``__array_interface__`` has it: "<u2". Types that NumPy lacks are bytes."""
        return self._region.typestr

    @property
    def is_readonly(self) -> bool:
        return self._memory.is_readonly

    def __repr__(self) -> str:
        shape = self._region.shape or "block-linear"
        right = "read-only" if self.is_readonly else "read-write"
        return f"<{self.name}: {self.element} {shape}, {right}>"

    def _strided(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        if self._region.shape is None or self._region.strides is None:
            raise BufferError(f"{self.name} is block-linear: its pixels do not lie in rows, and no array shows them")
        return self._region.shape, self._region.strides

    # ------------------------------------------------------------------------------------------------------ CPU

    def memoryview(self) -> Bytes:
        """The bytes, with padding. Raises NvSciError without CPU access."""
        return self._memory.bytes(self.offset, self.nbytes)

    def numpy(self) -> Any:
        """An array of NumPy on the memory."""
        import numpy

        return numpy.asarray(self)

    @property
    def __array_interface__(self) -> dict[str, Any]:
        self._memory.require_cpu(AttributeError)
        shape, strides = self._strided()
        return {
            "version": 3,
            "shape": shape,
            "strides": strides,
            "typestr": self.typestr,
            "data": self.memoryview(),  # no address, so that the array keeps the memory and not this object
        }

    def __array__(self, dtype: Any = None, **arguments: Any) -> Any:
        """What NumPy asks last, when there is nothing else: it would make an array of one object."""
        self._memory.require_cpu()
        return self.numpy().__array__(dtype, **arguments)

    def __buffer__(self, flags: int) -> Bytes:
        """The buffer protocol, of Python 3.12 and later."""
        self._memory.require_cpu()
        if flags & _WRITABLE and self.is_readonly:
            raise BufferError("the buffer is read-only")
        shape, strides = self._strided()
        if strides != _contiguous(shape, self._itemsize):
            raise BufferError("there is padding between the elements: use numpy.asarray(), or memoryview()")
        code = {"|u1": "B", "|i1": "b", "<u2": "H", "<i2": "h", "<u4": "I", "<i4": "i", "<f4": "f", "|b1": "?"}
        if self.typestr not in code:
            raise BufferError(f"memoryviews have no format for {self.element}")
        used = self.memoryview()[: math.prod(shape) * self._itemsize]
        return used.cast(code[self.typestr], shape)

    @property
    def _itemsize(self) -> int:
        return int(self.typestr[2:])

    # ----------------------------------------------------------------------------------------------------- CUDA

    def cuda(self, device: Union[Device, int, None] = None, *, stream: Any = None) -> CudaArray:
        """The array on a device, for libraries of CUDA alone.

        ``device``: one of :func:`devices`, or its number; None: the current one, or the first of the buffer's. ``stream``: the one in which the
        content is made; a consumer's stream waits for what is in it now. Without it the caller sees to the order, by
        fences. Raises CudaError if the device cannot map the buffer, or cannot keep it read-only.
        """
        return CudaArray(self, *self._memory.pointer(device), stream)

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        if not self._memory.gpus:
            raise AttributeError("the buffer is for no GPU: no list has a GpuId")
        return self.cuda().__cuda_array_interface__

    # --------------------------------------------------------------------------------------------------- DLPack

    def __dlpack_device__(self) -> tuple[int, int]:
        if self._memory.gpus:
            return dlpack.CUDA, self._memory.device
        return dlpack.CPU, 0

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: Optional[tuple[int, int]] = None,
        dl_device: Optional[tuple[int, int]] = None,
        copy: Optional[bool] = None,
    ) -> Any:
        """A capsule of DLPack. Raises BufferError for what cannot be had."""
        kind, device = dl_device or self.__dlpack_device__()
        if kind == dlpack.CUDA:
            try:
                found = self.cuda(device)
            except (CudaError, ValueError) as error:
                raise BufferError(str(error)) from error
            return found.__dlpack__(stream=stream, max_version=max_version, copy=copy)
        if (kind, device) != (dlpack.CPU, 0):
            raise BufferError(f"buffers are on the CPU and on CUDA devices, not on device {device} of kind {int(kind)}")
        self._memory.require_cpu()
        if stream is not None and dl_device is None:
            raise BufferError("a CPU has no streams")
        shape, strides = self._strided()
        return dlpack.capsule(
            self._memory.handle,
            address=self._memory.address + self.offset,
            device=(dlpack.CPU, 0),
            shape=shape,
            strides=strides,
            typestr=self.typestr,
            max_version=max_version,
            copy=bool(copy),
        )


class CudaArray:
    """An array on a device, at an address that is the same as long as this object or what was made of it lives."""

    def __init__(self, array: Array, pointer: int, device: int, stream: Any) -> None:
        self._array = array
        self._stream = stream
        self.device = device
        self.pointer = pointer + array.offset

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {
            "version": 3,
            "shape": self._array.shape,
            "strides": self._array.strides,
            "typestr": self._array.typestr,
            "data": (self.pointer, self._array.is_readonly),
            "stream": None if self._stream is None else cuda.stream_number(self._stream) or 1,
        }

    def __dlpack_device__(self) -> tuple[int, int]:
        return dlpack.CUDA, self.device

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: Optional[tuple[int, int]] = None,
        dl_device: Optional[tuple[int, int]] = None,
        copy: Optional[bool] = None,
    ) -> Any:
        """A capsule of DLPack. ``stream`` is the consumer's: -1 asks for no order; 0 means nothing there."""
        if dl_device is not None and tuple(dl_device) != self.__dlpack_device__():
            raise BufferError(f"the array is on device {self.device} of CUDA, and is not copied elsewhere")
        if copy:
            raise BufferError("arrays on a device are not copied: take this one, and copy it")
        shape, strides = self._array._strided()
        self._order(stream)
        return dlpack.capsule(
            self._array._memory.handle,
            address=self.pointer,
            device=self.__dlpack_device__(),
            shape=shape,
            strides=strides,
            typestr=self._array.typestr,
            max_version=max_version,
        )

    def _order(self, stream: Any) -> None:
        """Lets a consumer's stream wait for the one in which the content is made."""
        if isinstance(stream, int) and stream == -1:
            return
        after = 1 if stream is None else cuda.stream_number(stream)
        if after == 0:
            raise ValueError("stream 0 is ambiguous: 1 is the legacy default stream, 2 the one of the thread")
        if self._stream is not None:
            with cuda.context_on(self.device):
                cuda.order(self._stream, after)


def _contiguous(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """The strides of elements that lie one after the other."""
    strides = []
    for length in reversed(shape):
        strides.append(itemsize)
        itemsize *= length
    return tuple(reversed(strides))
