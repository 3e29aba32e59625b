// SPDX-License-Identifier: Apache-2.0
#include "cuda/mapped_pointers.h"

#include <algorithm>
#include <new>

#include "base/long_wait.h"

namespace opennvsci::cuda {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

namespace {

// Waits for all work of the current context as cuMemFree does, by freeing something. cuCtxSynchronize would invalidate
// every capture in the context, and nobody can be asked whether there is one; what frees memory leaves a capture as it
// is (driver-facts.md F28, F32 and F33). Host memory serves where the device has none left.
Result<> wait_for_current_context(const driver::Driver& driver) {
    const LongWait notice(
        "cuMemFree of a mapped buffer has waited for a second for the work of a context; if this work waits for a "
        "fence, and the thread that signals it also waits for this call, it waits for ever");
    CUdeviceptr memory = 0;
    CUresult result = driver::apart(driver)->cuMemAlloc(&memory, 1);
    if (result == CUDA_SUCCESS) {
        result = driver::apart(driver)->cuMemFree(memory);
        return result == CUDA_SUCCESS ? Result<>() : driver.error(result, "cuMemFree, which waits for work,");
    }
    if (result != CUDA_ERROR_OUT_OF_MEMORY) return driver.error(result, "cuMemAlloc");
    void* host_memory = nullptr;
    result = driver::apart(driver)->cuMemHostAlloc(&host_memory, 1, 0);
    if (result != CUDA_SUCCESS) return driver.error(result, "cuMemHostAlloc");
    result = driver::apart(driver)->cuMemFreeHost(host_memory);
    return result == CUDA_SUCCESS ? Result<>() : driver.error(result, "cuMemFreeHost, which waits for work,");
}

// Leaves a byte in the current context, to its end. While one lies there, the driver has room for another, and takes no
// granule for it and gives none back each time (driver-facts.md F48). Where there is no memory it goes without.
void leave_a_byte(const driver::Driver& driver) {
    CUdeviceptr stays = 0;
    driver::apart(driver)->cuMemAlloc(&stays, 1);
}

}  // namespace

// Waits for all work of the current context, which `context` watches.
Result<> MappedPointers::wait_for_current(const driver::ContextWatch& context) {
    if (is_first_in(context)) leave_a_byte(context.driver());
    return wait_for_current_context(context.driver());
}

bool MappedPointers::is_first_in(const driver::ContextWatch& context) {
    const std::lock_guard lock(mutex_);
    return waited_for_.insert(context.id()).second;
}

// The work of a context that ends meanwhile is done.
Result<> MappedPointers::wait_for_import(const driver::ContextWatch& import) {
    if (!import.is_alive()) return {};
    const Result<> waited = import.run([&] { return wait_for_current(import); });
    return import.is_alive() ? waited : Result<>();
}

// Work that failed is done too.
bool MappedPointers::has_waited_for(const driver::ContextWatch& import) noexcept {
    try {
        Result<> waited = wait_for_import(import);
        return waited || waited.error().cuda != CUDA_ERROR_OUT_OF_MEMORY;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

// Taking down a mapping does not wait by itself.
Result<> MappedPointers::wait_for_work(const driver::ContextWatch& import) {
    Result<> waited = wait_for_import(import);  // both are waited for, whatever comes of the first
    const auto current = driver::ContextWatch::of_current(import.driver());
    if (!current || *current == &import) return waited;  // none, or a destroyed one
    Result<> waited_for_current = wait_for_current(**current);
    return waited ? waited_for_current : waited;
}

MappedPointers& MappedPointers::instance() {
    static MappedPointers& pointers = *new MappedPointers;
    return pointers;
}

// Before there are threads: a fork in the middle of the first call would leave the child waiting for its end.
[[gnu::constructor]] static void make_mapped_pointers() {
    (void)MappedPointers::instance();
}

MappedPointers::MappedPointers() {
    process::guard_across_fork(mutex_);
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

CUdeviceptr MappedPointers::around(CUdeviceptr address) noexcept {
    const std::lock_guard lock(mutex_);
    for (const auto& [pointer, buffer] : buffers_) {
        const CUdeviceptr begin = buffer.mapping->address();
        if (address >= begin && address - begin < buffer.object->allocation().size()) return pointer;
    }
    return 0;
}

Result<bool> MappedPointers::free(CUdeviceptr pointer) {
    if (count_.load(std::memory_order_relaxed) == 0) return false;
    const driver::ContextWatch* import = nullptr;
    {
        const std::lock_guard lock(mutex_);
        const auto found = buffers_.find(pointer);
        if (found == buffers_.end()) return false;
        if (found->second.maker != process::token()) {
            return fail(NvSciError_InvalidState,
                        "the pointer belongs to the process that this one was forked from, which CUDA does not serve",
                        CUDA_ERROR_NOT_INITIALIZED);
        }
        import = found->second.context;
    }
    const Result<> waited = wait_for_work(*import);
    if (!waited && waited.error().cuda == CUDA_ERROR_OUT_OF_MEMORY) return tl::make_unexpected(waited.error());
    decltype(buffers_)::node_type taken;  // ends without the lock
    {
        const std::lock_guard lock(mutex_);
        taken = buffers_.extract(pointer);
        if (taken.empty()) return false;  // another thread was faster
        count_.fetch_sub(1, std::memory_order_relaxed);
    }
    if (!waited) return tl::make_unexpected(waited.error());
    return true;
}

// One wait serves all that were given back before it began, also by calls that could not wait.
void MappedPointers::give_back(CUdeviceptr pointer, const driver::ContextWatch& context) noexcept {
    const auto is_of_context = [&](const MappedBuffer& buffer) {
        return buffer.context == &context && buffer.maker == process::token();
    };
    std::uint64_t number = 0;
    {
        const std::lock_guard lock(mutex_);
        const auto [first, last] = buffers_.equal_range(pointer);
        const auto found = std::find_if(first, last, [&](const auto& entry) { return is_of_context(entry.second); });
        if (found == last) return;
        number = found->second.given_back = ++given_back_;
    }
    if (!has_waited_for(context)) return;
    for (;;) {
        decltype(buffers_)::node_type taken;  // ends without the lock
        const std::lock_guard lock(mutex_);
        const auto found = std::find_if(buffers_.begin(), buffers_.end(), [&](const auto& entry) {
            const std::uint64_t given_back = entry.second.given_back;
            return is_of_context(entry.second) && given_back != 0 && given_back <= number;
        });
        if (found == buffers_.end()) return;
        taken = buffers_.extract(found);
        count_.fetch_sub(1, std::memory_order_relaxed);
    }
}

}  // namespace opennvsci::cuda
