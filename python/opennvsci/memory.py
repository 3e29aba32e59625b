# SPDX-License-Identifier: Apache-2.0
"""What a buffer is to all who look at it: the object of NvSciBuf, its addresses, its layout.

A buffer and every array of it hold one of these, so memory goes with the last of them, and closing a buffer takes
nothing away from an array.
"""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass
from typing import Any, Optional, Union

from . import _abi
from ._libraries import lib
from ._values import made_once
from .cuda import current_device
from .devices import Device, GpuId, driver, ordinal_of
from .errors import call, call_on_device
from .handles import Handle
from .lists import ReconciledList
from .modules import Module


@dataclass(frozen=True)
class Region:
    """What is addressed as one thing: a plane, a tensor, an array, a raw buffer."""

    #: "plane 0", "level 1 plane 0", "tensor", "array" or "raw buffer".
    name: str
    #: Colour format or data type: "Y8", "Float16"; "byte" of a raw buffer.
    element: str
    #: Bytes from the start of the buffer, and of it, with padding.
    offset: int
    size: int
    #: As NumPy has them; None for what has no rows, because it is block-linear.
    shape: Optional[tuple[int, ...]]
    strides: Optional[tuple[int, ...]]
    #: As ``__array_interface__`` has it: "<u2".
    typestr: str


class Memory:
    """The object of NvSciBuf, and where it is."""

    def __init__(self, handle: Handle, module: Module) -> None:
        self.handle = handle
        self.module = module
        attributes = self.attributes
        self.is_readonly: bool = attributes["ActualPerm"].name == "Readonly"
        self.has_cpu_access: bool = attributes["NeedCpuAccess"]
        self.gpus: tuple[GpuId, ...] = tuple(gpu for gpu in attributes["GpuId"] if any(gpu))
        self._address = 0
        self._layout = self._read_layout(attributes)
        self._regions: dict[str, tuple[Region, ...]] = {}

    @property
    def attributes(self) -> ReconciledList:
        """The list of the object, which goes with it."""
        own = Handle.made(int, lib.NvSciBufObjGetAttrList, self.handle.value)
        return ReconciledList(own, self.module, owner=self.handle)

    @staticmethod
    def _read_layout(attributes: ReconciledList) -> _abi.OpenNvSciBufLayout:
        address = ctypes.c_void_p()
        call(lib.opennvsciBufAttrListGetLayout, attributes._handle.value, ctypes.byref(address))
        return _abi.OpenNvSciBufLayout.from_address(address.value or 0)

    @property
    def size(self) -> int:
        return int(self._layout.size)

    @property
    def place(self) -> str:
        """ "system memory", "video memory" or "system memory of the driver"."""
        return str(self._layout.memory.decode())

    @property
    def address(self) -> int:
        """Where the CPU sees it. Raises NvSciError if it does not."""
        if not self._address:
            address = ctypes.c_void_p()
            function = lib.NvSciBufObjGetConstCpuPtr if self.is_readonly else lib.NvSciBufObjGetCpuPtr
            call(function, self.handle.value, ctypes.byref(address))
            self._address = address.value or 0
        return self._address

    def pointer(self, device: Union[Device, int, None]) -> tuple[int, int]:
        """Where a device sees it, and its number. None: :attr:`device`. Raises CudaError."""
        ordinal = self.device if device is None else ordinal_of(device)
        pointer = ctypes.c_uint64()
        call_on_device(lib.opennvsciBufObjGetCudaPtr, self.handle.value, ordinal, ctypes.byref(pointer))
        return pointer.value, ordinal

    @property
    def device(self) -> int:
        """The device that arrays are on unless somebody says which: the current one, or the first of the buffer's."""
        own = [device.ordinal for device in driver().devices if {device.gpu_id, device.instance_id} & set(self.gpus)]
        current = current_device()
        if current is not None and (current in own or not own):
            return current
        return own[0] if own else 0

    def require_cpu(self, error: type[Exception] = BufferError) -> None:
        """Raises the error without CPU access."""
        if not self.has_cpu_access:
            raise error("the buffer has no CPU access: no list asks for NeedCpuAccess")

    def bytes(self, offset: int, size: int) -> memoryview:
        """A part of it as bytes, which keeps it alive."""
        array: Any = (ctypes.c_ubyte * size).from_address(self.address + offset)
        array.memory = self
        view = memoryview(array).cast("B")
        return view.toreadonly() if self.is_readonly else view

    @property
    def regions(self) -> tuple[Region, ...]:
        """How the bytes are divided, in the order of their offsets."""
        return made_once(self._regions, "", self._read_regions)

    def _read_regions(self) -> tuple[Region, ...]:
        rows = (_abi.OpenNvSciBufRegion * self._layout.regionCount).from_address(self._layout.regions)
        planes = self._planes()
        return tuple(_region(row, planes) for row in rows)

    def whole(self) -> Region:
        """All bytes as one."""
        return Region("buffer", "byte", 0, self.size, (self.size,), (1,), "|u1")

    def _planes(self) -> list[tuple[str, int, int]]:
        """Data type, channels and bits of a pixel of each plane of an image."""
        found = self.attributes
        if "Image.PlaneDatatype" not in found:
            return []
        names = (one.name for one in found["Image.PlaneDatatype"])
        return list(zip(names, found["Image.PlaneChannelCount"], found["Image.PlaneBitsPerPixel"]))


def typestr_of(name: str) -> str:
    """How NumPy names a data type; empty for one that it does not have.

    >>> typestr_of("Uint16"), typestr_of("Float32"), typestr_of("Bool"), typestr_of("Int4")
    ('<u2', '<f4', '|b1', '')
    """
    if name == "Bool":
        return "|b1"
    match = re.fullmatch(r"(Int|Uint|Float)(8|16|32)", name)
    if match is None:
        return "|u1" if name == "byte" else ""
    size = int(match[2]) // 8
    return f"{'|' if size == 1 else '<'}{match[1][0].lower()}{size}"


def _region(row: _abi.OpenNvSciBufRegion, planes: list[tuple[str, int, int]]) -> Region:
    name, element = row.name.decode(), row.element.decode()
    shape: Optional[tuple[int, ...]]
    strides: Optional[tuple[int, ...]]
    if row.width:
        shape, strides, typestr = _of_plane(row, *planes[int(name.rpartition(" ")[2])])
    elif row.dimensionCount and typestr_of(element):
        typestr = typestr_of(element)
        shape = tuple(row.elementsPerDim[: row.dimensionCount])
        strides = tuple(row.stridesPerDim[: row.dimensionCount])
    else:  # of what NumPy has no type for, all bytes: its elements may be apart
        shape, strides, typestr = (row.size if row.dimensionCount else row.used,), (1,), "|u1"
    return Region(name, element, row.offset, row.size, shape, strides, typestr)


def _of_plane(row: Any, datatype: str, channels: int, bits: int) -> tuple[Any, Any, str]:
    """Rows, columns, and channels if there are several; before them the two fields of an interlaced image."""
    typestr = typestr_of(datatype)
    pixel = bits // 8
    size = int(typestr[2:]) if typestr else 0
    inner: tuple[int, ...]
    if size and size * channels == pixel:
        inner, steps = ((channels,), (size,)) if channels > 1 else ((), ())
    elif size == pixel:
        inner, steps = (), ()
    else:
        typestr, inner, steps = "|u1", (pixel,), (1,)
    if row.blockHeight:
        return None, None, typestr
    if row.secondFieldOffset:
        outer = (2, row.height // 2, row.width)
        return (*outer, *inner), (row.secondFieldOffset, row.pitch, pixel, *steps), typestr
    return (row.height, row.width, *inner), (row.pitch, pixel, *steps), typestr
