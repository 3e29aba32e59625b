// SPDX-License-Identifier: Apache-2.0
//
// MappedPointers: the device pointers that imports have handed out, so that cuMemFree can tell ours from the driver's.
// Two mappings may have the same address (system memory has one per right in a context); then each is freed once.
// Thread-safe. Programs that never import pay one atomic load per cuMemFree.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

#include "base/cuda_abi.h"
#include "base/process.h"
#include "base/since.h"
#include "buf/object.h"
#include "driver/context_watch.h"

namespace opennvsci::cuda {

/// One mapping with what it needs to stay valid. The mapping goes before the object that owns the memory.
struct MappedBuffer {
    std::shared_ptr<buf::Object> object;
    std::unique_ptr<memory::GpuMapping> mapping;
    const driver::ContextWatch* context;  ///< of the import
    std::uint64_t maker = process::token();
    Since since{};
    std::uint64_t given_back = 0;  ///< the number of its give_back(), if it waits for the work of its context
};

class MappedPointers {
  public:
    /// The registry of the process; never destroyed, because programs free from static destructors.
    [[nodiscard]] static MappedPointers& instance();

    void insert(cu::CUdeviceptr pointer, MappedBuffer buffer);

    /// True if a mapping was returned as `pointer` and is not freed.
    [[nodiscard]] bool contains(cu::CUdeviceptr pointer) noexcept {
        return count_.load(std::memory_order_relaxed) != 0 && find(pointer);
    }

    /// The pointer that was returned for a mapping which holds `address`, for the text of a failure; 0 if none does.
    [[nodiscard]] cu::CUdeviceptr around(cu::CUdeviceptr address) noexcept;

    /// Takes down a mapping that was returned as `pointer`, after all GPU work that could use it: the work of the
    /// import's context, unless that is gone, and of the current context. False if the pointer is not ours; then
    /// nothing has happened. A wait of more than a second is said in the log; no lock is held meanwhile. Errors:
    /// OUT_OF_MEMORY if not even waiting is possible, and the mapping stays; the driver's if the work had failed, and
    /// the mapping is gone all the same.
    [[nodiscard]] Result<bool> free(cu::CUdeviceptr pointer);

    /// Takes down the mapping that was returned as `pointer` for an import in `context`, after the work of this context
    /// alone. Where not even waiting is possible it stays, and goes with the next one that is given back there. Leaves
    /// mappings of the process that this one was forked from alone.
    void give_back(cu::CUdeviceptr pointer, const driver::ContextWatch& context) noexcept;

    /// Calls `visit(pointer, buffer)` for at most `most` mappings that this process has made, under the lock that all
    /// others need too; returns how many there are.
    template <class Visit>
    std::size_t for_each_own(std::size_t most, const Visit& visit) {
        const std::lock_guard lock(mutex_);
        std::size_t count = 0;
        for (const auto& [pointer, buffer] : buffers_) {
            if (buffer.maker == process::token() && ++count <= most) visit(pointer, buffer);
        }
        return count;
    }

  private:
    MappedPointers();
    [[nodiscard]] bool find(cu::CUdeviceptr pointer) noexcept;
    [[nodiscard]] Result<> wait_for_work(const driver::ContextWatch& import);
    [[nodiscard]] Result<> wait_for_import(const driver::ContextWatch& import);
    [[nodiscard]] bool has_waited_for(const driver::ContextWatch& import) noexcept;
    [[nodiscard]] Result<> wait_for_current(const driver::ContextWatch& context);
    [[nodiscard]] bool is_first_in(const driver::ContextWatch& context);

    std::atomic<std::size_t> count_{0};
    std::mutex mutex_;
    std::unordered_multimap<cu::CUdeviceptr, MappedBuffer> buffers_;
    std::unordered_set<unsigned long long> waited_for_;  // ids of contexts
    std::uint64_t given_back_ = 0;                       // how many
};

}  // namespace opennvsci::cuda
