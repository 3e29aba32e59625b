// SPDX-License-Identifier: Apache-2.0
#include "sync.h"

#include "opennvsci.h"

namespace opennvsci::tool {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

// Of nvscicuda.h, which includes <cuda.h>.
extern "C" {
CUresult nvsciCuDeviceGetNvSciSyncAttributes(void* nvSciSyncAttrList, CUdevice dev, int flags);
CUresult nvsciCuImportExternalSemaphore(CUexternalSemaphore* extSem_out,
                                        const CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC* semHandleDesc);
CUresult nvsciCuSignalExternalSemaphoresAsync(const CUexternalSemaphore* extSemArray,
                                              const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS* paramsArray,
                                              unsigned numExtSems, CUstream stream);
CUresult nvsciCuWaitExternalSemaphoresAsync(const CUexternalSemaphore* extSemArray,
                                            const CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS* paramsArray, unsigned numExtSems,
                                            CUstream stream);
CUresult nvsciCuDestroyExternalSemaphore(CUexternalSemaphore extSem);
}

Result<SyncList> list_for_streams(const Driver& driver, const OpenNvSciDevice& device, const SyncModule& module,
                                  int flags, const std::string& name) {
    CUdevice number = 0;
    OPENNVSCI_TRY(check(driver, driver.call.cuDeviceGet(&number, static_cast<int>(device.ordinal)), "cuDeviceGet"));
    SyncList list;
    OPENNVSCI_TRY(check(NvSciSyncAttrListCreate(module.get(), list.out()), "NvSciSyncAttrListCreate"));
    OPENNVSCI_TRY(check(opennvsciSyncAttrListSetName(list.get(), name.c_str()), "opennvsciSyncAttrListSetName"));
    OPENNVSCI_TRY(check(driver, nvsciCuDeviceGetNvSciSyncAttributes(list.get(), number, flags),
                        "nvsciCuDeviceGetNvSciSyncAttributes"));
    return list;
}

Result<Semaphore> Semaphore::import(const Driver& driver, const SyncObject& object) {
    CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc{};
    desc.type = CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC;
    desc.handle.nvSciSyncObj = object.get();
    CUexternalSemaphore handle = nullptr;
    OPENNVSCI_TRY(check(driver, nvsciCuImportExternalSemaphore(&handle, &desc), "nvsciCuImportExternalSemaphore"));
    return Semaphore(driver, handle);
}

Semaphore::~Semaphore() {
    if (handle_ != nullptr) nvsciCuDestroyExternalSemaphore(handle_);
}

Result<NvSciSyncFence> Semaphore::signal(CUstream stream) const {
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS params{};
    params.params.nvSciSync.fence = &fence;
    OPENNVSCI_TRY(check(driver_, nvsciCuSignalExternalSemaphoresAsync(&handle_, &params, 1, stream),
                        "nvsciCuSignalExternalSemaphoresAsync"));
    return fence;
}

Result<> Semaphore::wait(NvSciSyncFence fence, CUstream stream) const {
    CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS params{};
    params.params.nvSciSync.fence = &fence;
    return check(driver_, nvsciCuWaitExternalSemaphoresAsync(&handle_, &params, 1, stream),
                 "nvsciCuWaitExternalSemaphoresAsync");
}

Result<> Semaphore::destroy() {
    return check(driver_, nvsciCuDestroyExternalSemaphore(std::exchange(handle_, nullptr)),
                 "nvsciCuDestroyExternalSemaphore");
}

}  // namespace opennvsci::tool
