# SPDX-License-Identifier: Apache-2.0
"""Sync objects and fences: who waits for whom, on CPUs, in streams and between processes."""

from __future__ import annotations

import ctypes
import os
import time
from functools import partial
from typing import Any, NamedTuple, Optional, Sequence

from . import _abi
from ._libraries import lib
from ._values import expect, made_once, unsigned
from .buffers import sized
from .channels import Endpoint, over
from .cuda import context_on, stream_number
from .devices import driver
from .errors import WaitTimeout, call, call_cuda
from .handles import Closing, Handle, Unique, taken_bytes
from .keys import sync_keys
from .lists import ReconciledSyncList, SyncList, handles_of, import_arguments
from .modules import Module, default_module

_SLICE = 0.05  # seconds that a wait lets nobody else, such as Ctrl-C, have a say


class TaskStatus(NamedTuple):
    """What the signaler reports of the task behind a fence."""

    timestamp: int
    status: int


class _Semaphore(NamedTuple):
    """An object in CUDA, which streams of every context use, and the device that it is for."""

    handle: Handle
    home: int


class SyncObject(Closing):
    """A timeline, which either the CPU or streams signal, and all wait for. Thread-safe.

    >>> import opennvsci
    >>> signaler = opennvsci.SyncList({"NeedCpuAccess": True, "RequiredPerm": "SignalOnly"}, name="camera")
    >>> waiter = opennvsci.SyncList({"NeedCpuAccess": True, "RequiredPerm": "WaitOnly"}, name="display")
    >>> timeline = opennvsci.reconcile(signaler, waiter).allocate()
    >>> fence = timeline.generate_fence()
    >>> fence.is_expired()
    False
    >>> timeline.signal()
    >>> fence.wait(timeout=1)
    """

    _handle: Handle  # each call has it in a variable of its own: it stays, whoever closes the object meanwhile
    _module: Module
    _semaphores: dict[str, _Semaphore]

    def __init__(self) -> None:
        raise TypeError("sync objects are made by ReconciledSyncList.allocate() and import_()")

    @classmethod
    def _of(cls, handle: Handle, module: Module) -> SyncObject:
        made = cls.__new__(cls)
        made._handle = handle
        made._module = module
        made._semaphores = {}
        return made

    @classmethod
    def _made(cls, module: Module, function: Any, *arguments: Any) -> SyncObject:
        return cls._of(Handle.made(lib.NvSciSyncObjFree, function, *arguments), module)

    @property
    def attributes(self) -> ReconciledSyncList:
        """The reconciled list of the object."""
        owner = self._handle
        own = Handle.made(int, lib.NvSciSyncObjGetAttrList, owner.value)
        return ReconciledSyncList(own, self._module, owner=owner)

    def duplicate(self) -> SyncObject:
        """Another object of the same timeline."""
        handle = self._handle
        return self._made(self._module, lib.NvSciSyncObjDup, handle.value)

    def __repr__(self) -> str:
        handle = self._handle
        return "<closed SyncObject>" if handle.is_closed else f"<SyncObject {handle.value:#x}>"

    # ------------------------------------------------------------------------------------------------------ CPU

    def generate_fence(self) -> Fence:
        """The next point that the CPU signals: the n-th fence expires with the n-th :meth:`signal`."""
        fence, handle = Fence(self._module), self._handle
        call(lib.NvSciSyncObjGenerateFence, handle.value, fence.address)
        return fence

    def fence_at(self, value: int) -> Fence:
        """The fence of a value, for objects with RequireDeterministicFences: the n-th signal reaches n."""
        number = unsigned(value, 64, "value of a fence")
        fence, handle = Fence(self._module), self._handle
        call(lib.NvSciSyncFenceUpdateFence, handle.value, 0, number, fence.address)
        return fence

    def signal(self) -> None:
        """Signals by the CPU: the timeline advances by one."""
        handle = self._handle
        call(lib.NvSciSyncObjSignal, handle.value)

    # -------------------------------------------------------------------------------------------------- Streams

    def signal_stream(self, stream: Any = None) -> Fence:
        """Signals after all work that is in a stream. The fence can be waited for at once.

        A stream is a number (CUstream), an object with ``__cuda_stream__``, or one of CuPy or PyTorch. Raises
        CudaError.
        """
        number = stream_number(stream)
        fence = Fence(self._module)
        parameters = _abi.CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS(fence=fence.address)
        self._submit(lib.nvsciCuSignalExternalSemaphoresAsync, parameters, number)
        return fence

    def wait_stream(self, fence: Fence, stream: Any = None) -> None:
        """Lets what comes next in a stream wait for a fence of this object. The CPU does not wait. Raises CudaError."""
        number = stream_number(stream)
        parameters = _abi.CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS(fence=expect(fence, Fence).address)
        self._submit(lib.nvsciCuWaitExternalSemaphoresAsync, parameters, number)

    def _submit(self, function: Any, parameters: Any, stream: int) -> None:
        imported = made_once(self._semaphores, "", self._import_semaphore)
        semaphore = ctypes.c_void_p(imported.handle.value)
        with context_on(None, imported.home):
            call_cuda(function, ctypes.byref(semaphore), ctypes.byref(parameters), 1, stream)

    def _import_semaphore(self) -> _Semaphore:
        wanted = self.attributes.get("GpuId", ())
        home = next((one.ordinal for one in driver().devices if one.gpu_id in wanted), 0)
        description = _abi.CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC()
        description.type = _abi.CUDA_CONSTANTS["CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC"]
        own = self._handle
        description.handle.object = own.value
        with context_on(None, home) as primary:
            handle = Handle(partial(_destroy_semaphore, os.getpid(), primary))
            call_cuda(lib.nvsciCuImportExternalSemaphore, handle.out, ctypes.byref(description))
        return _Semaphore(handle, home)

    # ------------------------------------------------------------------------------------------- Other processes

    def export(self, endpoint: Endpoint, permissions: Any = "Auto") -> bytes:
        """The object and its list as bytes for the peer of an endpoint, once: "WaitOnly" or "Auto"."""
        handle = self._handle
        return taken_bytes(
            lib.NvSciSyncAttrListAndObjFreeDesc,
            lib.NvSciSyncIpcExportAttrListAndObj,
            handle.value,
            sync_keys.permission(permissions),
            over(endpoint),
        )

    def export_descriptor(self, endpoint: Endpoint, permissions: Any = "Auto") -> bytes:
        """The object alone, for a peer that has the list."""
        descriptor, handle = _abi.NvSciSyncObjIpcExportDescriptor(), self._handle
        arguments = (handle.value, sync_keys.permission(permissions), over(endpoint))
        call(lib.NvSciSyncObjIpcExport, *arguments, ctypes.byref(descriptor))
        return bytes(descriptor)

    @classmethod
    def import_(
        cls,
        endpoint: Endpoint,
        data: bytes,
        *,
        check: Sequence[SyncList] = (),
        permissions: Any = "Auto",
        module: Optional[Module] = None,
    ) -> SyncObject:
        """The object that a peer exported. ``check``: own lists that it must satisfy."""
        module, arguments = import_arguments(SyncList, endpoint, data, check, module)
        right = sync_keys.permission(permissions)
        return cls._made(module, lib.NvSciSyncIpcImportAttrListAndObj, *arguments, right, -1)

    @classmethod
    def _imported(
        cls, attributes: ReconciledSyncList, endpoint: Endpoint, descriptor: bytes, permissions: Any
    ) -> SyncObject:
        data, own = sized(descriptor, _abi.NvSciSyncObjIpcExportDescriptor), attributes._handle
        arguments = (ctypes.byref(data), own.value, sync_keys.permission(permissions), -1)
        return cls._made(attributes.module, lib.NvSciSyncObjIpcImport, over(endpoint), *arguments)

    def import_fence(self, data: bytes) -> Fence:
        """The fence of this object that a peer exported."""
        fence, handle = Fence(self._module), self._handle
        descriptor = sized(data, _abi.NvSciSyncFenceIpcExportDescriptor)
        call(lib.NvSciSyncIpcImportFence, handle.value, ctypes.byref(descriptor), fence.address)
        return fence

    def attach_peer(self, *lists: SyncList) -> None:
        """Lets peers that come late, whose lists these are, import the object."""
        handles, handle = handles_of(SyncList, lists), self._handle
        call(lib.NvSciSyncObjAttachPeer, handle.value, handles, len(handles))

    def close(self) -> None:
        """Frees the object. Fences that expired stay expired, and those in streams still come. Twice does no harm."""
        self._handle = Handle.closed()
        self._semaphores = {}


def _destroy_semaphore(
    process: int,
    context: Any,
    semaphore: int,
    *,
    destroy: Any = lib.nvsciCuDestroyExternalSemaphore,
    getpid: Any = os.getpid,
) -> None:
    if getpid() == process:
        destroy(semaphore)


class Fence(Unique):
    """A point of a timeline. A plain value: it may outlive its object, and needs no closing. Thread-safe."""

    __slots__ = ("_module", "_value")

    def __init__(self, module: Optional[Module] = None) -> None:
        """A cleared fence, for which nobody waits."""
        self._module = module or default_module()
        self._value = _abi.NvSciSyncFence()

    @property
    def address(self) -> int:
        """Where the NvSciSyncFence lies, as long as this object lives."""
        return ctypes.addressof(self._value)

    @property
    def is_cleared(self) -> bool:
        """It is no point of any timeline."""
        return not any(self._value.payload)

    def wait(self, timeout: Optional[float] = None) -> None:
        """Waits with the CPU, at most `timeout` seconds; None: for ever.

        Raises WaitTimeout if the time is up, NvSciError (ResourceError) if the fence can never expire, because its
        signaler is gone. Signals of the process, such as Ctrl-C, are heeded.
        """
        end = None if timeout is None else time.monotonic() + timeout
        with self._module.wait_context() as context:
            while True:
                left = _SLICE if end is None else max(0.0, end - time.monotonic())
                try:
                    call(lib.NvSciSyncFenceWait, self.address, context.value, int(1e6 * min(left, _SLICE)))
                    return
                except WaitTimeout:
                    if end is not None and left <= _SLICE:
                        text = f"the fence has not expired within {timeout} seconds"
                        raise WaitTimeout(WaitTimeout.CODE, text) from None

    def is_expired(self) -> bool:
        """Whether it expired. Raises NvSciError if it never can."""
        try:
            self.wait(0)
        except WaitTimeout:
            return False
        return True

    @property
    def value(self) -> int:
        """The value of the timeline that expires it. Raises NvSciError (ClearedFence) for a cleared one."""
        primitive, value = ctypes.c_uint64(), ctypes.c_uint64()
        call(lib.NvSciSyncFenceExtractFence, self.address, ctypes.byref(primitive), ctypes.byref(value))
        return value.value

    @property
    def timestamp(self) -> int:
        """When it was signaled, in microseconds of the signaler's clock. Raises NvSciError without timestamps."""
        found = ctypes.c_uint64()
        call(lib.NvSciSyncFenceGetTimestamp, self.address, ctypes.byref(found))
        return found.value

    @property
    def task_status(self) -> TaskStatus:
        """What the signaler reported."""
        found = _abi.NvSciSyncTaskStatus()
        call(lib.NvSciSyncFenceGetTaskStatus, self.address, ctypes.byref(found))
        return TaskStatus(found.timestamp, found.status)

    def export(self, endpoint: Endpoint) -> bytes:
        """The fence as bytes for the peer of an endpoint, which imports them by :meth:`SyncObject.import_fence`."""
        descriptor = _abi.NvSciSyncFenceIpcExportDescriptor()
        call(lib.NvSciSyncIpcExportFence, self.address, over(endpoint), ctypes.byref(descriptor))
        return bytes(descriptor)

    def __repr__(self) -> str:
        return "<cleared Fence>" if self.is_cleared else f"<Fence of value {self.value}>"


ReconciledSyncList._object = SyncObject
