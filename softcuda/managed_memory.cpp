// SPDX-License-Identifier: Apache-2.0
#include "softcuda/managed_memory.h"

#include <memory>

#include "base/checked.h"
#include "softcuda/device.h"
#include "softcuda/ranges.h"

namespace opennvsci::softcuda {
namespace {

std::shared_ptr<Range> find_managed(CUdeviceptr pointer) {
    auto range = RangeRegistry::instance().find(pointer);
    return range != nullptr && range->kind == RangeKind::managed_allocation ? range : nullptr;
}

bool is_managed(CUdeviceptr pointer, std::size_t size) {
    const auto range = find_managed(pointer);
    return range != nullptr && size > 0 && checked::window_fits<std::size_t>(pointer - range->base, size, range->size);
}

bool is_place(CUmemLocation location) noexcept {
    return location.type >= CU_MEM_LOCATION_TYPE_DEVICE && location.type <= CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT;
}

/// True for a place that is there: a device, the CPU, and its only node.
bool exists(CUmemLocation location) noexcept {
    switch (location.type) {
        case CU_MEM_LOCATION_TYPE_DEVICE:
            return find_device(location.id) != nullptr;
        case CU_MEM_LOCATION_TYPE_HOST_NUMA:
            return location.id == 0;
        case CU_MEM_LOCATION_TYPE_HOST:
        case CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT:
            return true;
        default:
            return false;
    }
}

bool is_node(CUmemLocation location) noexcept {
    return location.type == CU_MEM_LOCATION_TYPE_HOST_NUMA || location.type == CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT;
}

}  // namespace

CUmemLocation location_of(CUdevice device) noexcept {
    if (device == kDeviceCpu) return {CU_MEM_LOCATION_TYPE_HOST, 0};
    return {CU_MEM_LOCATION_TYPE_DEVICE, device};
}

CUresult prefetch(Stream& stream, CUdeviceptr pointer, std::size_t size, CUmemLocation location, unsigned flags) {
    if (flags != 0 || !is_managed(pointer, size)) return CUDA_ERROR_INVALID_VALUE;
    if (exists(location)) return stream.submit(nullptr);
    return location.type == CU_MEM_LOCATION_TYPE_DEVICE ? CUDA_ERROR_INVALID_DEVICE : CUDA_ERROR_INVALID_VALUE;
}

CUresult advise(CUdeviceptr pointer, std::size_t size, CUmem_advise advice, CUmemLocation location) {
    if (!is_managed(pointer, size)) return CUDA_ERROR_INVALID_VALUE;
    bool fits = false;
    switch (advice) {
        case CU_MEM_ADVISE_SET_READ_MOSTLY:  // the place is not looked at
        case CU_MEM_ADVISE_UNSET_READ_MOSTLY:
        case CU_MEM_ADVISE_UNSET_PREFERRED_LOCATION:
            fits = is_place(location);
            break;
        case CU_MEM_ADVISE_SET_PREFERRED_LOCATION:
            fits = exists(location);
            break;
        case CU_MEM_ADVISE_SET_ACCESSED_BY:
        case CU_MEM_ADVISE_UNSET_ACCESSED_BY:
            fits = exists(location) && !is_node(location);
            break;
    }
    return fits ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

CUresult attach(Stream& stream, CUdeviceptr pointer, std::size_t size, unsigned flags) {
    const auto range = find_managed(pointer);
    if (range == nullptr || range->base != pointer || (size != 0 && size != range->size)) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    switch (flags) {
        case CU_MEM_ATTACH_GLOBAL:
        case CU_MEM_ATTACH_HOST:
            return stream.submit(nullptr);
        case CU_MEM_ATTACH_SINGLE:
            if (stream.kind() == StreamKind::legacy_default) return CUDA_ERROR_INVALID_VALUE;
            return stream.submit(nullptr);
        default:
            return CUDA_ERROR_INVALID_VALUE;
    }
}

}  // namespace opennvsci::softcuda
