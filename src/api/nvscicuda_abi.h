// SPDX-License-Identifier: Apache-2.0
//
// The functions of nvscicuda.h for code of this project, which has no <cuda.h>: the same symbols, declared with the
// project's own restatement of CUDA's types.
#pragma once

#include "base/cuda_abi.h"

extern "C" {

opennvsci::cu::CUresult nvsciCuImportExternalMemory(
    opennvsci::cu::CUexternalMemory* extMem_out, const opennvsci::cu::CUDA_EXTERNAL_MEMORY_HANDLE_DESC* memHandleDesc);
opennvsci::cu::CUresult nvsciCuExternalMemoryGetMappedBuffer(
    opennvsci::cu::CUdeviceptr* devPtr, opennvsci::cu::CUexternalMemory extMem,
    const opennvsci::cu::CUDA_EXTERNAL_MEMORY_BUFFER_DESC* bufferDesc);
opennvsci::cu::CUresult nvsciCuExternalMemoryGetMappedMipmappedArray(
    opennvsci::cu::CUmipmappedArray* mipmap, opennvsci::cu::CUexternalMemory extMem,
    const opennvsci::cu::CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC* mipmapDesc);
opennvsci::cu::CUresult nvsciCuDestroyExternalMemory(opennvsci::cu::CUexternalMemory extMem);
opennvsci::cu::CUresult nvsciCuMemFree(opennvsci::cu::CUdeviceptr devPtr);

opennvsci::cu::CUresult nvsciCuDeviceGetNvSciSyncAttributes(void* nvSciSyncAttrList, opennvsci::cu::CUdevice dev,
                                                            int flags);
opennvsci::cu::CUresult nvsciCuImportExternalSemaphore(
    opennvsci::cu::CUexternalSemaphore* extSem_out,
    const opennvsci::cu::CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC* semHandleDesc);
opennvsci::cu::CUresult nvsciCuSignalExternalSemaphoresAsync(
    const opennvsci::cu::CUexternalSemaphore* extSemArray,
    const opennvsci::cu::CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS* paramsArray, unsigned numExtSems,
    opennvsci::cu::CUstream stream);
opennvsci::cu::CUresult nvsciCuWaitExternalSemaphoresAsync(
    const opennvsci::cu::CUexternalSemaphore* extSemArray,
    const opennvsci::cu::CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS* paramsArray, unsigned numExtSems,
    opennvsci::cu::CUstream stream);
opennvsci::cu::CUresult nvsciCuDestroyExternalSemaphore(opennvsci::cu::CUexternalSemaphore extSem);

}  // extern "C"
