# SPDX-License-Identifier: Apache-2.0
"""The CUDA driver that the libraries use, its devices, and how a GPU is named."""

from __future__ import annotations

import ctypes
import re
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Union

from . import _abi
from ._libraries import lib
from ._values import unsigned
from .errors import call


class GpuId(bytes):
    """The UUID of a GPU: the 16 bytes that ``cuDeviceGetUuid`` gives, printed as NVIDIA's tools print it.

    >>> gpu = GpuId("GPU-00112233-4455-6677-8899-aabbccddeeff")
    >>> gpu == GpuId(gpu) == GpuId(uuid.UUID("00112233-4455-6677-8899-aabbccddeeff"))
    True
    >>> print(gpu)
    GPU-00112233-4455-6677-8899-aabbccddeeff
    >>> print(GpuId(bytes(16)))
    no GPU
    """

    def __new__(cls, value: Union[bytes, str, uuid.UUID]) -> GpuId:
        if isinstance(value, str):
            text = value[4:] if value.startswith("GPU-") else value
            if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text) and value != "no GPU":
                raise ValueError(f"{value!r} is no GPU such as GPU-00112233-4455-6677-8899-aabbccddeeff")
            value = bytes(16) if value == "no GPU" else uuid.UUID(text)
        if isinstance(value, uuid.UUID):
            value = value.bytes
        if not isinstance(value, (bytes, bytearray)):
            raise TypeError(f"a GPU is 16 bytes, a text or a uuid.UUID, not {type(value).__name__}")
        if len(value) != 16:
            raise ValueError(f"a GPU has 16 bytes, not {len(value)}")
        return super().__new__(cls, value)

    def __str__(self) -> str:
        return f"GPU-{uuid.UUID(bytes=bytes(self))}" if any(self) else "no GPU"

    def __repr__(self) -> str:
        return f"GpuId({str(self)!r})"


@dataclass(frozen=True)
class Device:
    """A device of the CUDA driver: a GPU, or a software device. Wherever a GPU is asked for, it may stand."""

    gpu_id: GpuId
    #: Another one for a partition of a GPU (MIG).
    instance_id: GpuId
    name: str
    memory_bytes: int
    #: As CUDA, CuPy and PyTorch count devices.
    ordinal: int
    compute_capability: tuple[int, int]
    is_integrated: bool
    has_virtual_memory: bool
    has_read_only_registration: bool


@dataclass(frozen=True)
class Driver:
    """The CUDA driver in use."""

    #: The file that it was loaded from, and why this one.
    path: str
    reason: str
    #: 1000 * major + 10 * minor.
    cuda_version: int
    #: It is the software device.
    is_software: bool
    devices: tuple[Device, ...]

    def device(self, ordinal: int) -> Device:
        """The device of that number. Raises IndexError if there is none."""
        for device in self.devices:
            if device.ordinal == ordinal:
                return device
        raise IndexError(f"there is no device {ordinal}: there are {len(self.devices)}")


def ordinal_of(device: Union[Device, int]) -> int:
    """The number of a device. Raises TypeError for what is none, ValueError for a number that no device can have."""
    return device.ordinal if isinstance(device, Device) else unsigned(device, 31, "device")


def _gpu(found: _abi.NvSciRmGpuId) -> GpuId:
    return GpuId(bytes(found.bytes))


def _device(found: _abi.OpenNvSciDevice) -> Device:
    return Device(
        gpu_id=_gpu(found.gpuId),
        instance_id=_gpu(found.instanceId),
        name=found.name.decode(errors="replace"),
        memory_bytes=found.memoryBytes,
        ordinal=found.ordinal,
        compute_capability=(found.computeMajor, found.computeMinor),
        is_integrated=found.isIntegrated,
        has_virtual_memory=found.hasVirtualMemory,
        has_read_only_registration=found.hasReadOnlyRegistration,
    )


@lru_cache(maxsize=None)
def driver() -> Driver:
    """The CUDA driver that the libraries use in this process, which the first call that needs one loads.

    Raises NvSciError (ResourceError) if none can be used; the next call tries again. Thread-safe.

    >>> len(driver().devices) >= 1
    True
    """
    address = ctypes.c_void_p()
    call(lib.opennvsciGetDriver, ctypes.byref(address))
    found = _abi.OpenNvSciDriver.from_address(address.value or 0)
    array = (_abi.OpenNvSciDevice * found.deviceCount).from_address(found.devices)
    return Driver(
        path=found.path.decode(errors="surrogateescape"),
        reason=found.reason.decode(errors="replace"),
        cuda_version=found.cudaVersion,
        is_software=found.isSoftware,
        devices=tuple(_device(one) for one in array),
    )


def devices() -> tuple[Device, ...]:
    """The devices of :func:`driver`, in the order of their ordinals.

    >>> devices()[0].ordinal
    0
    """
    return driver().devices
