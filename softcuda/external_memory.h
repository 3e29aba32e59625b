// SPDX-License-Identifier: Apache-2.0
//
// Memory imported as an opaque file descriptor: a handle that a context owns, buffers mapped from it, and arrays
// (array.h). Each is a mapping of its own that holds the storage, so they and the handle may be freed in any order.
// Always read-write, as this kind of import is in CUDA.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "softcuda/abi.h"
#include "softcuda/allocation.h"
#include "softcuda/handle_table.h"
#include "softcuda/stream.h"

namespace opennvsci::softcuda {

class Context;

class ExternalMemory {
  public:
    ExternalMemory(ContextId context, std::shared_ptr<Allocation> allocation, std::size_t size) noexcept
        : context_(context), allocation_(std::move(allocation)), size_(size) {}

    [[nodiscard]] ContextId context() const noexcept { return context_; }
    [[nodiscard]] const std::shared_ptr<Allocation>& allocation() const noexcept { return allocation_; }
    /// The size named at the import, which may be less than the allocation's.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    const ContextId context_;
    const std::shared_ptr<Allocation> allocation_;
    const std::size_t size_;
};

/// Takes the descriptor on success and leaves it with the caller on failure.
[[nodiscard]] CUresult import_external_memory(const Context& context, const CUDA_EXTERNAL_MEMORY_HANDLE_DESC& desc,
                                              CUexternalMemory& memory);

/// The buffer is freed with free_device_memory.
[[nodiscard]] CUresult map_external_buffer(const Context& context, CUexternalMemory memory,
                                           const CUDA_EXTERNAL_MEMORY_BUFFER_DESC& desc, CUdeviceptr& pointer);

[[nodiscard]] CUresult destroy_external_memory(CUexternalMemory memory);

/// INVALID_VALUE for a null handle, INVALID_HANDLE for one that is not live.
[[nodiscard]] CUresult find_external_memory(CUexternalMemory handle, std::shared_ptr<ExternalMemory>& memory);

[[nodiscard]] HandleTable<ExternalMemory>& external_memory_handles();

}  // namespace opennvsci::softcuda
