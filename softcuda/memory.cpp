// SPDX-License-Identifier: Apache-2.0
#include "softcuda/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>

#include "softcuda/device_attributes.h"
#include "softcuda/errors.h"
#include "softcuda/process_maps.h"
#include "softcuda/ranges.h"

namespace opennvsci::softcuda {
namespace {

/// `size` rounded up to whole pages; 0 if that overflows.
std::size_t whole_pages(std::size_t size) noexcept {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return (size + page - 1) & ~(page - 1);
}

std::shared_ptr<Range> describe(const Context& context, RangeKind kind, std::size_t size) {
    auto range = std::make_shared<Range>();
    range->size = size;
    range->kind = kind;
    range->device = context.device().ordinal();
    range->rights = Rights::all(CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
    range->memory_type = range->is_host() ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE;
    return range;
}

CUresult map_and_adopt(const Context& context, const std::shared_ptr<Range>& range, std::size_t mapped_size) {
    range->mapping = Mapping::make(nullptr, mapped_size, PROT_READ | PROT_WRITE, kReservedFlags);
    if (!range->mapping) return result_from_errno(errno);
    range->base = range->mapping.base();
    return context.adopt(range);
}

/// Waits for the owner of the range at `base`, then removes and releases it. False if there is none of these kinds.
bool free_after_owner(std::uintptr_t base, RangeKinds kinds) {
    RangeRegistry& registry = RangeRegistry::instance();
    if (const auto known = registry.find(base)) {
        if (known->base != base || std::find(kinds.begin(), kinds.end(), known->kind) == kinds.end()) return false;
        if (const auto owner = find_context(known->owner)) owner->streams()->synchronize();
    }
    const std::shared_ptr<Range> range = registry.take(base, kinds);
    if (range == nullptr) return false;
    range->release_memory();
    return true;
}

}  // namespace

CUresult allocate_device_memory(const Context& context, std::size_t size, CUdeviceptr& pointer) {
    if (size == 0) return CUDA_ERROR_INVALID_VALUE;
    const std::size_t mapped_size = whole_pages(size);
    if (mapped_size == 0) return CUDA_ERROR_OUT_OF_MEMORY;
    const auto range = describe(context, RangeKind::device_allocation, size);
    range->charge = MemoryCharge::take(context.device(), mapped_size);
    if (!range->charge) return CUDA_ERROR_OUT_OF_MEMORY;
    if (const CUresult result = map_and_adopt(context, range, mapped_size); result != CUDA_SUCCESS) return result;
    pointer = range->base;
    return CUDA_SUCCESS;
}

CUresult allocate_managed_memory(const Context& context, std::size_t size, unsigned flags, CUdeviceptr& pointer) {
    if (size == 0 || (flags != CU_MEM_ATTACH_GLOBAL && flags != CU_MEM_ATTACH_HOST)) return CUDA_ERROR_INVALID_VALUE;
    const std::size_t mapped_size = whole_pages(size);
    if (mapped_size == 0) return CUDA_ERROR_OUT_OF_MEMORY;
    const auto range = describe(context, RangeKind::managed_allocation, size);
    range->host_flags = kMemHostAllocDeviceMap;
    range->is_synchronous = true;
    if (const CUresult result = map_and_adopt(context, range, mapped_size); result != CUDA_SUCCESS) return result;
    pointer = range->base;
    return CUDA_SUCCESS;
}

CUresult free_device_memory(CUdeviceptr pointer) {
    if (pointer == 0) return CUDA_SUCCESS;
    const bool freed = free_after_owner(
        pointer, {RangeKind::device_allocation, RangeKind::managed_allocation, RangeKind::external_buffer});
    return freed ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult allocate_host_memory(const Context& context, std::size_t size, unsigned flags, void*& pointer) {
    constexpr unsigned kKnownFlags = kMemHostAllocPortable | kMemHostAllocDeviceMap | kMemHostAllocWriteCombined;
    if (size == 0 || (flags & ~kKnownFlags) != 0) return CUDA_ERROR_INVALID_VALUE;
    const std::size_t mapped_size = whole_pages(size);
    if (mapped_size == 0) return CUDA_ERROR_OUT_OF_MEMORY;
    const auto range = describe(context, RangeKind::host_allocation, size);
    range->host_flags = flags | kMemHostAllocDeviceMap;
    if (const CUresult result = map_and_adopt(context, range, mapped_size); result != CUDA_SUCCESS) return result;
    pointer = reinterpret_cast<void*>(range->base);
    return CUDA_SUCCESS;
}

CUresult free_host_memory(void* pointer) {
    const auto base = reinterpret_cast<std::uintptr_t>(pointer);
    const bool freed = free_after_owner(base, {RangeKind::host_allocation});
    return freed ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult register_host_memory(const Context& context, void* pointer, std::size_t size, unsigned flags) {
    constexpr unsigned kKnownFlags = kMemHostRegisterPortable | kMemHostRegisterDeviceMap | kMemHostRegisterReadOnly;
    const auto base = reinterpret_cast<std::uintptr_t>(pointer);
    if (pointer == nullptr || size == 0 || size > UINTPTR_MAX - base) return CUDA_ERROR_INVALID_VALUE;
    if ((flags & ~kKnownFlags) != 0) return CUDA_ERROR_INVALID_VALUE;
    const bool read_only = (flags & kMemHostRegisterReadOnly) != 0;
    if (read_only && attribute_of(context.device(), CU_DEVICE_ATTRIBUTE_READ_ONLY_HOST_REGISTER_SUPPORTED) == 0)
        return CUDA_ERROR_NOT_SUPPORTED;

    const auto range = describe(context, RangeKind::host_registration, size);
    range->base = base;
    range->owner = context.id();
    range->host_flags = flags | kMemHostRegisterDeviceMap;
    if (read_only) range->rights = Rights::all(CU_MEM_ACCESS_FLAGS_PROT_READ);

    int protection = PROT_NONE;
    if (const CUresult result = protection_of(base, size, protection); result != CUDA_SUCCESS) return result;
    const int needed = read_only ? PROT_READ : PROT_READ | PROT_WRITE;
    RangeRegistry& registry = RangeRegistry::instance();
    if ((protection & needed) != needed) return CUDA_ERROR_INVALID_VALUE;
    if (const CUresult result = registry.insert_registration(range); result != CUDA_SUCCESS) return result;
    if (!context.destroyed()) return CUDA_SUCCESS;
    (void)registry.take(base, {RangeKind::host_registration});
    return CUDA_ERROR_CONTEXT_IS_DESTROYED;
}

CUresult unregister_host_memory(void* pointer) {
    const auto base = reinterpret_cast<std::uintptr_t>(pointer);
    const auto range = RangeRegistry::instance().take(base, {RangeKind::host_registration});
    if (range == nullptr) return CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
    range->wait_until_unpinned();
    return CUDA_SUCCESS;
}

CUresult host_device_pointer(const void* pointer, unsigned flags, CUdeviceptr& device_pointer) {
    if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
    const auto range = RangeRegistry::instance().find(reinterpret_cast<std::uintptr_t>(pointer));
    if (range == nullptr || !range->is_host()) return CUDA_ERROR_INVALID_VALUE;
    device_pointer = reinterpret_cast<std::uintptr_t>(pointer);
    return CUDA_SUCCESS;
}

CUresult host_flags(const void* pointer, unsigned& flags) {
    const auto range = RangeRegistry::instance().find(reinterpret_cast<std::uintptr_t>(pointer));
    if (range == nullptr || range->host_flags == 0) return CUDA_ERROR_INVALID_VALUE;
    flags = range->host_flags;
    return CUDA_SUCCESS;
}

}  // namespace opennvsci::softcuda
