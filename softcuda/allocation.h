// SPDX-License-Identifier: Apache-2.0
//
// An Allocation is memory made by cuMemCreate, or imported from another process: one sealed memfd that holds the bytes
// and, behind them, a page of description (the trailer). It owns a descriptor of the memfd and, in the process that
// made it, its share of the device's budget. The memory lives while an Allocation, a descriptor or a mapping does.
//
// A descriptor from outside is hostile until checked: it must be a readable and writable memfd of exactly the described
// size, sealed against resizing and against nothing else, with a well-formed trailer. The trailer can be rewritten
// by everyone who has the descriptor, so it is read once, and nothing that bounds a memory access is taken from it.
#pragma once

#include <cstddef>
#include <memory>

#include "base/unique_fd.h"
#include "softcuda/abi.h"
#include "softcuda/device.h"
#include "softcuda/handle_table.h"
#include "softcuda/mapping.h"
#include "softcuda/memory_id.h"

namespace opennvsci::softcuda {

inline constexpr std::size_t kGranularity = std::size_t{2} << 20;  // driver-facts.md F8

class Allocation {
  public:
    /// Checks `properties` as cuMemCreate and cuMemGetAllocationGranularity do.
    [[nodiscard]] static CUresult check(const CUmemAllocationProp& properties) noexcept;

    [[nodiscard]] static CUresult create(std::size_t size, const CUmemAllocationProp& properties,
                                         std::shared_ptr<Allocation>& allocation);

    /// Borrows `fd`. INVALID_VALUE if it is no memory of a software device, INVALID_DEVICE if this process lacks it.
    [[nodiscard]] static CUresult import(int fd, std::shared_ptr<Allocation>& allocation);

    [[nodiscard]] unsigned long long id() const noexcept { return id_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] const CUmemAllocationProp& properties() const noexcept { return properties_; }
    [[nodiscard]] bool is_imported() const noexcept { return is_imported_; }
    [[nodiscard]] bool on_host() const noexcept { return properties_.location.type == CU_MEM_LOCATION_TYPE_HOST_NUMA; }

    /// A new descriptor; INVALID_VALUE if the allocation was not created to be shared.
    [[nodiscard]] CUresult export_fd(UniqueFd& fd) const noexcept;

    /// Maps all of it; with an address, over reserved addresses there.
    [[nodiscard]] CUresult map(void* address, int protection, Mapping& mapping) const noexcept;

  private:
    Allocation(UniqueFd fd, std::size_t size, const CUmemAllocationProp& properties, MemoryCharge charge,
               bool is_imported) noexcept
        : fd_(std::move(fd)),
          size_(size),
          properties_(properties),
          charge_(std::move(charge)),
          is_imported_(is_imported) {}

    const unsigned long long id_ = new_memory_id();
    const UniqueFd fd_;
    const std::size_t size_;
    const CUmemAllocationProp properties_;
    const MemoryCharge charge_;
    const bool is_imported_;
};

/// The allocations that have handles.
[[nodiscard]] HandleTable<Allocation>& allocation_handles();

}  // namespace opennvsci::softcuda
