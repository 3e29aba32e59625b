// SPDX-License-Identifier: Apache-2.0
#include "cuda/mapped_pointers.h"

#include "driver/scoped_context.h"

namespace opennvsci::cuda {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

namespace {

Result<> synchronize(const driver::Driver& driver) {
    const CUresult result = driver.call.cuCtxSynchronize();
    if (result != CUDA_SUCCESS) return driver.error(result, "cuCtxSynchronize");
    return {};
}

// cuMemFree waits for running work, and programs rely on it; taking down a mapping does not wait by itself. Work may
// run in the caller's context and in the one of the import. That one can only be waited for if it still exists, which
// is known of the caller's own and of the primary one.
Result<> wait_for_work(const MappedBuffer& buffer) {
    const driver::Driver& driver = *buffer.driver;
    CUcontext current = nullptr;
    driver.call.cuCtxGetCurrent(&current);
    if (current != nullptr) OPENNVSCI_TRY(synchronize(driver));
    if (current == buffer.context) return {};
    using driver::ScopedContext;
    const ScopedContext context(driver, *buffer.device, ScopedContext::Want::primary_if_any);
    if (context.has_primary()) OPENNVSCI_TRY(synchronize(driver));
    return {};
}

}  // namespace

MappedPointers& MappedPointers::instance() {
    static MappedPointers& pointers = *new MappedPointers;
    return pointers;
}

void MappedPointers::insert(CUdeviceptr pointer, MappedBuffer buffer) {
    const std::lock_guard lock(mutex_);
    buffers_.emplace(pointer, std::move(buffer));
    count_.fetch_add(1, std::memory_order_relaxed);
}

bool MappedPointers::find(CUdeviceptr pointer) noexcept {
    const std::lock_guard lock(mutex_);
    return buffers_.count(pointer) != 0;
}

Result<bool> MappedPointers::free(CUdeviceptr pointer) {
    if (count_.load(std::memory_order_relaxed) == 0) return false;
    decltype(buffers_)::node_type taken;
    {
        const std::lock_guard lock(mutex_);
        taken = buffers_.extract(pointer);
        if (taken.empty()) return false;
        count_.fetch_sub(1, std::memory_order_relaxed);
    }
    OPENNVSCI_TRY(wait_for_work(taken.mapped()));
    return true;
}

}  // namespace opennvsci::cuda
