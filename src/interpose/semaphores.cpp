// SPDX-License-Identifier: Apache-2.0
#include "interpose/semaphores.h"

#include "api/nvscicuda_abi.h"

namespace opennvsci::interpose {
namespace {

bool is_ours(const CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC* desc) noexcept {
    return enabled() && desc != nullptr && desc->type == CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC;
}

// For the functions of nvscicuda.h a stream of 0 is the legacy default stream.
CUstream per_thread(CUstream stream) noexcept {
    constexpr std::uintptr_t kPerThreadStream = 2;  // CU_STREAM_PER_THREAD
    return stream != nullptr ? stream : reinterpret_cast<CUstream>(kPerThreadStream);
}

}  // namespace

CUresult cuDeviceGetNvSciSyncAttributes(void* nvSciSyncAttrList, CUdevice dev, int flags) {
    if (enabled()) return nvsciCuDeviceGetNvSciSyncAttributes(nvSciSyncAttrList, dev, flags);
    return OPENNVSCI_FORWARD(cuDeviceGetNvSciSyncAttributes, nvSciSyncAttrList, dev, flags);
}

CUresult cuImportExternalSemaphore(CUexternalSemaphore* extSem_out,
                                   const CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC* semHandleDesc) {
    if (is_ours(semHandleDesc)) return nvsciCuImportExternalSemaphore(extSem_out, semHandleDesc);
    return OPENNVSCI_FORWARD(cuImportExternalSemaphore, extSem_out, semHandleDesc);
}

CUresult cuSignalExternalSemaphoresAsync(const CUexternalSemaphore* extSemArray,
                                         const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS* paramsArray, unsigned numExtSems,
                                         CUstream stream) {
    if (is_any_ours(extSemArray, numExtSems)) {
        return nvsciCuSignalExternalSemaphoresAsync(extSemArray, paramsArray, numExtSems, stream);
    }
    return OPENNVSCI_FORWARD(cuSignalExternalSemaphoresAsync, extSemArray, paramsArray, numExtSems, stream);
}

CUresult cuSignalExternalSemaphoresAsync_ptsz(const CUexternalSemaphore* extSemArray,
                                              const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS* paramsArray,
                                              unsigned numExtSems, CUstream stream) {
    if (is_any_ours(extSemArray, numExtSems)) {
        return nvsciCuSignalExternalSemaphoresAsync(extSemArray, paramsArray, numExtSems, per_thread(stream));
    }
    return OPENNVSCI_FORWARD(cuSignalExternalSemaphoresAsync_ptsz, extSemArray, paramsArray, numExtSems, stream);
}

CUresult cuWaitExternalSemaphoresAsync(const CUexternalSemaphore* extSemArray,
                                       const CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS* paramsArray, unsigned numExtSems,
                                       CUstream stream) {
    if (is_any_ours(extSemArray, numExtSems)) {
        return nvsciCuWaitExternalSemaphoresAsync(extSemArray, paramsArray, numExtSems, stream);
    }
    return OPENNVSCI_FORWARD(cuWaitExternalSemaphoresAsync, extSemArray, paramsArray, numExtSems, stream);
}

CUresult cuWaitExternalSemaphoresAsync_ptsz(const CUexternalSemaphore* extSemArray,
                                            const CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS* paramsArray, unsigned numExtSems,
                                            CUstream stream) {
    if (is_any_ours(extSemArray, numExtSems)) {
        return nvsciCuWaitExternalSemaphoresAsync(extSemArray, paramsArray, numExtSems, per_thread(stream));
    }
    return OPENNVSCI_FORWARD(cuWaitExternalSemaphoresAsync_ptsz, extSemArray, paramsArray, numExtSems, stream);
}

CUresult cuDestroyExternalSemaphore(CUexternalSemaphore extSem) {
    if (is_ours(extSem)) return nvsciCuDestroyExternalSemaphore(extSem);
    return OPENNVSCI_FORWARD(cuDestroyExternalSemaphore, extSem);
}

}  // namespace opennvsci::interpose
