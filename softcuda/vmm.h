// SPDX-License-Identifier: Apache-2.0
//
// Virtual memory management: reserved address ranges and the allocations mapped into them.
//
// A reservation is inaccessible memory; a mapping replaces a part of it by an allocation's bytes, inaccessible until
// access is set. Rights are kept per device and checked by copies; a plain load or store by the CPU (host functions
// stand in for kernels) is held to the strongest right of any location, by the MMU. Only whole allocations are mapped,
// so only whole mappings are unmapped or given rights, as many in one call as lie side by side.
//
// Taking rights or memory away waits for the copies that use it, and no lock is held meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "softcuda/abi.h"
#include "softcuda/mapping.h"
#include "softcuda/ranges.h"

namespace opennvsci::softcuda {

class AddressSpace {
  public:
    [[nodiscard]] static AddressSpace& instance();

    [[nodiscard]] CUresult reserve(std::size_t size, std::size_t alignment, std::uintptr_t hint, std::uintptr_t& base);
    [[nodiscard]] CUresult unreserve(std::uintptr_t base, std::size_t size);

    [[nodiscard]] CUresult map(std::uintptr_t base, std::size_t size, std::shared_ptr<Allocation> allocation);
    [[nodiscard]] CUresult unmap(std::uintptr_t base, std::size_t size);

    [[nodiscard]] CUresult set_access(std::uintptr_t base, std::size_t size, const CUmemAccessDesc* access,
                                      std::size_t count);
    [[nodiscard]] CUresult get_access(std::uintptr_t address, const CUmemLocation& location,
                                      unsigned long long& flags) const;

  private:
    struct Place {
        std::shared_ptr<Range> range;
        bool leaving = false;  // being unmapped: gone for every caller but still in the way
    };
    struct Reservation {
        Mapping area;
        std::map<std::uintptr_t, Place> places;  // by base
    };
    using Ranges = std::vector<std::shared_ptr<Range>>;

    // These want mutex_ held.
    [[nodiscard]] Reservation* around(std::uintptr_t base, std::size_t size);
    /// True if the range is made of whole mappings without a gap, none of them being unmapped.
    [[nodiscard]] bool is_wholly_mapped(std::uintptr_t base, std::size_t size);
    [[nodiscard]] Ranges whole_mappings(std::uintptr_t base, std::size_t size);
    [[nodiscard]] bool still_mapped(const Range& range);

    mutable std::mutex mutex_;
    std::map<std::uintptr_t, Reservation> reservations_;  // by base
};

/// The handle-level calls of virtual memory management.
[[nodiscard]] CUresult create_allocation(std::size_t size, const CUmemAllocationProp& properties,
                                         CUmemGenericAllocationHandle& handle);
[[nodiscard]] CUresult release_allocation(CUmemGenericAllocationHandle handle);
[[nodiscard]] CUresult export_allocation(CUmemGenericAllocationHandle handle, CUmemAllocationHandleType type, int& fd);
/// Borrows `fd`.
[[nodiscard]] CUresult import_allocation(int fd, CUmemAllocationHandleType type, CUmemGenericAllocationHandle& handle);
[[nodiscard]] CUresult allocation_properties(CUmemGenericAllocationHandle handle, CUmemAllocationProp& properties);
[[nodiscard]] CUresult map_allocation(CUdeviceptr pointer, std::size_t size, std::size_t offset,
                                      CUmemGenericAllocationHandle handle);

}  // namespace opennvsci::softcuda
