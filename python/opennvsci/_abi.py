# SPDX-License-Identifier: Apache-2.0
"""The part of the C libraries' binary interface that this package uses, restated once: structures, numbers, functions.

Keys, enumerators and their values are not here: they come from the installed libraries (keys.py). tests/python compares
everything below with the C headers.

A handle is a number (c_void_p), and so is every pointer in a prototype: the callers know what lies there. Structures
have the names and the order of their members in the headers; what a header calls reserved is here too.
"""

from __future__ import annotations

from ctypes import Structure, Union, c_bool, c_char_p, c_int, c_int32, c_int64, c_size_t, c_ubyte, c_uint, c_uint8
from ctypes import c_uint16, c_uint32, c_uint64, c_ulonglong, c_void_p
from typing import Any

OPENNVSCI = "libopennvsci.so.0"
NVSCIBUF = "libnvscibuf.so.2"
NVSCISYNC = "libnvscisync.so.2"
NVSCIIPC = "libnvsciipc.so.1"
INTERPOSER = "libopennvsci-interpose.so.0"

#: The headers that say what stands here.
HEADERS = (
    "nvscibuf.h",
    "nvscisync.h",
    "nvsciipc.h",
    "opennvsci.h",
    "opennvsci_look.h",
    "opennvsci_dlpack.h",
    "opennvsci_python.h",
)

#: Numbers of the headers, by their names there.
CONSTANTS = {
    "NvSciError_Success": 0,
    "NvSciError_InsufficientMemory": 0x30,
    "NvSciError_Timeout": 0x200,
    "NvSciError_InterruptedCall": 0x203,
    "NvSciError_ConnectionReset": 0x1200,
    "NV_SCI_IPC_EVENT_READ": 0x01,
    "NV_SCI_IPC_EVENT_WRITE": 0x02,
    "NV_SCI_IPC_EVENT_CONN_RESET": 0x08,
    "NV_SCI_IPC_EVENT_CONN_EST_ALL": 0x17,
    "OpenNvSciDirection_In": 0,
    "OpenNvSciDirection_Out": 1,
    "OpenNvSciDirection_InOut": 2,
    "OpenNvSciPresence_Mandatory": 0,
    "OpenNvSciPresence_Optional": 1,
    "OpenNvSciPresence_Conditional": 2,
    "OpenNvSciPresence_Output": 3,
}

#: Numbers of <cuda.h>, by their names there.
CUDA_CONSTANTS = {
    "CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC": 6,
    "CUDA_NVSCISYNC_ATTR_SIGNAL": 1,
    "CUDA_NVSCISYNC_ATTR_WAIT": 2,
    "CU_EVENT_DISABLE_TIMING": 2,
}

# ------------------------------------------------------------------------------------------------------ Structures


class NvSciBufAttrKeyValuePair(Structure):
    _fields_ = [("key", c_int), ("value", c_void_p), ("len", c_size_t)]


class NvSciSyncAttrKeyValuePair(Structure):
    _fields_ = [("attrKey", c_int), ("value", c_void_p), ("len", c_size_t)]


class NvSciBufObjIpcExportDescriptor(Structure):
    _pack_ = 1
    _fields_ = [("data", c_uint64 * 32)]


class NvSciSyncObjIpcExportDescriptor(Structure):
    _fields_ = [("payload", c_uint64 * 128)]


class NvSciSyncFence(Structure):
    _fields_ = [("payload", c_uint64 * 6)]


class NvSciSyncFenceIpcExportDescriptor(Structure):
    _fields_ = [("payload", c_uint64 * 7)]


class NvSciSyncTaskStatus(Structure):
    _pack_ = 1
    _fields_ = [("timestamp", c_uint64), ("statusEngine", c_uint32), ("subframe", c_uint16), ("status", c_uint16)]


class NvSciIpcEndpointInfo(Structure):
    _fields_ = [("nframes", c_uint32), ("frame_size", c_uint32)]


class NvSciRmGpuId(Structure):
    _fields_ = [("bytes", c_uint8 * 16)]


class OpenNvSciEnumerator(Structure):
    _fields_ = [("name", c_char_p), ("value", c_uint64), ("isLegal", c_bool), ("reserved", c_uint64 * 2)]


class OpenNvSciKey(Structure):
    _fields_ = [
        ("number", c_uint32),
        ("maxCount", c_uint32),
        ("elementSize", c_uint64),
        ("name", c_char_p),
        ("type", c_char_p),
        ("form", c_char_p),
        ("direction", c_int),
        ("presence", c_int),
        ("legal", c_char_p),
        ("rule", c_char_p),
        ("ruleText", c_char_p),
        ("check", c_char_p),
        ("checkText", c_char_p),
        ("enumerators", c_void_p),
        ("enumeratorCount", c_size_t),
        ("reserved", c_uint64 * 4),
    ]


class OpenNvSciReport(Structure):
    _fields_ = [
        ("participants", c_void_p),
        ("participantCount", c_size_t),
        ("decisions", c_void_p),
        ("decisionCount", c_size_t),
        ("deciding", c_void_p),
        ("places", c_void_p),
        ("placeCount", c_size_t),
        ("verdict", c_int),
        ("reserved32", c_uint32),
        ("summary", c_char_p),
        ("conclusion", c_char_p),
        ("text", c_char_p),
        ("fullText", c_char_p),
        ("json", c_char_p),
        ("reserved", c_uint64 * 8),
    ]


class OpenNvSciRefusal(Structure):
    _fields_ = [
        ("text", c_char_p),
        ("prerequisite", c_char_p),
        ("found", c_char_p),
        ("needed", c_char_p),
        ("report", c_void_p),
        ("code", c_int),
        ("cudaResult", c_int32),
        ("reserved", c_uint64 * 4),
    ]


class OpenNvSciBufRegion(Structure):
    _fields_ = [
        ("name", c_char_p),
        ("element", c_char_p),
        ("offset", c_uint64),
        ("size", c_uint64),
        ("used", c_uint64),
        ("width", c_uint32),
        ("height", c_uint32),
        ("rowBytes", c_uint64),
        ("secondFieldOffset", c_uint64),
        ("pitch", c_uint32),
        ("alignedHeight", c_uint32),
        ("blockHeight", c_uint32),
        ("dimensionCount", c_uint32),
        ("elementsPerDim", c_uint64 * 8),
        ("stridesPerDim", c_uint64 * 8),
        ("reserved", c_uint64 * 4),
    ]


class OpenNvSciBufLayout(Structure):
    _fields_ = [
        ("size", c_uint64),
        ("alignment", c_uint64),
        ("used", c_uint64),
        ("regions", c_void_p),
        ("regionCount", c_size_t),
        ("memory", c_char_p),
        ("memoryReason", c_char_p),
        ("memoryGpu", NvSciRmGpuId),
        ("reserved", c_uint64 * 4),
    ]


class OpenNvSciDevice(Structure):
    _fields_ = [
        ("gpuId", NvSciRmGpuId),
        ("instanceId", NvSciRmGpuId),
        ("name", c_char_p),
        ("memoryBytes", c_uint64),
        ("ordinal", c_uint32),
        ("computeMajor", c_uint32),
        ("computeMinor", c_uint32),
        ("isIntegrated", c_bool),
        ("hasVirtualMemory", c_bool),
        ("hasReadOnlyRegistration", c_bool),
        ("reserved", c_uint64 * 4),
    ]


class OpenNvSciDriver(Structure):
    _fields_ = [
        ("path", c_char_p),
        ("reason", c_char_p),
        ("cudaVersion", c_uint32),
        ("isSoftware", c_bool),
        ("devices", c_void_p),
        ("deviceCount", c_size_t),
        ("reserved", c_uint64 * 4),
    ]


# Of <cuda.h>. What this package leaves 0 is one member, `rest`.


class _CudaHandle(Union):
    _fields_ = [("object", c_void_p), ("win32", c_void_p * 2)]


class CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC(Structure):
    _fields_ = [("type", c_int), ("handle", _CudaHandle), ("flags", c_uint), ("rest", c_uint * 16)]


class CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS(Structure):
    _fields_ = [
        ("value", c_ulonglong),
        ("fence", c_void_p),
        ("other", c_ubyte * 56),
        ("flags", c_uint),
        ("rest", c_uint * 16),
    ]


class CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS(CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS):
    """Of the same layout, as far as it is used."""


STRUCTURES = (
    NvSciBufAttrKeyValuePair,
    NvSciSyncAttrKeyValuePair,
    NvSciBufObjIpcExportDescriptor,
    NvSciSyncObjIpcExportDescriptor,
    NvSciSyncFence,
    NvSciSyncFenceIpcExportDescriptor,
    NvSciSyncTaskStatus,
    NvSciIpcEndpointInfo,
    NvSciRmGpuId,
    OpenNvSciEnumerator,
    OpenNvSciKey,
    OpenNvSciReport,
    OpenNvSciRefusal,
    OpenNvSciBufRegion,
    OpenNvSciBufLayout,
    OpenNvSciDevice,
    OpenNvSciDriver,
)
CUDA_STRUCTURES = (
    CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC,
    CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS,
    CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS,
)

# ------------------------------------------------------------------------------------------------------- Functions

def _error(*arguments: Any) -> Any:
    """A function that gives an NvSciError, or a CUresult: 0 is success."""
    return c_int, list(arguments)


def _void(*arguments: Any) -> Any:
    return None, list(arguments)


_p = c_void_p  # a handle, or the address of something
_n = c_size_t
_endpoint = c_uint64


def _of_lists(library: str) -> dict[str, Any]:
    """What NvSciBuf and NvSciSync have alike."""
    functions = {
        "ModuleOpen": _error(_p),
        "ModuleClose": _void(_p),
        "CheckVersionCompatibility": _error(c_uint32, c_uint32, _p),
        "AttrListCreate": _error(_p, _p),
        "AttrListFree": _void(_p),
        "AttrListClone": _error(_p, _p),
        "AttrListAppendUnreconciled": _error(_p, _n, _p),
        "AttrListIsReconciled": _error(_p, _p),
        "AttrListGetSlotCount": (c_size_t, [_p]),
        "AttrListSetAttrs": _error(_p, _p, _n),
        "AttrListSlotGetAttrs": _error(_p, _n, _p, _n),
        "AttrListReconcile": _error(_p, _n, _p, _p),
        "AttrListValidateReconciled": _error(_p, _p, _n, _p),
        "AttrListIpcExportUnreconciled": _error(_p, _n, _endpoint, _p, _p),
        "AttrListIpcImportUnreconciled": _error(_p, _endpoint, _p, _n, _p),
        "AttrListIpcExportReconciled": _error(_p, _endpoint, _p, _p),
        "AttrListIpcImportReconciled": _error(_p, _endpoint, _p, _n, _p, _n, _p),
        "AttrListFreeDesc": _void(_p),
        "ObjAlloc": _error(_p, _p),
        "ObjFree": _void(_p),
        "ObjDup": _error(_p, _p),
        "ObjGetAttrList": _error(_p, _p),
        "ObjAttachPeer": _error(_p, _p, _n),
        "AttrListAndObjFreeDesc": _void(_p),
    }
    return {f"NvSci{library}{name}": prototype for name, prototype in functions.items()}


def _explained(library: str) -> dict[str, Any]:
    """What opennvsci.h has for NvSciBuf and NvSciSync alike."""
    functions = {
        "AttrListSetName": _error(_p, c_char_p),
        "AttrListGetReport": _error(_p, _p),
        "AttrValueGetText": _error(c_uint32, _p, _n, _p, _n),
        "AttrValueFromText": _error(c_uint32, c_char_p, _p, _n, _p),
        "GetKeys": _error(_p, _p),
        "GetKeyByName": _error(c_char_p, _p),
    }
    return {f"opennvsci{library}{name}": prototype for name, prototype in functions.items()}


#: Result and arguments of every function that is called, by library.
PROTOTYPES: dict[str, dict[str, Any]] = {
    NVSCIBUF: {
        **_of_lists("Buf"),
        "NvSciBufObjDupWithReducePerm": _error(_p, c_int, _p),
        "NvSciBufObjGetCpuPtr": _error(_p, _p),
        "NvSciBufObjGetConstCpuPtr": _error(_p, _p),
        "NvSciBufObjFlushCpuCacheRange": _error(_p, c_uint64, c_uint64),
        "NvSciBufObjValidate": _error(_p),
        "NvSciBufObjIpcExport": _error(_p, c_int, _endpoint, _p),
        "NvSciBufObjIpcImport": _error(_endpoint, _p, _p, c_int, c_int64, _p),
        "NvSciBufIpcExportAttrListAndObj": _error(_p, c_int, _endpoint, _p, _p),
        "NvSciBufIpcImportAttrListAndObj": _error(_p, _endpoint, _p, _n, _p, _n, c_int, c_int64, _p),
    },
    NVSCISYNC: {
        **_of_lists("Sync"),
        "NvSciSyncCpuWaitContextAlloc": _error(_p, _p),
        "NvSciSyncCpuWaitContextFree": _void(_p),
        "NvSciSyncObjIpcExport": _error(_p, c_uint64, _endpoint, _p),
        "NvSciSyncObjIpcImport": _error(_endpoint, _p, _p, c_uint64, c_int64, _p),
        "NvSciSyncIpcExportAttrListAndObj": _error(_p, c_uint64, _endpoint, _p, _p),
        "NvSciSyncIpcImportAttrListAndObj": _error(_p, _endpoint, _p, _n, _p, _n, c_uint64, c_int64, _p),
        "NvSciSyncObjGenerateFence": _error(_p, _p),
        "NvSciSyncObjSignal": _error(_p),
        "NvSciSyncFenceWait": _error(_p, _p, c_int64),
        "NvSciSyncFenceDup": _error(_p, _p),
        "NvSciSyncIpcExportFence": _error(_p, _endpoint, _p),
        "NvSciSyncIpcImportFence": _error(_p, _p, _p),
        "NvSciSyncFenceExtractFence": _error(_p, _p, _p),
        "NvSciSyncFenceUpdateFence": _error(_p, c_uint64, c_uint64, _p),
        "NvSciSyncFenceGetTimestamp": _error(_p, _p),
        "NvSciSyncFenceGetTaskStatus": _error(_p, _p),
    },
    NVSCIIPC: {
        "NvSciIpcInit": _error(),
        "NvSciIpcDeinit": _void(),
        "NvSciIpcOpenEndpoint": _error(c_char_p, _p),
        "NvSciIpcCloseEndpointSafe": _error(_endpoint, c_bool),
        "NvSciIpcResetEndpointSafe": _error(_endpoint),
        "NvSciIpcReadSafe": _error(_endpoint, _p, c_uint32, _p),
        "NvSciIpcWriteSafe": _error(_endpoint, _p, c_uint32, _p),
        "NvSciIpcGetEndpointInfo": _error(_endpoint, _p),
        "NvSciIpcGetLinuxEventFd": _error(_endpoint, _p),
        "NvSciIpcGetEventSafe": _error(_endpoint, _p),
    },
    OPENNVSCI: {
        **_explained("Buf"),
        **_explained("Sync"),
        "opennvsciErrorName": (c_char_p, [c_int]),
        "opennvsciPrintRefusals": (c_bool, [c_bool]),
        "opennvsciCopyLastRefusal": _error(_p),
        "opennvsciFreeRefusal": _void(_p),
        "opennvsciBufAttrListGetLayout": _error(_p, _p),
        "opennvsciGetDriver": _error(_p),
        "opennvsciBufObjGetCudaPtr": _error(_p, c_uint32, _p),
        "opennvsciBufObjExportCapsule": (_p, [_p, _p, c_uint32, c_bool, _p]),
        "nvsciCuDeviceGetNvSciSyncAttributes": _error(_p, c_int, c_int),
        "nvsciCuImportExternalSemaphore": _error(_p, _p),
        "nvsciCuSignalExternalSemaphoresAsync": _error(_p, _p, c_uint, _p),
        "nvsciCuWaitExternalSemaphoresAsync": _error(_p, _p, c_uint, _p),
        "nvsciCuDestroyExternalSemaphore": _error(_p),
    },
}

#: The same of the CUDA driver, whose file the libraries name. The names are those of its symbols.
DRIVER_PROTOTYPES: dict[str, Any] = {
    "cuCtxGetCurrent": _error(_p),
    "cuCtxGetDevice": _error(_p),
    "cuCtxPushCurrent_v2": _error(_p),
    "cuCtxPopCurrent_v2": _error(_p),
    "cuDevicePrimaryCtxRetain": _error(_p, c_int),
    "cuDevicePrimaryCtxRelease_v2": _error(c_int),
    "cuEventCreate": _error(_p, c_uint),
    "cuEventRecord": _error(_p, _p),
    "cuEventDestroy_v2": _error(_p),
    "cuStreamWaitEvent": _error(_p, _p, c_uint),
    "cuGetErrorName": _error(c_int, _p),
}
