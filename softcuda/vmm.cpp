// SPDX-License-Identifier: Apache-2.0
#include "softcuda/vmm.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <iterator>
#include <new>
#include <utility>

#include "softcuda/allocation.h"
#include "softcuda/errors.h"

namespace opennvsci::softcuda {
namespace {

int protection(CUmemAccess_flags right) noexcept {
    switch (right) {
        case CU_MEM_ACCESS_FLAGS_PROT_READWRITE:
            return PROT_READ | PROT_WRITE;
        case CU_MEM_ACCESS_FLAGS_PROT_READ:
            return PROT_READ;
        default:
            return PROT_NONE;
    }
}

bool protect(const Range& range, CUmemAccess_flags right) noexcept {
    return ::mprotect(range.mapping.address(), range.size, protection(right)) == 0;
}

bool is_right(CUmemAccess_flags flags) noexcept {
    return flags == CU_MEM_ACCESS_FLAGS_PROT_NONE || flags == CU_MEM_ACCESS_FLAGS_PROT_READ ||
           flags == CU_MEM_ACCESS_FLAGS_PROT_READWRITE;
}

/// The right of `location` on the range, or the reason why it can have none.
CUresult right_of(const Range& range, const CUmemLocation& location, Rights& rights, CUmemAccess_flags*& right) {
    switch (location.type) {
        case CU_MEM_LOCATION_TYPE_DEVICE:
            if (find_device(location.id) == nullptr) return CUDA_ERROR_INVALID_DEVICE;
            right = &rights.devices[static_cast<std::size_t>(location.id)];
            return CUDA_SUCCESS;
        case CU_MEM_LOCATION_TYPE_HOST_NUMA:
            if (!range.allocation->on_host()) return CUDA_ERROR_INVALID_VALUE;
            right = &rights.host;
            return CUDA_SUCCESS;
        case CU_MEM_LOCATION_TYPE_HOST:
            return CUDA_ERROR_NOT_SUPPORTED;
        default:
            return CUDA_ERROR_INVALID_VALUE;
    }
}

CUresult apply(const Range& range, const CUmemAccessDesc* access, std::size_t count, Rights& rights) {
    for (std::size_t i = 0; i < count; ++i) {
        if (!is_right(access[i].flags)) return CUDA_ERROR_INVALID_VALUE;
        CUmemAccess_flags* right = nullptr;
        if (const CUresult result = right_of(range, access[i].location, rights, right); result != CUDA_SUCCESS) {
            return result;
        }
        *right = access[i].flags;
    }
    return CUDA_SUCCESS;
}

/// True if a right in `before` is stronger than in `after`.
bool takes_away(const Rights& before, const Rights& after) noexcept {
    for (std::size_t i = 0; i < before.devices.size(); ++i) {
        if (before.devices[i] > after.devices[i]) return true;
    }
    return before.host > after.host;
}

/// Reserves `size` bytes at a multiple of `alignment`, near `hint` if the kernel likes it.
Mapping reserve_aligned(std::size_t size, std::size_t alignment, std::uintptr_t hint) noexcept {
    if (hint != 0 && hint % alignment == 0) {
        Mapping at_hint = Mapping::make(reinterpret_cast<void*>(hint), size, PROT_NONE, kReservedFlags);
        if (at_hint && at_hint.base() == hint) return at_hint;
    }
    if (size > SIZE_MAX - alignment) {
        errno = ENOMEM;
        return {};
    }
    Mapping wide = Mapping::make(nullptr, size + alignment, PROT_NONE, kReservedFlags);
    if (!wide) return {};
    // Cut the surplus off both ends; `alignment` is a multiple of the page size.
    const std::uintptr_t base = (wide.base() + alignment - 1) & ~(alignment - 1);
    const std::uintptr_t wide_base = wide.base();
    const std::size_t before = base - wide_base;
    const std::size_t after = alignment - before;
    if (before > 0) ::munmap(reinterpret_cast<void*>(wide_base), before);
    if (after > 0) ::munmap(reinterpret_cast<void*>(base + size), after);
    wide.disown();
    return {reinterpret_cast<void*>(base), size, Mapping::End::unmap};
}

}  // namespace

AddressSpace& AddressSpace::instance() {
    static auto& space = *new AddressSpace;
    return space;
}

CUresult AddressSpace::reserve(std::size_t size, std::size_t alignment, std::uintptr_t hint, std::uintptr_t& base) {
    if (size == 0 || size % kGranularity != 0) return CUDA_ERROR_INVALID_VALUE;
    if (alignment != 0 && !std::has_single_bit(alignment)) return CUDA_ERROR_INVALID_VALUE;
    Mapping area = reserve_aligned(size, std::max(alignment, kGranularity), hint);
    if (!area) return result_from_errno(errno);
    const std::uintptr_t reserved = area.base();
    const std::lock_guard lock(mutex_);
    reservations_.emplace(reserved, Reservation{std::move(area), {}});
    base = reserved;
    return CUDA_SUCCESS;
}

CUresult AddressSpace::unreserve(std::uintptr_t base, std::size_t size) {
    const std::lock_guard lock(mutex_);
    const auto found = reservations_.find(base);
    if (found == reservations_.end()) return CUDA_ERROR_INVALID_VALUE;
    const Reservation& reservation = found->second;
    if (reservation.area.size() != size || !reservation.places.empty()) return CUDA_ERROR_INVALID_VALUE;
    reservations_.erase(found);
    return CUDA_SUCCESS;
}

AddressSpace::Reservation* AddressSpace::around(std::uintptr_t base, std::size_t size) {
    auto next = reservations_.upper_bound(base);
    if (next == reservations_.begin()) return nullptr;
    Reservation& reservation = std::prev(next)->second;
    const std::uintptr_t offset = base - reservation.area.base();
    const bool inside = offset < reservation.area.size() && size <= reservation.area.size() - offset;
    return inside ? &reservation : nullptr;
}

bool AddressSpace::is_wholly_mapped(std::uintptr_t base, std::size_t size) {
    Reservation* reservation = around(base, size);
    if (reservation == nullptr || size == 0) return false;
    std::uintptr_t next = base;
    for (auto place = reservation->places.find(base); next < base + size; ++place) {
        if (place == reservation->places.end() || place->second.leaving || place->first != next) return false;
        next += place->second.range->size;
    }
    return next == base + size;
}

AddressSpace::Ranges AddressSpace::whole_mappings(std::uintptr_t base, std::size_t size) {
    if (!is_wholly_mapped(base, size)) return {};
    Ranges found;
    const Reservation& reservation = *around(base, size);
    for (auto place = reservation.places.find(base); place != reservation.places.lower_bound(base + size); ++place) {
        found.push_back(place->second.range);
    }
    return found;
}

bool AddressSpace::still_mapped(const Range& range) {
    const Reservation* reservation = around(range.base, range.size);
    if (reservation == nullptr) return false;
    const auto place = reservation->places.find(range.base);
    return place != reservation->places.end() && place->second.range.get() == &range && !place->second.leaving;
}

CUresult AddressSpace::map(std::uintptr_t base, std::size_t size, std::shared_ptr<Allocation> allocation) {
    if (base % kGranularity != 0) return CUDA_ERROR_INVALID_VALUE;
    if (size != allocation->size()) {
        // driver-facts.md F2
        return allocation->is_imported() ? CUDA_ERROR_NOT_SUPPORTED : CUDA_ERROR_INVALID_VALUE;
    }
    const std::lock_guard lock(mutex_);
    Reservation* reservation = around(base, size);
    if (reservation == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const auto next = reservation->places.lower_bound(base);
    if (next != reservation->places.end() && next->first < base + size) return CUDA_ERROR_INVALID_VALUE;
    if (next != reservation->places.begin() && std::prev(next)->second.range->end() > base) {
        return CUDA_ERROR_INVALID_VALUE;
    }

    auto range = std::make_shared<Range>();
    range->base = base;
    range->size = size;
    range->kind = RangeKind::vmm_mapping;
    range->memory_type = allocation->on_host() ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE;
    range->device = allocation->on_host() ? 0 : allocation->properties().location.id;
    range->block_id = allocation->id();
    range->handle_types = allocation->properties().requestedHandleTypes;
    range->reservation = reservation->area.base();
    range->reservation_size = reservation->area.size();
    const auto place = reservation->places.emplace_hint(next, base, Place{range});
    CUresult result = allocation->map(reinterpret_cast<void*>(base), PROT_NONE, range->mapping);
    if (result == CUDA_SUCCESS) {
        range->allocation = std::move(allocation);
        try {
            RangeRegistry::instance().insert(range);
        } catch (const std::bad_alloc&) {
            result = CUDA_ERROR_OUT_OF_MEMORY;
        }
    }
    if (result != CUDA_SUCCESS) {
        range->mapping.reset();
        reservation->places.erase(place);
    }
    return result;
}

// Without a list of the ranges: giving memory back must not need memory.
CUresult AddressSpace::unmap(std::uintptr_t base, std::size_t size) {
    {
        const std::lock_guard lock(mutex_);
        if (!is_wholly_mapped(base, size)) return CUDA_ERROR_INVALID_VALUE;
        auto& places = around(base, size)->places;
        for (auto place = places.find(base); place != places.lower_bound(base + size); ++place) {
            place->second.leaving = true;
            RangeRegistry::instance().remove(*place->second.range);
        }
    }
    // A place that is leaving stays until its memory is gone, which may mean to wait, so not under the lock.
    for (std::uintptr_t next = base; next < base + size;) {
        std::shared_ptr<Range> range;
        {
            const std::lock_guard lock(mutex_);
            range = around(base, size)->places.find(next)->second.range;
        }
        next += range->size;
        range->release_memory();
    }
    const std::lock_guard lock(mutex_);
    auto& places = around(base, size)->places;
    places.erase(places.find(base), places.lower_bound(base + size));
    return CUDA_SUCCESS;
}

CUresult AddressSpace::set_access(std::uintptr_t base, std::size_t size, const CUmemAccessDesc* access,
                                  std::size_t count) {
    RangeRegistry& registry = RangeRegistry::instance();
    Ranges ranges;
    Ranges weakened;
    {
        const std::lock_guard lock(mutex_);
        ranges = whole_mappings(base, size);
        if (ranges.empty()) return CUDA_ERROR_INVALID_VALUE;
        std::vector<Rights> wanted;
        for (const auto& range : ranges) {
            wanted.push_back(registry.rights(*range));
            const Rights before = wanted.back();
            if (const CUresult result = apply(*range, access, count, wanted.back()); result != CUDA_SUCCESS) {
                return result;
            }
            if (takes_away(before, wanted.back())) weakened.push_back(range);
        }
        // The MMU first gives what is new, so that an accepted copy never faults; what goes is taken below.
        for (std::size_t i = 0; i < ranges.size(); ++i) {
            const CUmemAccess_flags before = registry.rights(*ranges[i]).strongest();
            if (wanted[i].strongest() <= before || protect(*ranges[i], wanted[i].strongest())) continue;
            const int error = errno;
            for (std::size_t k = 0; k < i; ++k)
                (void)protect(*ranges[k], registry.rights(*ranges[k]).strongest());
            return result_from_errno(error);
        }
        for (std::size_t i = 0; i < ranges.size(); ++i)
            registry.set_rights(*ranges[i], wanted[i]);
    }
    for (const auto& range : weakened)
        range->wait_until_unpinned();
    const std::lock_guard lock(mutex_);
    for (const auto& range : weakened) {
        if (!still_mapped(*range)) continue;
        if (!protect(*range, registry.rights(*range).strongest())) return result_from_errno(errno);
    }
    return CUDA_SUCCESS;
}

CUresult AddressSpace::get_access(std::uintptr_t address, const CUmemLocation& location,
                                  unsigned long long& flags) const {
    RangeRegistry& registry = RangeRegistry::instance();
    const std::lock_guard lock(mutex_);
    const auto range = registry.find(address);
    if (range == nullptr || range->kind != RangeKind::vmm_mapping) return CUDA_ERROR_INVALID_VALUE;
    Rights rights = registry.rights(*range);
    CUmemAccess_flags* right = nullptr;
    if (const CUresult result = right_of(*range, location, rights, right); result != CUDA_SUCCESS) return result;
    flags = *right;
    return CUDA_SUCCESS;
}

CUresult create_allocation(std::size_t size, const CUmemAllocationProp& properties,
                           CUmemGenericAllocationHandle& handle) {
    std::shared_ptr<Allocation> allocation;
    if (const CUresult result = Allocation::create(size, properties, allocation); result != CUDA_SUCCESS) return result;
    handle = allocation_handles().insert(std::move(allocation));
    return CUDA_SUCCESS;
}

CUresult release_allocation(CUmemGenericAllocationHandle handle) {
    return allocation_handles().take(handle) != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult export_allocation(CUmemGenericAllocationHandle handle, CUmemAllocationHandleType type, int& fd) {
    const auto allocation = allocation_handles().find(handle);
    if (allocation == nullptr || type != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) return CUDA_ERROR_INVALID_VALUE;
    UniqueFd exported;
    if (const CUresult result = allocation->export_fd(exported); result != CUDA_SUCCESS) return result;
    fd = exported.release();
    return CUDA_SUCCESS;
}

CUresult import_allocation(int fd, CUmemAllocationHandleType type, CUmemGenericAllocationHandle& handle) {
    if (type != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR) return CUDA_ERROR_INVALID_VALUE;
    std::shared_ptr<Allocation> allocation;
    if (const CUresult result = Allocation::import(fd, allocation); result != CUDA_SUCCESS) return result;
    handle = allocation_handles().insert(std::move(allocation));
    return CUDA_SUCCESS;
}

CUresult allocation_properties(CUmemGenericAllocationHandle handle, CUmemAllocationProp& properties) {
    const auto allocation = allocation_handles().find(handle);
    if (allocation == nullptr) return CUDA_ERROR_INVALID_VALUE;
    properties = allocation->properties();
    return CUDA_SUCCESS;
}

CUresult map_allocation(CUdeviceptr pointer, std::size_t size, std::size_t offset,
                        CUmemGenericAllocationHandle handle) {
    auto allocation = allocation_handles().find(handle);
    if (allocation == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (offset != 0) return CUDA_ERROR_NOT_SUPPORTED;
    return AddressSpace::instance().map(pointer, size, std::move(allocation));
}

}  // namespace opennvsci::softcuda
