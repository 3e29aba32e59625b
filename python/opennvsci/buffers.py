# SPDX-License-Identifier: Apache-2.0
"""Buffers: memory that was negotiated, with a right."""

from __future__ import annotations

import ctypes
from typing import Any, Optional, Sequence, Union

from . import _abi
from ._libraries import lib
from ._values import bytes_of, unsigned
from .arrays import Array, Bytes, CudaArray
from .channels import Endpoint, over
from .devices import Device
from .errors import call
from .handles import Closing, Handle, taken_bytes
from .keys import buf_keys
from .lists import AttributeList, ReconciledList, handles_of, import_arguments
from .memory import Memory
from .modules import Module


class Buffer(Closing):
    """Memory that was negotiated, with a right: read-write as it was allocated, read-only by :meth:`readonly`.

    The buffer itself is an array for other libraries: of its only plane, tensor, array or raw buffer, or, if it has
    several, of its bytes; :attr:`planes` and :attr:`arrays` are the parts. Arrays keep the memory: it goes with the
    last of them, however the buffer ends, and after :meth:`close` the buffer itself makes no more.

    Thread-safe.

    >>> import opennvsci
    >>> wishes = {"Types": "RawBuffer", "RawBuffer.Size": 4096, "NeedCpuAccess": True}
    >>> with opennvsci.reconcile(opennvsci.AttributeList(wishes)).allocate() as buffer:
    ...     buffer.memoryview()[:3] = b"abc"
    ...     reader = buffer.readonly()
    >>> bytes(reader.memoryview()[:4])
    b'abc\\x00'
    >>> reader.memoryview().readonly
    True
    """

    _memory: Optional[Memory]
    _lent: Optional[Array]

    def __init__(self) -> None:
        raise TypeError("buffers are made by ReconciledList.allocate(), readonly() and import_()")

    @classmethod
    def _of(cls, handle: Handle, module: Module) -> Buffer:
        buffer = cls.__new__(cls)
        buffer._memory = Memory(handle, module)
        buffer._lent = None
        return buffer

    @classmethod
    def _made(cls, module: Module, function: Any, *arguments: Any) -> Buffer:
        return cls._of(Handle.made(lib.NvSciBufObjFree, function, *arguments), module)

    @property
    def _open(self) -> Memory:
        memory = self._memory
        if memory is None:
            raise ValueError("the buffer was closed")
        return memory

    # ------------------------------------------------------------------------------------------------ What it is

    @property
    def attributes(self) -> ReconciledList:
        """The reconciled list of the buffer."""
        return self._open.attributes

    @property
    def module(self) -> Module:
        return self._open.module

    @property
    def size(self) -> int:
        """Bytes."""
        return self._open.size

    @property
    def is_readonly(self) -> bool:
        return self._open.is_readonly

    @property
    def place(self) -> str:
        """Where the bytes are: "system memory", "video memory" or "system memory of the driver"."""
        return self._open.place

    def __repr__(self) -> str:
        memory = self._memory
        if memory is None:
            return "<closed Buffer>"
        return f"<Buffer: {memory.size} bytes in {memory.place}, {'read-only' if memory.is_readonly else 'read-write'}>"

    # ------------------------------------------------------------------------------------------------ Its arrays

    @property
    def arrays(self) -> tuple[Array, ...]:
        """All parts, in the order of their offsets: the planes of all levels, the tensor, the array, the bytes."""
        memory = self._open
        return tuple(Array(memory, region) for region in memory.regions)

    @property
    def planes(self) -> tuple[Array, ...]:
        """The planes of an image, rows in their pitch.

        >>> import opennvsci
        >>> wishes = {"Types": "Image", "Image.Layout": "PitchLinear", "Image.PlaneCount": 2, "NeedCpuAccess": True,
        ...           "Image.PlaneColorFormat": ["Y8", "V8U8"], "Image.PlaneWidth": [100, 50],
        ...           "Image.PlaneHeight": [64, 32], "Image.ScanType": "Progressive"}
        >>> luma, chroma = opennvsci.reconcile(opennvsci.AttributeList(wishes)).allocate().planes
        >>> luma.shape, chroma.shape
        ((64, 100), (32, 50, 2))
        """
        return tuple(array for array in self.arrays if "plane" in array.name)

    @property
    def array(self) -> Array:
        """What the buffer itself is for other libraries."""
        memory = self._open
        regions = memory.regions
        return Array(memory, regions[0] if len(regions) == 1 else memory.whole())

    def memoryview(self) -> Bytes:
        """All bytes. Raises NvSciError without CPU access."""
        memory = self._open
        return memory.bytes(0, memory.size)

    def numpy(self) -> Any:
        """An array of NumPy on the memory."""
        return self.array.numpy()

    def cuda(self, device: Union[Device, int, None] = None, *, stream: Any = None) -> CudaArray:
        """As :meth:`Array.cuda`."""
        return self.array.cuda(device, stream=stream)

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return self.array.__array_interface__

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        interface = self.array.__cuda_array_interface__
        self._lent = self.array  # who has the address keeps this object, and it must keep the memory, even closed
        return interface

    def __array__(self, dtype: Any = None, **arguments: Any) -> Any:
        return self.array.__array__(dtype, **arguments)

    def __buffer__(self, flags: int) -> Bytes:
        return self.array.__buffer__(flags)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()

    def __dlpack__(self, **arguments: Any) -> Any:
        return self.array.__dlpack__(**arguments)

    def flush(self, offset: int = 0, size: Optional[int] = None) -> None:
        """Flushes the CPU's cache, where the attributes say that it is needed (CpuNeedSwCacheCoherency)."""
        memory = self._open
        start = unsigned(offset, 64, "offset")
        count = max(0, memory.size - start) if size is None else unsigned(size, 64, "size")
        call(lib.NvSciBufObjFlushCpuCacheRange, memory.handle.value, start, count)

    # -------------------------------------------------------------------------------------------- Other buffers

    def duplicate(self) -> Buffer:
        """Another buffer of the same memory with the same right."""
        memory = self._open
        return self._made(memory.module, lib.NvSciBufObjDup, memory.handle.value)

    def readonly(self) -> Buffer:
        """Another buffer of the same memory that can only be read: the memory management units see to it."""
        memory = self._open
        permission = buf_keys.permission("Readonly")
        return self._made(memory.module, lib.NvSciBufObjDupWithReducePerm, memory.handle.value, permission)

    # ------------------------------------------------------------------------------------------- Other processes

    def export(self, endpoint: Endpoint, permission: Any = "Auto") -> bytes:
        """The buffer and its list as bytes for the peer of an endpoint, once. "Auto" is what the peer asked for."""
        memory = self._open
        return taken_bytes(
            lib.NvSciBufAttrListAndObjFreeDesc,
            lib.NvSciBufIpcExportAttrListAndObj,
            memory.handle.value,
            buf_keys.permission(permission),
            over(endpoint),
        )

    def export_descriptor(self, endpoint: Endpoint, permission: Any = "Auto") -> bytes:
        """The buffer alone, for a peer that has the list."""
        descriptor = _abi.NvSciBufObjIpcExportDescriptor()
        memory = self._open
        call(
            lib.NvSciBufObjIpcExport,
            memory.handle.value,
            buf_keys.permission(permission),
            over(endpoint),
            ctypes.byref(descriptor),
        )
        return bytes(descriptor)

    @classmethod
    def import_(
        cls,
        endpoint: Endpoint,
        data: bytes,
        *,
        check: Sequence[AttributeList] = (),
        minimum: Any = "Auto",
        module: Optional[Module] = None,
    ) -> Buffer:
        """The buffer that a peer exported. ``check``: own lists that it must satisfy; ``minimum``: the least right."""
        module, arguments = import_arguments(AttributeList, endpoint, data, check, module)
        right = buf_keys.permission(minimum)
        return cls._made(module, lib.NvSciBufIpcImportAttrListAndObj, *arguments, right, -1)

    @classmethod
    def _imported(cls, attributes: ReconciledList, endpoint: Endpoint, descriptor: bytes, minimum: Any) -> Buffer:
        data, own = sized(descriptor, _abi.NvSciBufObjIpcExportDescriptor), attributes._handle
        arguments = (ctypes.byref(data), own.value, buf_keys.permission(minimum), -1)
        return cls._made(attributes.module, lib.NvSciBufObjIpcImport, over(endpoint), *arguments)

    def attach_peer(self, *lists: AttributeList) -> None:
        """Lets peers that come late, whose lists these are, import the buffer. Raises ReconcileError if it does not
        satisfy them."""
        handles, memory = handles_of(AttributeList, lists), self._open
        call(lib.NvSciBufObjAttachPeer, memory.handle.value, handles, len(handles))

    def close(self) -> None:
        """Lets go of the memory, which goes with the last array of it. Twice does no harm."""
        self._memory = None


def sized(data: bytes, structure: Any) -> Any:
    """Bytes of a peer as a structure of fixed size. Raises ValueError for another number of bytes."""
    content = bytes_of(data)
    if len(content) != ctypes.sizeof(structure):
        raise ValueError(f"a descriptor has {ctypes.sizeof(structure)} bytes, not {len(content)}")
    return structure.from_buffer_copy(content)


ReconciledList._object = Buffer
