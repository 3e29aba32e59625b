// SPDX-License-Identifier: Apache-2.0
//
// The driver entry points of this project, one row each. The driver seam (src/driver) fills a struct of function
// pointers from the rows; the software device (softcuda) declares its functions from the same rows, so a signature
// cannot differ between the two.
//
// ENTRY(name, symbol, version, presence, parameters): the CUDA name, the exported symbol it stands for, the CUDA
// version (1000 * major + 10 * minor) that introduced this variant, required or optional, the parameter list.
// Every function returns CUresult. Source of names and versions: CUDA 13.0 <cuda.h> and <cudaTypedefs.h>.
#pragma once

#include "base/cuda_abi.h"

#define OPENNVSCI_CUDA_ENTRY_POINTS(ENTRY)                                                                             \
    ENTRY(cuInit, cuInit, 2000, required, (unsigned flags))                                                            \
    ENTRY(cuDriverGetVersion, cuDriverGetVersion, 2020, required, (int* version))                                      \
    ENTRY(cuGetErrorName, cuGetErrorName, 6000, required, (CUresult error, const char** text))                         \
    ENTRY(cuGetErrorString, cuGetErrorString, 6000, required, (CUresult error, const char** text))                     \
    ENTRY(cuDeviceGetCount, cuDeviceGetCount, 2000, required, (int* count))                                            \
    ENTRY(cuDeviceGet, cuDeviceGet, 2000, required, (CUdevice * device, int ordinal))                                  \
    ENTRY(cuDeviceGetName, cuDeviceGetName, 2000, required, (char* name, int length, CUdevice device))                 \
    ENTRY(cuDeviceGetUuid, cuDeviceGetUuid, 9020, required, (CUuuid * uuid, CUdevice device))                          \
    ENTRY(cuDeviceGetUuid_v2, cuDeviceGetUuid_v2, 11040, optional, (CUuuid * uuid, CUdevice device))                   \
    ENTRY(cuDeviceGetAttribute, cuDeviceGetAttribute, 2000, required,                                                  \
          (int* value, CUdevice_attribute attribute, CUdevice device))                                                 \
    ENTRY(cuDeviceTotalMem, cuDeviceTotalMem_v2, 3020, required, (std::size_t * bytes, CUdevice device))               \
    ENTRY(cuDeviceCanAccessPeer, cuDeviceCanAccessPeer, 4000, required,                                                \
          (int* canAccess, CUdevice device, CUdevice peer))                                                            \
    ENTRY(cuDevicePrimaryCtxRetain, cuDevicePrimaryCtxRetain, 7000, required, (CUcontext * context, CUdevice device))  \
    ENTRY(cuDevicePrimaryCtxRelease, cuDevicePrimaryCtxRelease_v2, 11000, required, (CUdevice device))                 \
    ENTRY(cuDevicePrimaryCtxGetState, cuDevicePrimaryCtxGetState, 7000, required,                                      \
          (CUdevice device, unsigned* flags, int* active))                                                             \
    ENTRY(cuCtxCreate, cuCtxCreate_v2, 3020, required, (CUcontext * context, unsigned flags, CUdevice device))         \
    ENTRY(cuCtxDestroy, cuCtxDestroy_v2, 4000, required, (CUcontext context))                                          \
    ENTRY(cuCtxGetCurrent, cuCtxGetCurrent, 4000, required, (CUcontext * context))                                     \
    ENTRY(cuCtxSetCurrent, cuCtxSetCurrent, 4000, required, (CUcontext context))                                       \
    ENTRY(cuCtxPushCurrent, cuCtxPushCurrent_v2, 4000, required, (CUcontext context))                                  \
    ENTRY(cuCtxPopCurrent, cuCtxPopCurrent_v2, 4000, required, (CUcontext * context))                                  \
    ENTRY(cuCtxGetDevice, cuCtxGetDevice, 2000, required, (CUdevice * device))                                         \
    ENTRY(cuCtxGetId, cuCtxGetId, 12000, optional, (CUcontext context, unsigned long long* id))                        \
    ENTRY(cuCtxSynchronize, cuCtxSynchronize, 2000, required, ())                                                      \
    ENTRY(cuMemAlloc, cuMemAlloc_v2, 3020, required, (CUdeviceptr * pointer, std::size_t size))                        \
    ENTRY(cuMemFree, cuMemFree_v2, 3020, required, (CUdeviceptr pointer))                                              \
    ENTRY(cuMemGetInfo, cuMemGetInfo_v2, 3020, required, (std::size_t * free, std::size_t * total))                    \
    ENTRY(cuMemHostAlloc, cuMemHostAlloc, 2020, required, (void** pointer, std::size_t size, unsigned flags))          \
    ENTRY(cuMemFreeHost, cuMemFreeHost, 2000, required, (void* pointer))                                               \
    ENTRY(cuMemHostRegister, cuMemHostRegister_v2, 6050, required, (void* pointer, std::size_t size, unsigned flags))  \
    ENTRY(cuMemHostUnregister, cuMemHostUnregister, 4000, required, (void* pointer))                                   \
    ENTRY(cuMemHostGetDevicePointer, cuMemHostGetDevicePointer_v2, 3020, required,                                     \
          (CUdeviceptr * devicePointer, void* pointer, unsigned flags))                                                \
    ENTRY(cuPointerGetAttribute, cuPointerGetAttribute, 4000, required,                                                \
          (void* value, CUpointer_attribute attribute, CUdeviceptr pointer))                                           \
    ENTRY(cuMemGetAllocationGranularity, cuMemGetAllocationGranularity, 10020, required,                               \
          (std::size_t * granularity, const CUmemAllocationProp* prop, CUmemAllocationGranularity_flags option))       \
    ENTRY(cuMemCreate, cuMemCreate, 10020, required,                                                                   \
          (CUmemGenericAllocationHandle * handle, std::size_t size, const CUmemAllocationProp* prop,                   \
           unsigned long long flags))                                                                                  \
    ENTRY(cuMemRelease, cuMemRelease, 10020, required, (CUmemGenericAllocationHandle handle))                          \
    ENTRY(cuMemExportToShareableHandle, cuMemExportToShareableHandle, 10020, required,                                 \
          (void* shareableHandle, CUmemGenericAllocationHandle handle, CUmemAllocationHandleType type,                 \
           unsigned long long flags))                                                                                  \
    ENTRY(cuMemImportFromShareableHandle, cuMemImportFromShareableHandle, 10020, required,                             \
          (CUmemGenericAllocationHandle * handle, void* osHandle, CUmemAllocationHandleType type))                     \
    ENTRY(cuMemGetAllocationPropertiesFromHandle, cuMemGetAllocationPropertiesFromHandle, 10020, required,             \
          (CUmemAllocationProp * prop, CUmemGenericAllocationHandle handle))                                           \
    ENTRY(cuMemAddressReserve, cuMemAddressReserve, 10020, required,                                                   \
          (CUdeviceptr * pointer, std::size_t size, std::size_t alignment, CUdeviceptr address,                        \
           unsigned long long flags))                                                                                  \
    ENTRY(cuMemAddressFree, cuMemAddressFree, 10020, required, (CUdeviceptr pointer, std::size_t size))                \
    ENTRY(cuMemMap, cuMemMap, 10020, required,                                                                         \
          (CUdeviceptr pointer, std::size_t size, std::size_t offset, CUmemGenericAllocationHandle handle,             \
           unsigned long long flags))                                                                                  \
    ENTRY(cuMemUnmap, cuMemUnmap, 10020, required, (CUdeviceptr pointer, std::size_t size))                            \
    ENTRY(cuMemSetAccess, cuMemSetAccess, 10020, required,                                                             \
          (CUdeviceptr pointer, std::size_t size, const CUmemAccessDesc* access, std::size_t count))                   \
    ENTRY(cuMemGetHandleForAddressRange, cuMemGetHandleForAddressRange, 11070, optional,                               \
          (void* handle, CUdeviceptr pointer, std::size_t size, CUmemRangeHandleType type, unsigned long long flags))  \
    ENTRY(cuMemGetAccess, cuMemGetAccess, 10020, required,                                                             \
          (unsigned long long* flags, const CUmemLocation* location, CUdeviceptr pointer))                             \
    ENTRY(cuMemcpyHtoD, cuMemcpyHtoD_v2, 3020, required,                                                               \
          (CUdeviceptr destination, const void* source, std::size_t size))                                             \
    ENTRY(cuMemcpyDtoH, cuMemcpyDtoH_v2, 3020, required, (void* destination, CUdeviceptr source, std::size_t size))    \
    ENTRY(cuMemcpyDtoD, cuMemcpyDtoD_v2, 3020, required,                                                               \
          (CUdeviceptr destination, CUdeviceptr source, std::size_t size))                                             \
    ENTRY(cuMemcpyHtoDAsync, cuMemcpyHtoDAsync_v2, 3020, required,                                                     \
          (CUdeviceptr destination, const void* source, std::size_t size, CUstream stream))                            \
    ENTRY(cuMemcpyDtoHAsync, cuMemcpyDtoHAsync_v2, 3020, required,                                                     \
          (void* destination, CUdeviceptr source, std::size_t size, CUstream stream))                                  \
    ENTRY(cuMemcpyDtoDAsync, cuMemcpyDtoDAsync_v2, 3020, required,                                                     \
          (CUdeviceptr destination, CUdeviceptr source, std::size_t size, CUstream stream))                            \
    ENTRY(cuMemcpy2D, cuMemcpy2D_v2, 3020, required, (const CUDA_MEMCPY2D* copy))                                      \
    ENTRY(cuMemcpy2DUnaligned, cuMemcpy2DUnaligned_v2, 3020, required, (const CUDA_MEMCPY2D* copy))                    \
    ENTRY(cuMemcpy2DAsync, cuMemcpy2DAsync_v2, 3020, required, (const CUDA_MEMCPY2D* copy, CUstream stream))           \
    ENTRY(cuMemcpy3D, cuMemcpy3D_v2, 3020, required, (const CUDA_MEMCPY3D* copy))                                      \
    ENTRY(cuMemcpy3DAsync, cuMemcpy3DAsync_v2, 3020, required, (const CUDA_MEMCPY3D* copy, CUstream stream))           \
    ENTRY(cuMemsetD8, cuMemsetD8_v2, 3020, required,                                                                   \
          (CUdeviceptr destination, unsigned char value, std::size_t count))                                           \
    ENTRY(cuMemsetD32, cuMemsetD32_v2, 3020, required, (CUdeviceptr destination, unsigned value, std::size_t count))   \
    ENTRY(cuMemsetD8Async, cuMemsetD8Async, 3020, required,                                                            \
          (CUdeviceptr destination, unsigned char value, std::size_t count, CUstream stream))                          \
    ENTRY(cuMemsetD32Async, cuMemsetD32Async, 3020, required,                                                          \
          (CUdeviceptr destination, unsigned value, std::size_t count, CUstream stream))                               \
    ENTRY(cuArrayCreate, cuArrayCreate_v2, 3020, required, (CUarray * made, const CUDA_ARRAY_DESCRIPTOR* desc))        \
    ENTRY(cuArrayGetDescriptor, cuArrayGetDescriptor_v2, 3020, required,                                               \
          (CUDA_ARRAY_DESCRIPTOR * desc, CUarray array))                                                               \
    ENTRY(cuArray3DCreate, cuArray3DCreate_v2, 3020, required, (CUarray * made, const CUDA_ARRAY3D_DESCRIPTOR* desc))  \
    ENTRY(cuArray3DGetDescriptor, cuArray3DGetDescriptor_v2, 3020, required,                                           \
          (CUDA_ARRAY3D_DESCRIPTOR * desc, CUarray array))                                                             \
    ENTRY(cuArrayGetMemoryRequirements, cuArrayGetMemoryRequirements, 11060, optional,                                 \
          (CUDA_ARRAY_MEMORY_REQUIREMENTS * requirements, CUarray array, CUdevice device))                             \
    ENTRY(cuArrayDestroy, cuArrayDestroy, 2000, required, (CUarray array))                                             \
    ENTRY(cuMipmappedArrayCreate, cuMipmappedArrayCreate, 5000, required,                                              \
          (CUmipmappedArray * mipmap, const CUDA_ARRAY3D_DESCRIPTOR* desc, unsigned levels))                           \
    ENTRY(cuMipmappedArrayGetLevel, cuMipmappedArrayGetLevel, 5000, required,                                          \
          (CUarray * array, CUmipmappedArray mipmap, unsigned level))                                                  \
    ENTRY(cuMipmappedArrayGetMemoryRequirements, cuMipmappedArrayGetMemoryRequirements, 11060, optional,               \
          (CUDA_ARRAY_MEMORY_REQUIREMENTS * requirements, CUmipmappedArray mipmap, CUdevice device))                   \
    ENTRY(cuMipmappedArrayDestroy, cuMipmappedArrayDestroy, 5000, required, (CUmipmappedArray mipmap))                 \
    ENTRY(cuStreamCreate, cuStreamCreate, 2000, required, (CUstream * stream, unsigned flags))                         \
    ENTRY(cuStreamDestroy, cuStreamDestroy_v2, 4000, required, (CUstream stream))                                      \
    ENTRY(cuStreamSynchronize, cuStreamSynchronize, 2000, required, (CUstream stream))                                 \
    ENTRY(cuStreamQuery, cuStreamQuery, 2000, required, (CUstream stream))                                             \
    ENTRY(cuStreamWaitEvent, cuStreamWaitEvent, 3020, required, (CUstream stream, CUevent event, unsigned flags))      \
    ENTRY(cuStreamGetCtx, cuStreamGetCtx, 9020, required, (CUstream stream, CUcontext * context))                      \
    ENTRY(cuStreamGetId, cuStreamGetId, 12000, optional, (CUstream stream, unsigned long long* id))                    \
    ENTRY(cuStreamIsCapturing, cuStreamIsCapturing, 10000, required,                                                   \
          (CUstream stream, CUstreamCaptureStatus * status))                                                           \
    ENTRY(cuStreamBeginCapture, cuStreamBeginCapture_v2, 10010, required, (CUstream stream, CUstreamCaptureMode mode)) \
    ENTRY(cuStreamEndCapture, cuStreamEndCapture, 10000, required, (CUstream stream, CUgraph * graph))                 \
    ENTRY(cuThreadExchangeStreamCaptureMode, cuThreadExchangeStreamCaptureMode, 10010, required,                       \
          (CUstreamCaptureMode * mode))                                                                                \
    ENTRY(cuGraphDestroy, cuGraphDestroy, 10000, required, (CUgraph graph))                                            \
    ENTRY(cuStreamWaitValue32, cuStreamWaitValue32_v2, 11070, optional,                                                \
          (CUstream stream, CUdeviceptr address, std::uint32_t value, unsigned flags))                                 \
    ENTRY(cuStreamWaitValue64, cuStreamWaitValue64_v2, 11070, optional,                                                \
          (CUstream stream, CUdeviceptr address, std::uint64_t value, unsigned flags))                                 \
    ENTRY(cuStreamWriteValue32, cuStreamWriteValue32_v2, 11070, optional,                                              \
          (CUstream stream, CUdeviceptr address, std::uint32_t value, unsigned flags))                                 \
    ENTRY(cuStreamWriteValue64, cuStreamWriteValue64_v2, 11070, optional,                                              \
          (CUstream stream, CUdeviceptr address, std::uint64_t value, unsigned flags))                                 \
    ENTRY(cuStreamBatchMemOp, cuStreamBatchMemOp_v2, 11070, optional,                                                  \
          (CUstream stream, unsigned count, CUstreamBatchMemOpParams* operations, unsigned flags))                     \
    ENTRY(cuLaunchHostFunc, cuLaunchHostFunc, 10000, required, (CUstream stream, CUhostFn function, void* userData))   \
    ENTRY(cuEventCreate, cuEventCreate, 2000, required, (CUevent * event, unsigned flags))                             \
    ENTRY(cuEventDestroy, cuEventDestroy_v2, 4000, required, (CUevent event))                                          \
    ENTRY(cuEventRecord, cuEventRecord, 2000, required, (CUevent event, CUstream stream))                              \
    ENTRY(cuEventQuery, cuEventQuery, 2000, required, (CUevent event))                                                 \
    ENTRY(cuEventSynchronize, cuEventSynchronize, 2000, required, (CUevent event))                                     \
    ENTRY(cuEventElapsedTime, cuEventElapsedTime, 2000, required, (float* milliseconds, CUevent start, CUevent end))   \
    ENTRY(cuModuleLoadData, cuModuleLoadData, 2000, required, (CUmodule * module, const void* image))                  \
    ENTRY(cuModuleLoadDataEx, cuModuleLoadDataEx, 2010, required,                                                      \
          (CUmodule * module, const void* image, unsigned count, CUjit_option* options, void** values))                \
    ENTRY(cuModuleUnload, cuModuleUnload, 2000, required, (CUmodule module))                                           \
    ENTRY(cuModuleGetFunction, cuModuleGetFunction, 2000, required,                                                    \
          (CUfunction * function, CUmodule module, const char* name))                                                  \
    ENTRY(cuLaunchKernel, cuLaunchKernel, 4000, required,                                                              \
          (CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,      \
           unsigned blockZ, unsigned sharedBytes, CUstream stream, void** parameters, void** extra))                   \
    ENTRY(cuImportExternalMemory, cuImportExternalMemory, 10000, required,                                             \
          (CUexternalMemory * memory, const CUDA_EXTERNAL_MEMORY_HANDLE_DESC* desc))                                   \
    ENTRY(cuExternalMemoryGetMappedBuffer, cuExternalMemoryGetMappedBuffer, 10000, required,                           \
          (CUdeviceptr * pointer, CUexternalMemory memory, const CUDA_EXTERNAL_MEMORY_BUFFER_DESC* desc))              \
    ENTRY(cuExternalMemoryGetMappedMipmappedArray, cuExternalMemoryGetMappedMipmappedArray, 10000, required,           \
          (CUmipmappedArray * array, CUexternalMemory memory, const CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC* desc))  \
    ENTRY(cuDestroyExternalMemory, cuDestroyExternalMemory, 10000, required, (CUexternalMemory memory))                \
    ENTRY(cuImportExternalSemaphore, cuImportExternalSemaphore, 10000, required,                                       \
          (CUexternalSemaphore * semaphore, const CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC* desc))                          \
    ENTRY(cuSignalExternalSemaphoresAsync, cuSignalExternalSemaphoresAsync, 10000, required,                           \
          (const CUexternalSemaphore* semaphores, const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS* parameters,             \
           unsigned count, CUstream stream))                                                                           \
    ENTRY(cuWaitExternalSemaphoresAsync, cuWaitExternalSemaphoresAsync, 10000, required,                               \
          (const CUexternalSemaphore* semaphores, const CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS* parameters,               \
           unsigned count, CUstream stream))                                                                           \
    ENTRY(cuDestroyExternalSemaphore, cuDestroyExternalSemaphore, 10000, required, (CUexternalSemaphore semaphore))
