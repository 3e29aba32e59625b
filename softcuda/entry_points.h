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

using StreamCallback = void(CUstream stream, CUresult status, void* userData);

}  // namespace opennvsci::softcuda

#define OPENNVSCI_SOFTCUDA_ENTRY_POINTS(ENTRY)                                                                        \
    ENTRY(cuGetProcAddress, cuGetProcAddress, 11030,                                                                  \
          (const char* symbol, void** function, int version, unsigned long long flags))                               \
    ENTRY(cuGetProcAddress, cuGetProcAddress_v2, 12000,                                                               \
          (const char* symbol, void** function, int version, unsigned long long flags,                                \
           CUdriverProcAddressQueryResult* symbolStatus))                                                             \
    ENTRY(cuGetExportTable, cuGetExportTable, 3000, (const void** table, const CUuuid* id))                           \
    ENTRY(cuDeviceComputeCapability, cuDeviceComputeCapability, 2000, (int* major, int* minor, CUdevice device))      \
    ENTRY(cuDeviceGetNvSciSyncAttributes, cuDeviceGetNvSciSyncAttributes, 10020,                                      \
          (void* nvSciSyncAttrList, CUdevice device, int flags))                                                      \
    ENTRY(cuCtxCreate, cuCtxCreate_v4, 12050,                                                                         \
          (CUcontext * context, const ContextCreateParameters* parameters, unsigned flags, CUdevice device))          \
    ENTRY(cuCtxGetApiVersion, cuCtxGetApiVersion, 3020, (CUcontext context, unsigned* version))                       \
    ENTRY(cuCtxGetDevice, cuCtxGetDevice_v2, 13000, (CUdevice * device, CUcontext context))                           \
    ENTRY(cuCtxSynchronize, cuCtxSynchronize_v2, 13000, (CUcontext context))                                          \
    ENTRY(cuCtxGetStreamPriorityRange, cuCtxGetStreamPriorityRange, 5050, (int* least, int* greatest))                \
    ENTRY(cuMemAllocHost, cuMemAllocHost_v2, 3020, (void** pointer, std::size_t size))                                \
    ENTRY(cuMemAllocPitch, cuMemAllocPitch_v2, 3020,                                                                  \
          (CUdeviceptr * pointer, std::size_t * pitch, std::size_t width, std::size_t height, unsigned elementBytes)) \
    ENTRY(cuMemGetAddressRange, cuMemGetAddressRange_v2, 3020,                                                        \
          (CUdeviceptr * base, std::size_t * size, CUdeviceptr pointer))                                              \
    ENTRY(cuPointerGetAttributes, cuPointerGetAttributes, 7000,                                                       \
          (unsigned count, CUpointer_attribute* attributes, void** values, CUdeviceptr pointer))                      \
    ENTRY(cuMemcpy, cuMemcpy, 4000, (CUdeviceptr destination, CUdeviceptr source, std::size_t size))                  \
    ENTRY(cuMemcpyAsync, cuMemcpyAsync, 4000,                                                                         \
          (CUdeviceptr destination, CUdeviceptr source, std::size_t size, CUstream stream))                           \
    ENTRY(cuMemsetD16, cuMemsetD16_v2, 3020, (CUdeviceptr destination, unsigned short value, std::size_t count))      \
    ENTRY(cuMemsetD16Async, cuMemsetD16Async, 3020,                                                                   \
          (CUdeviceptr destination, unsigned short value, std::size_t count, CUstream stream))                        \
    ENTRY(cuStreamCreateWithPriority, cuStreamCreateWithPriority, 5050,                                               \
          (CUstream * stream, unsigned flags, int priority))                                                          \
    ENTRY(cuStreamGetPriority, cuStreamGetPriority, 5050, (CUstream stream, int* priority))                           \
    ENTRY(cuStreamGetFlags, cuStreamGetFlags, 5050, (CUstream stream, unsigned* flags))                               \
    ENTRY(cuStreamGetDevice, cuStreamGetDevice, 12080, (CUstream stream, CUdevice * device))                          \
    ENTRY(cuStreamAddCallback, cuStreamAddCallback, 5000,                                                             \
          (CUstream stream, StreamCallback * callback, void* userData, unsigned flags))                               \
    ENTRY(cuEventElapsedTime, cuEventElapsedTime_v2, 12080, (float* milliseconds, CUevent start, CUevent end))        \
    ENTRY(cuEventRecordWithFlags, cuEventRecordWithFlags, 11010, (CUevent event, CUstream stream, unsigned flags))    \
    ENTRY(cuProfilerStart, cuProfilerStart, 4000, ())                                                                 \
    ENTRY(cuProfilerStop, cuProfilerStop, 4000, ())
