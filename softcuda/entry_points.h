// SPDX-License-Identifier: Apache-2.0
//
// The functions that the device has beyond those that this project's libraries call: for programs of the driver API.
//
// ENTRY(name, symbol, version, parameters): as in base/cuda_entry_points.h. A function of <cuda.h> that stands in
// neither table is in absent_functions.h.
#pragma once

#include "softcuda/abi.h"

namespace opennvsci::softcuda {

/// CUctxCreateParams of <cuda.h>: both parts are for features that this device does not have.
struct ContextCreateParameters {
    const void* affinity;
    int affinity_count;
    const void* graphics;
};

/// This device has no green contexts.
using CUgreenCtx = struct CUgreenCtx_st*;

using StreamCallback = void(CUstream stream, CUresult status, void* userData);

}  // namespace opennvsci::softcuda

#define OPENNVSCI_SOFTCUDA_ENTRY_POINTS(ENTRY)                                                                         \
    ENTRY(cuGetProcAddress, cuGetProcAddress, 11030,                                                                   \
          (const char* symbol, void** function, int version, unsigned long long flags))                                \
    ENTRY(cuGetProcAddress, cuGetProcAddress_v2, 12000,                                                                \
          (const char* symbol, void** function, int version, unsigned long long flags,                                 \
           CUdriverProcAddressQueryResult* symbolStatus))                                                              \
    ENTRY(cuGetExportTable, cuGetExportTable, 3000, (const void** table, const CUuuid* id))                            \
    ENTRY(cuDeviceComputeCapability, cuDeviceComputeCapability, 2000, (int* major, int* minor, CUdevice device))       \
    ENTRY(cuDeviceGetNvSciSyncAttributes, cuDeviceGetNvSciSyncAttributes, 10020,                                       \
          (void* nvSciSyncAttrList, CUdevice device, int flags))                                                       \
    ENTRY(cuCtxCreate, cuCtxCreate_v4, 12050,                                                                          \
          (CUcontext * context, const ContextCreateParameters* parameters, unsigned flags, CUdevice device))           \
    ENTRY(cuCtxGetApiVersion, cuCtxGetApiVersion, 3020, (CUcontext context, unsigned* version))                        \
    ENTRY(cuCtxGetDevice, cuCtxGetDevice_v2, 13000, (CUdevice * device, CUcontext context))                            \
    ENTRY(cuCtxSynchronize, cuCtxSynchronize_v2, 13000, (CUcontext context))                                           \
    ENTRY(cuCtxGetStreamPriorityRange, cuCtxGetStreamPriorityRange, 5050, (int* least, int* greatest))                 \
    ENTRY(cuMemAllocHost, cuMemAllocHost_v2, 3020, (void** pointer, std::size_t size))                                 \
    ENTRY(cuMemAllocPitch, cuMemAllocPitch_v2, 3020,                                                                   \
          (CUdeviceptr * pointer, std::size_t * pitch, std::size_t width, std::size_t height, unsigned elementBytes))  \
    ENTRY(cuMemGetAddressRange, cuMemGetAddressRange_v2, 3020,                                                         \
          (CUdeviceptr * base, std::size_t * size, CUdeviceptr pointer))                                               \
    ENTRY(cuPointerGetAttributes, cuPointerGetAttributes, 7000,                                                        \
          (unsigned count, CUpointer_attribute* attributes, void** values, CUdeviceptr pointer))                       \
    ENTRY(cuMemcpy, cuMemcpy, 4000, (CUdeviceptr destination, CUdeviceptr source, std::size_t size))                   \
    ENTRY(cuMemcpyAsync, cuMemcpyAsync, 4000,                                                                          \
          (CUdeviceptr destination, CUdeviceptr source, std::size_t size, CUstream stream))                            \
    ENTRY(cuMemsetD16, cuMemsetD16_v2, 3020, (CUdeviceptr destination, unsigned short value, std::size_t count))       \
    ENTRY(cuMemsetD16Async, cuMemsetD16Async, 3020,                                                                    \
          (CUdeviceptr destination, unsigned short value, std::size_t count, CUstream stream))                         \
    ENTRY(cuStreamCreateWithPriority, cuStreamCreateWithPriority, 5050,                                                \
          (CUstream * stream, unsigned flags, int priority))                                                           \
    ENTRY(cuStreamGetPriority, cuStreamGetPriority, 5050, (CUstream stream, int* priority))                            \
    ENTRY(cuStreamGetFlags, cuStreamGetFlags, 5050, (CUstream stream, unsigned* flags))                                \
    ENTRY(cuStreamGetDevice, cuStreamGetDevice, 12080, (CUstream stream, CUdevice * device))                           \
    ENTRY(cuStreamAddCallback, cuStreamAddCallback, 5000,                                                              \
          (CUstream stream, StreamCallback * callback, void* userData, unsigned flags))                                \
    ENTRY(cuEventElapsedTime, cuEventElapsedTime_v2, 12080, (float* milliseconds, CUevent start, CUevent end))         \
    ENTRY(cuEventRecordWithFlags, cuEventRecordWithFlags, 11010, (CUevent event, CUstream stream, unsigned flags))     \
    ENTRY(cuDeviceGetLuid, cuDeviceGetLuid, 10000, (char* luid, unsigned* nodeMask, CUdevice device))                  \
    ENTRY(cuDeviceGetPCIBusId, cuDeviceGetPCIBusId, 4010, (char* text, int length, CUdevice device))                   \
    ENTRY(cuDeviceGetByPCIBusId, cuDeviceGetByPCIBusId, 4010, (CUdevice * device, const char* text))                   \
    ENTRY(cuDeviceGetProperties, cuDeviceGetProperties, 2000, (CUdevprop * properties, CUdevice device))               \
    ENTRY(cuDeviceGetP2PAttribute, cuDeviceGetP2PAttribute, 8000,                                                      \
          (int* value, CUdevice_P2PAttribute attribute, CUdevice device, CUdevice peer))                               \
    ENTRY(cuDevicePrimaryCtxSetFlags, cuDevicePrimaryCtxSetFlags_v2, 11000, (CUdevice device, unsigned flags))         \
    ENTRY(cuDevicePrimaryCtxReset, cuDevicePrimaryCtxReset_v2, 11000, (CUdevice device))                               \
    ENTRY(cuCtxGetFlags, cuCtxGetFlags, 7000, (unsigned* flags))                                                       \
    ENTRY(cuCtxSetFlags, cuCtxSetFlags, 12010, (unsigned flags))                                                       \
    ENTRY(cuCtxGetLimit, cuCtxGetLimit, 3010, (std::size_t * value, CUlimit limit))                                    \
    ENTRY(cuCtxSetLimit, cuCtxSetLimit, 3010, (CUlimit limit, std::size_t value))                                      \
    ENTRY(cuCtxGetCacheConfig, cuCtxGetCacheConfig, 3020, (CUfunc_cache * cache))                                      \
    ENTRY(cuCtxSetCacheConfig, cuCtxSetCacheConfig, 3020, (CUfunc_cache cache))                                        \
    ENTRY(cuCtxGetSharedMemConfig, cuCtxGetSharedMemConfig, 4020, (CUsharedconfig * config))                           \
    ENTRY(cuCtxSetSharedMemConfig, cuCtxSetSharedMemConfig, 4020, (CUsharedconfig config))                             \
    ENTRY(cuCtxResetPersistingL2Cache, cuCtxResetPersistingL2Cache, 11000, ())                                         \
    ENTRY(cuCtxEnablePeerAccess, cuCtxEnablePeerAccess, 4000, (CUcontext peer, unsigned flags))                        \
    ENTRY(cuCtxDisablePeerAccess, cuCtxDisablePeerAccess, 4000, (CUcontext peer))                                      \
    ENTRY(cuMemHostGetFlags, cuMemHostGetFlags, 2030, (unsigned* flags, void* pointer))                                \
    ENTRY(cuMemAllocManaged, cuMemAllocManaged, 6000, (CUdeviceptr * pointer, std::size_t size, unsigned flags))       \
    ENTRY(cuMemPrefetchAsync, cuMemPrefetchAsync, 8000,                                                                \
          (CUdeviceptr pointer, std::size_t size, CUdevice device, CUstream stream))                                   \
    ENTRY(cuMemPrefetchAsync, cuMemPrefetchAsync_v2, 12020,                                                            \
          (CUdeviceptr pointer, std::size_t size, CUmemLocation location, unsigned flags, CUstream stream))            \
    ENTRY(cuMemAdvise, cuMemAdvise, 8000,                                                                              \
          (CUdeviceptr pointer, std::size_t size, CUmem_advise advice, CUdevice device))                               \
    ENTRY(cuMemAdvise, cuMemAdvise_v2, 12020,                                                                          \
          (CUdeviceptr pointer, std::size_t size, CUmem_advise advice, CUmemLocation location))                        \
    ENTRY(cuStreamAttachMemAsync, cuStreamAttachMemAsync, 6000,                                                        \
          (CUstream stream, CUdeviceptr pointer, std::size_t size, unsigned flags))                                    \
    ENTRY(cuPointerSetAttribute, cuPointerSetAttribute, 6000,                                                          \
          (const void* value, CUpointer_attribute attribute, CUdeviceptr pointer))                                     \
    ENTRY(cuMemcpyPeer, cuMemcpyPeer, 4000,                                                                            \
          (CUdeviceptr destination, CUcontext destinationContext, CUdeviceptr source, CUcontext sourceContext,         \
           std::size_t size))                                                                                          \
    ENTRY(cuMemcpyPeerAsync, cuMemcpyPeerAsync, 4000,                                                                  \
          (CUdeviceptr destination, CUcontext destinationContext, CUdeviceptr source, CUcontext sourceContext,         \
           std::size_t size, CUstream stream))                                                                         \
    ENTRY(cuMemcpy3DPeer, cuMemcpy3DPeer, 4000, (const CUDA_MEMCPY3D_PEER* copy))                                      \
    ENTRY(cuMemcpy3DPeerAsync, cuMemcpy3DPeerAsync, 4000, (const CUDA_MEMCPY3D_PEER* copy, CUstream stream))           \
    ENTRY(cuMemcpyHtoA, cuMemcpyHtoA_v2, 3020,                                                                         \
          (CUarray destination, std::size_t offset, const void* source, std::size_t size))                             \
    ENTRY(cuMemcpyAtoH, cuMemcpyAtoH_v2, 3020,                                                                         \
          (void* destination, CUarray source, std::size_t offset, std::size_t size))                                   \
    ENTRY(cuMemcpyDtoA, cuMemcpyDtoA_v2, 3020,                                                                         \
          (CUarray destination, std::size_t offset, CUdeviceptr source, std::size_t size))                             \
    ENTRY(cuMemcpyAtoD, cuMemcpyAtoD_v2, 3020,                                                                         \
          (CUdeviceptr destination, CUarray source, std::size_t offset, std::size_t size))                             \
    ENTRY(cuMemcpyAtoA, cuMemcpyAtoA_v2, 3020,                                                                         \
          (CUarray destination, std::size_t destinationOffset, CUarray source, std::size_t sourceOffset,               \
           std::size_t size))                                                                                          \
    ENTRY(cuMemcpyHtoAAsync, cuMemcpyHtoAAsync_v2, 3020,                                                               \
          (CUarray destination, std::size_t offset, const void* source, std::size_t size, CUstream stream))            \
    ENTRY(cuMemcpyAtoHAsync, cuMemcpyAtoHAsync_v2, 3020,                                                               \
          (void* destination, CUarray source, std::size_t offset, std::size_t size, CUstream stream))                  \
    ENTRY(cuMemsetD2D8, cuMemsetD2D8_v2, 3020,                                                                         \
          (CUdeviceptr destination, std::size_t pitch, unsigned char value, std::size_t width, std::size_t height))    \
    ENTRY(cuMemsetD2D8Async, cuMemsetD2D8Async, 3020,                                                                  \
          (CUdeviceptr destination, std::size_t pitch, unsigned char value, std::size_t width, std::size_t height,     \
           CUstream stream))                                                                                           \
    ENTRY(cuMemsetD2D16, cuMemsetD2D16_v2, 3020,                                                                       \
          (CUdeviceptr destination, std::size_t pitch, unsigned short value, std::size_t width, std::size_t height))   \
    ENTRY(cuMemsetD2D16Async, cuMemsetD2D16Async, 3020,                                                                \
          (CUdeviceptr destination, std::size_t pitch, unsigned short value, std::size_t width, std::size_t height,    \
           CUstream stream))                                                                                           \
    ENTRY(cuMemsetD2D32, cuMemsetD2D32_v2, 3020,                                                                       \
          (CUdeviceptr destination, std::size_t pitch, unsigned value, std::size_t width, std::size_t height))         \
    ENTRY(cuMemsetD2D32Async, cuMemsetD2D32Async, 3020,                                                                \
          (CUdeviceptr destination, std::size_t pitch, unsigned value, std::size_t width, std::size_t height,          \
           CUstream stream))                                                                                           \
    ENTRY(cuStreamGetCtx, cuStreamGetCtx_v2, 12050, (CUstream stream, CUcontext * context, CUgreenCtx * greenContext)) \
    ENTRY(cuProfilerStart, cuProfilerStart, 4000, ())                                                                  \
    ENTRY(cuProfilerStop, cuProfilerStop, 4000, ())
