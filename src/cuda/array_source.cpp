// SPDX-License-Identifier: Apache-2.0
#include "cuda/array_source.h"

namespace opennvsci::cuda {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

ArraySource::~ArraySource() {
    if (imported_ == nullptr || !context_.is_alive()) return;
    const driver::PushedContext pushed(context_);
    driver::apart(context_.driver())->cuDestroyExternalMemory(imported_);
}

Result<> ArraySource::import() {
    OPENNVSCI_TRY_ASSIGN(descriptor, allocation_.descriptor_for_arrays());
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD;
    desc.handle.fd = descriptor.get();
    desc.size = allocation_.size();
    const driver::Driver& driver = context_.driver();
    const CUresult result = driver::apart(driver)->cuImportExternalMemory(&imported_, &desc);
    if (result != CUDA_SUCCESS) {
        imported_ = nullptr;
        return driver.error(result, "cuImportExternalMemory of the memory as OPAQUE_FD");
    }
    (void)descriptor.release();  // the driver's now
    return {};
}

Result<CUmipmappedArray> ArraySource::map_in_context(const CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc) {
    const std::lock_guard lock(mutex_);
    if (imported_ == nullptr) OPENNVSCI_TRY(import());
    const driver::Driver& driver = context_.driver();
    CUmipmappedArray array = nullptr;
    const CUresult result = driver::apart(driver)->cuExternalMemoryGetMappedMipmappedArray(&array, imported_, &desc);
    if (result != CUDA_SUCCESS) return driver.error(result, "cuExternalMemoryGetMappedMipmappedArray");
    return array;
}

Result<CUmipmappedArray> ArraySource::map(const CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc) {
    return context_.run([&] { return map_in_context(desc); });
}

}  // namespace opennvsci::cuda
