// SPDX-License-Identifier: Apache-2.0
#include "softcuda/pointer_query.h"

#include <concepts>
#include <cstdint>
#include <cstring>
#include <memory>

#include "softcuda/current.h"
#include "softcuda/ranges.h"

namespace opennvsci::softcuda {
namespace {

// The caller's place may be smaller than aligned: it is written byte by byte.
template <std::integral Value>
CUresult store(void* out, Value value) noexcept {
    std::memcpy(out, &value, sizeof value);
    return CUDA_SUCCESS;
}

CUcontext owner_of(const Range& range) {
    const auto owner = find_context(range.owner);
    return owner != nullptr ? owner->handle() : nullptr;
}

CUresult access_flags(const Range& range, void* value) {
    std::shared_ptr<Context> context;
    if (const CUresult result = current_context(context); result != CUDA_SUCCESS) return result;
    const Rights rights = RangeRegistry::instance().rights(range);
    return store<unsigned>(value, rights.devices[static_cast<std::size_t>(context->device().ordinal())]);
}

/// False for a mapping that no device has been given access to.
bool can_be_used(const Range& range) {
    return RangeRegistry::instance().rights(range).strongest() != CU_MEM_ACCESS_FLAGS_PROT_NONE;
}

bool cpu_may_use(const Range& range) noexcept {
    return range.memory_type == CU_MEMORYTYPE_HOST || range.kind == RangeKind::managed_allocation;
}

}  // namespace

CUresult address_range(CUdeviceptr pointer, CUdeviceptr& base, std::size_t& size) {
    const auto range = RangeRegistry::instance().find(pointer);
    if (range == nullptr || !can_be_used(*range)) return CUDA_ERROR_NOT_FOUND;
    base = range->base;
    size = range->size;
    return CUDA_SUCCESS;
}

CUresult no_pointer_attribute(CUpointer_attribute attribute, void* value) {
    switch (attribute) {
        case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
        case CU_POINTER_ATTRIBUTE_SYNC_MEMOPS:
        case CU_POINTER_ATTRIBUTE_IS_MANAGED:
        case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
        case CU_POINTER_ATTRIBUTE_MAPPED:
        case CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE:
        case CU_POINTER_ATTRIBUTE_ACCESS_FLAGS:
        case CU_POINTER_ATTRIBUTE_IS_HW_DECOMPRESS_CAPABLE:
            return store<unsigned>(value, 0);
        case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
            return store<int>(value, kDeviceInvalid);
        case CU_POINTER_ATTRIBUTE_CONTEXT:
        case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
        case CU_POINTER_ATTRIBUTE_HOST_POINTER:
        case CU_POINTER_ATTRIBUTE_BUFFER_ID:
        case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
        case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
        case CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES:
        case CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE:
        case CU_POINTER_ATTRIBUTE_MAPPING_SIZE:
        case CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR:
        case CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID:
            return store<std::uint64_t>(value, 0);
    }
    return CUDA_ERROR_INVALID_VALUE;
}

CUresult pointer_attribute(CUpointer_attribute attribute, CUdeviceptr pointer, void* value) {
    const auto range = RangeRegistry::instance().find(pointer);
    if (range == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const bool is_mapping = range->kind == RangeKind::vmm_mapping;
    switch (attribute) {
        case CU_POINTER_ATTRIBUTE_CONTEXT:
            return store<std::uintptr_t>(value, reinterpret_cast<std::uintptr_t>(owner_of(*range)));
        case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
            return store<unsigned>(value, range->memory_type);
        case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
            if (!can_be_used(*range)) return CUDA_ERROR_INVALID_VALUE;
            return store<CUdeviceptr>(value, pointer);
        case CU_POINTER_ATTRIBUTE_HOST_POINTER:
            if (!cpu_may_use(*range) || !can_be_used(*range)) return CUDA_ERROR_INVALID_VALUE;
            return store<std::uintptr_t>(value, pointer);
        case CU_POINTER_ATTRIBUTE_SYNC_MEMOPS:
            return store<unsigned>(value, range->is_synchronous ? 1 : 0);
        case CU_POINTER_ATTRIBUTE_BUFFER_ID:
            return store<unsigned long long>(value, range->id);
        case CU_POINTER_ATTRIBUTE_IS_MANAGED:
            return store<unsigned>(value, range->kind == RangeKind::managed_allocation ? 1 : 0);
        case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
            return store<int>(value, range->device);
        case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
            return store<CUdeviceptr>(value, is_mapping ? range->reservation : range->base);
        case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
            return store<std::size_t>(value, is_mapping ? range->reservation_size : range->size);
        case CU_POINTER_ATTRIBUTE_MAPPED:
            return store<unsigned>(value, 1);
        case CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES:
            return store<std::uint64_t>(value, range->handle_types);
        case CU_POINTER_ATTRIBUTE_ACCESS_FLAGS:
            return access_flags(*range, value);
        case CU_POINTER_ATTRIBUTE_MAPPING_SIZE:
            return store<std::size_t>(value, range->size);
        case CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR:
            return store<CUdeviceptr>(value, range->base);
        case CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID:
            return store<std::uint64_t>(value, range->block_id);
        case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
        case CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE:
        case CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE:
        case CU_POINTER_ATTRIBUTE_IS_HW_DECOMPRESS_CAPABLE:
            return no_pointer_attribute(attribute, value);
    }
    return CUDA_ERROR_INVALID_VALUE;
}

CUresult set_pointer_attribute(CUpointer_attribute attribute, CUdeviceptr pointer, const void* value) {
    const auto range = RangeRegistry::instance().find(pointer);
    if (range == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (range->kind == RangeKind::vmm_mapping) return CUDA_ERROR_NOT_SUPPORTED;
    if (attribute != CU_POINTER_ATTRIBUTE_SYNC_MEMOPS) return CUDA_ERROR_INVALID_VALUE;
    unsigned wanted = 0;
    std::memcpy(&wanted, value, sizeof wanted);
    range->is_synchronous = wanted != 0;
    return CUDA_SUCCESS;
}

}  // namespace opennvsci::softcuda
