// SPDX-License-Identifier: Apache-2.0
#include "cuda/array_source.h"

namespace opennvsci::cuda {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

ArraySource::~ArraySource() {
    if (imported_ != nullptr && !driver_.is_gone(context_)) driver_.call.cuDestroyExternalMemory(imported_);
}

Result<> ArraySource::import() {
    OPENNVSCI_TRY_ASSIGN(descriptor, allocation_.share());
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD;
    desc.handle.fd = descriptor.get();
    desc.size = allocation_.size();
    const CUresult result = driver_.call.cuImportExternalMemory(&imported_, &desc);
    if (result != CUDA_SUCCESS) {
        imported_ = nullptr;
        return driver_.error(result, "cuImportExternalMemory of the memory as OPAQUE_FD");
    }
    (void)descriptor.release();  // the driver's now
    return {};
}

Result<CUmipmappedArray> ArraySource::map(const CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc) {
    const std::lock_guard lock(mutex_);
    if (driver_.is_gone(context_)) {
        return fail(NvSciError_InvalidState, "the context that the external memory was imported in is gone",
                    CUDA_ERROR_INVALID_CONTEXT);
    }
    if (imported_ == nullptr) OPENNVSCI_TRY(import());
    CUmipmappedArray array = nullptr;
    const CUresult result = driver_.call.cuExternalMemoryGetMappedMipmappedArray(&array, imported_, &desc);
    if (result != CUDA_SUCCESS) return driver_.error(result, "cuExternalMemoryGetMappedMipmappedArray");
    return array;
}

}  // namespace opennvsci::cuda
