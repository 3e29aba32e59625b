// SPDX-License-Identifier: Apache-2.0
//
// The addresses that the devices know, and the right of each device on them. Copies and memsets look every operand up
// here at call time and pin it; who wants to take memory away removes its range first, so that no new work can reach
// it, then waits until the last pin is gone.
//
// A Range is described once and then constant, except its rights (guarded by the registry) and its memory, which
// only the one who removed the range from the registry may release. Who found a range and has not pinned it may read
// the description alone: what it tells of the allocation is copied there.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "softcuda/abi.h"
#include "softcuda/device.h"
#include "softcuda/mapping.h"
#include "softcuda/memory_id.h"
#include "softcuda/stream.h"

namespace opennvsci::softcuda {

class Allocation;

enum class RangeKind {
    device_allocation,
    managed_allocation,
    host_allocation,
    host_registration,
    vmm_mapping,
    external_buffer
};
using RangeKinds = std::initializer_list<RangeKind>;

struct Rights {
    std::array<CUmemAccess_flags, kMaxDevices> devices{};
    CUmemAccess_flags host = CU_MEM_ACCESS_FLAGS_PROT_NONE;  // the HOST_NUMA location of virtual memory management

    [[nodiscard]] static Rights all(CUmemAccess_flags right) noexcept {
        Rights rights;
        rights.devices.fill(right);
        return rights;
    }
    [[nodiscard]] CUmemAccess_flags strongest() const noexcept;
};

struct Range {
    std::uintptr_t base = 0;
    std::size_t size = 0;
    RangeKind kind = RangeKind::device_allocation;
    CUmemorytype memory_type = CU_MEMORYTYPE_DEVICE;
    int device = 0;                  // the ordinal that pointer queries report
    ContextId owner = 0;             // the context that frees it when it is destroyed; 0: none
    unsigned host_flags = 0;         // what cuMemHostGetFlags tells
    std::uintptr_t reservation = 0;  // base of the reservation around a vmm_mapping
    std::size_t reservation_size = 0;
    const unsigned long long id = new_memory_id();
    unsigned long long block_id = id;                 // the allocation's, where that is behind the range
    unsigned handle_types = CU_MEM_HANDLE_TYPE_NONE;  // in which a vmm_mapping's allocation can be shared
    std::atomic<bool> is_synchronous{false};  // what CU_POINTER_ATTRIBUTE_SYNC_MEMOPS was set to: changes nothing

    Rights rights;                           // guarded by the registry
    std::shared_ptr<Allocation> allocation;  // the storage behind a vmm_mapping or external_buffer
    MemoryCharge charge;
    Mapping mapping;  // empty for a host_registration: the program's own memory

    [[nodiscard]] std::uintptr_t end() const noexcept { return base + size; }
    [[nodiscard]] bool is_host() const noexcept {
        return kind == RangeKind::host_allocation || kind == RangeKind::host_registration;
    }
    /// Waits for the last pin, then gives back mapping, storage and charge. For the one who removed the range.
    void release_memory();
    void wait_until_unpinned();

  private:
    friend class RangeRegistry;

    std::mutex pin_mutex;
    std::condition_variable unpinned;
    int pins = 0;
};

/// Keeps the memory of a range in place while it exists.
using Pin = std::shared_ptr<Range>;
using Pins = std::vector<Pin>;

class RangeRegistry {
  public:
    [[nodiscard]] static RangeRegistry& instance();

    /// For addresses that the device mapped itself.
    void insert(const std::shared_ptr<Range>& range);

    /// insert for memory of the program: HOST_MEMORY_ALREADY_REGISTERED if a page of it is registered or allocated by
    /// the device already, INVALID_VALUE if it overlaps other device memory.
    [[nodiscard]] CUresult insert_registration(const std::shared_ptr<Range>& range);

    /// The range around `address`; nullptr if the devices do not know it.
    [[nodiscard]] std::shared_ptr<Range> find(std::uintptr_t address) const;

    void remove(const Range& range);

    /// Removes the range that starts at `base` and is of one of the kinds; nullptr if there is none.
    [[nodiscard]] std::shared_ptr<Range> take(std::uintptr_t base, RangeKinds kinds);
    [[nodiscard]] std::vector<std::shared_ptr<Range>> take_owned_by(ContextId context);

    /// Pins [address, address + size) if all of it is known and `device` has the right; else leaves `pins` as it is.
    /// A run of adjacent mappings counts as one operand if one reservation holds them.
    [[nodiscard]] bool pin(std::uintptr_t address, std::size_t size, int device, CUmemAccess_flags needed, Pins& pins);

    /// True if a part of [address, address + size) is known.
    [[nodiscard]] bool overlaps(std::uintptr_t address, std::size_t size) const;

    [[nodiscard]] Rights rights(const Range& range) const;
    void set_rights(Range& range, const Rights& rights);

  private:
    using Map = std::map<std::uintptr_t, std::shared_ptr<Range>>;

    [[nodiscard]] Map::const_iterator around(std::uintptr_t address) const;  // with mutex_ held

    mutable std::mutex mutex_;
    Map ranges_;  // by base; they never overlap
};

}  // namespace opennvsci::softcuda
