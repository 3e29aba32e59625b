// SPDX-License-Identifier: Apache-2.0
#include "softcuda/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>

#include "softcuda/current.h"
#include "softcuda/errors.h"
#include "softcuda/process_maps.h"
#include "softcuda/ranges.h"

namespace opennvsci::softcuda {
namespace {

constexpr unsigned kHostAllocWriteCombined = 0x04;

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
    const bool host = kind == RangeKind::host_allocation || kind == RangeKind::host_registration;
    range->memory_type = host ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE;
    return range;
}

CUresult map_and_adopt(const Context& context, const std::shared_ptr<Range>& range, std::size_t mapped_size) {
    range->mapping = Mapping::make(nullptr, mapped_size, PROT_READ | PROT_WRITE, kReservedFlags);
    if (!range->mapping) return result_from_errno(errno);
    range->base = range->mapping.base();
    return context.adopt(range);
}

/// Waits for the owner of the range at `base`, then removes and releases it. False if there is none of these kinds.
bool free_after_owner(std::uintptr_t base, RangeKind kind, RangeKind or_kind) {
    RangeRegistry& registry = RangeRegistry::instance();
    if (const auto known = registry.find(base)) {
        if (known->base != base || (known->kind != kind && known->kind != or_kind)) return false;
        if (const auto owner = find_context(known->owner)) owner->streams()->synchronize();
    }
    const std::shared_ptr<Range> range = registry.take(base, kind, or_kind);
    if (range == nullptr) return false;
    range->release_memory();
    return true;
}

template <typename Value>
CUresult store(void* out, Value value) noexcept {
    *static_cast<Value*>(out) = value;
    return CUDA_SUCCESS;
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

CUresult free_device_memory(CUdeviceptr pointer) {
    if (pointer == 0) return CUDA_SUCCESS;
    const bool freed = free_after_owner(pointer, RangeKind::device_allocation, RangeKind::external_buffer);
    return freed ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult allocate_host_memory(const Context& context, std::size_t size, unsigned flags, void*& pointer) {
    constexpr unsigned kKnownFlags = kMemHostAllocPortable | kMemHostAllocDeviceMap | kHostAllocWriteCombined;
    if (size == 0 || (flags & ~kKnownFlags) != 0) return CUDA_ERROR_INVALID_VALUE;
    const std::size_t mapped_size = whole_pages(size);
    if (mapped_size == 0) return CUDA_ERROR_OUT_OF_MEMORY;
    const auto range = describe(context, RangeKind::host_allocation, size);
    if (const CUresult result = map_and_adopt(context, range, mapped_size); result != CUDA_SUCCESS) return result;
    pointer = reinterpret_cast<void*>(range->base);
    return CUDA_SUCCESS;
}

CUresult free_host_memory(void* pointer) {
    const auto base = reinterpret_cast<std::uintptr_t>(pointer);
    const bool freed = free_after_owner(base, RangeKind::host_allocation, RangeKind::host_allocation);
    return freed ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult register_host_memory(const Context& context, void* pointer, std::size_t size, unsigned flags) {
    constexpr unsigned kKnownFlags = kMemHostRegisterPortable | kMemHostRegisterDeviceMap | kMemHostRegisterReadOnly;
    const auto base = reinterpret_cast<std::uintptr_t>(pointer);
    if (pointer == nullptr || size == 0 || size > UINTPTR_MAX - base) return CUDA_ERROR_INVALID_VALUE;
    if ((flags & ~kKnownFlags) != 0) return CUDA_ERROR_INVALID_VALUE;
    const bool read_only = (flags & kMemHostRegisterReadOnly) != 0;

    const auto range = describe(context, RangeKind::host_registration, size);
    range->base = base;
    range->owner = context.id();
    if (read_only) range->rights = Rights::all(CU_MEM_ACCESS_FLAGS_PROT_READ);

    int protection = PROT_NONE;
    if (const CUresult result = protection_of(base, size, protection); result != CUDA_SUCCESS) return result;
    const int needed = read_only ? PROT_READ : PROT_READ | PROT_WRITE;
    RangeRegistry& registry = RangeRegistry::instance();
    if ((protection & needed) != needed) return CUDA_ERROR_INVALID_VALUE;
    if (const CUresult result = registry.insert_registration(range); result != CUDA_SUCCESS) return result;
    if (!context.destroyed()) return CUDA_SUCCESS;
    (void)registry.take(base, RangeKind::host_registration, RangeKind::host_registration);
    return CUDA_ERROR_CONTEXT_IS_DESTROYED;
}

CUresult unregister_host_memory(void* pointer) {
    const auto base = reinterpret_cast<std::uintptr_t>(pointer);
    const auto range = RangeRegistry::instance().take(base, RangeKind::host_registration, RangeKind::host_registration);
    if (range == nullptr) return CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
    range->wait_until_unpinned();
    return CUDA_SUCCESS;
}

CUresult host_device_pointer(const void* pointer, unsigned flags, CUdeviceptr& device_pointer) {
    if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
    const auto range = RangeRegistry::instance().find(reinterpret_cast<std::uintptr_t>(pointer));
    if (range == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (range->kind != RangeKind::host_allocation && range->kind != RangeKind::host_registration) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    device_pointer = reinterpret_cast<std::uintptr_t>(pointer);
    return CUDA_SUCCESS;
}

CUresult address_range(CUdeviceptr pointer, CUdeviceptr& base, std::size_t& size) {
    const auto range = RangeRegistry::instance().find(pointer);
    if (range == nullptr) return CUDA_ERROR_NOT_FOUND;
    base = range->base;
    size = range->size;
    return CUDA_SUCCESS;
}

CUresult no_pointer_attribute(CUpointer_attribute attribute, void* value) {
    switch (attribute) {
        case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
        case CU_POINTER_ATTRIBUTE_ACCESS_FLAGS:
            return store<unsigned>(value, 0);
        case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
            return store<int>(value, -2);  // CU_DEVICE_INVALID
        case CU_POINTER_ATTRIBUTE_CONTEXT:
        case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
        case CU_POINTER_ATTRIBUTE_HOST_POINTER:
        case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
        case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
            return store<std::uint64_t>(value, 0);
    }
    return CUDA_ERROR_INVALID_VALUE;
}

CUresult pointer_attribute(CUpointer_attribute attribute, CUdeviceptr pointer, void* value) {
    const auto range = RangeRegistry::instance().find(pointer);
    if (range == nullptr) return CUDA_ERROR_INVALID_VALUE;
    switch (attribute) {
        case CU_POINTER_ATTRIBUTE_CONTEXT: {
            const auto owner = find_context(range->owner);
            return store<CUcontext>(value, owner != nullptr ? owner->handle() : nullptr);
        }
        case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
            return store<unsigned>(value, range->memory_type);
        case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
            return store<CUdeviceptr>(value, pointer);
        case CU_POINTER_ATTRIBUTE_HOST_POINTER:
            if (range->memory_type != CU_MEMORYTYPE_HOST) return CUDA_ERROR_INVALID_VALUE;
            return store<void*>(value, reinterpret_cast<void*>(pointer));
        case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
            return store<int>(value, range->device);
        case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
            return store<CUdeviceptr>(value, range->base);
        case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
            return store<std::size_t>(value, range->size);
        case CU_POINTER_ATTRIBUTE_ACCESS_FLAGS: {
            std::shared_ptr<Context> context;
            if (const CUresult result = current_context(context); result != CUDA_SUCCESS) return result;
            const Rights rights = RangeRegistry::instance().rights(*range);
            return store<unsigned>(value, rights.devices[static_cast<std::size_t>(context->device().ordinal())]);
        }
    }
    return CUDA_ERROR_INVALID_VALUE;
}

}  // namespace opennvsci::softcuda
