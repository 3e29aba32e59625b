# SPDX-License-Identifier: Apache-2.0
"""OpenNvSci for Python: negotiated buffers and fences that CPUs, GPUs and processes share.

The package calls the installed C libraries; there is nothing to compile. docs/python.md tells of all of it.

>>> import opennvsci
>>> camera = opennvsci.AttributeList(
...     {"Types": "RawBuffer", "RawBuffer.Size": 4096, "NeedCpuAccess": True, "RequiredPerm": "ReadWrite"},
...     name="camera")
>>> display = opennvsci.AttributeList({"Types": "RawBuffer", "NeedCpuAccess": True}, name="display")
>>> buffer = opennvsci.reconcile(camera, display).allocate()
>>> buffer
<Buffer: 4096 bytes in system memory, read-write>
>>> buffer.memoryview()[:5] = b"hello"
>>> bytes(buffer.readonly().memoryview()[:5])
b'hello'
"""

from . import enums
from .arrays import Array, CudaArray
from .buffers import Buffer
from .channels import Endpoint
from .devices import Device, Driver, GpuId, devices, driver
from .errors import CudaError, NvSciError, ReconcileError, WaitTimeout
from .keys import Key, KeyTable, buf_keys, sync_keys
from .lists import AttributeList, ReconciledList, ReconciledSyncList, SyncList, reconcile
from .modules import Module, close_default_module
from .report import Ask, Change, Decision, Participant, Place, Report, Suggestion
from .sync import Fence, SyncObject, TaskStatus

__version__ = "0.1.0"

__all__ = [
    "Array",
    "Ask",
    "AttributeList",
    "Buffer",
    "Change",
    "CudaArray",
    "CudaError",
    "Decision",
    "Device",
    "Driver",
    "Endpoint",
    "Fence",
    "GpuId",
    "Key",
    "KeyTable",
    "Module",
    "NvSciError",
    "Participant",
    "Place",
    "ReconcileError",
    "ReconciledList",
    "ReconciledSyncList",
    "Report",
    "Suggestion",
    "SyncList",
    "SyncObject",
    "TaskStatus",
    "WaitTimeout",
    "buf_keys",
    "close_default_module",
    "devices",
    "driver",
    "enums",
    "reconcile",
    "sync_keys",
]
