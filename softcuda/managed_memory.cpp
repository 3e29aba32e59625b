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

bool is_device(CUmemLocation location) noexcept {
    return location.type == CU_MEM_LOCATION_TYPE_DEVICE && find_device(location.id) != nullptr;
}

}  // namespace

CUmemLocation location_of(CUdevice device) noexcept {
    if (device == kDeviceCpu) return {CU_MEM_LOCATION_TYPE_HOST, 0};
    return {CU_MEM_LOCATION_TYPE_DEVICE, device};
}

CUresult prefetch(Stream& stream, CUdeviceptr pointer, std::size_t size, CUmemLocation location, unsigned flags) {
    const bool on_host = location.type == CU_MEM_LOCATION_TYPE_HOST || location.type == CU_MEM_LOCATION_TYPE_HOST_NUMA;
    if (flags != 0 || (!on_host && location.type != CU_MEM_LOCATION_TYPE_DEVICE)) return CUDA_ERROR_INVALID_VALUE;
    if (!on_host && !is_device(location)) return CUDA_ERROR_INVALID_DEVICE;
    return is_managed(pointer, size) ? stream.submit(nullptr) : CUDA_ERROR_INVALID_VALUE;
}

CUresult advise(CUdeviceptr pointer, std::size_t size, CUmem_advise advice, CUmemLocation location) {
    if (!is_managed(pointer, size)) return CUDA_ERROR_INVALID_VALUE;
    const bool is_place =
        location.type >= CU_MEM_LOCATION_TYPE_DEVICE && location.type <= CU_MEM_LOCATION_TYPE_HOST_NUMA;
    bool fits = false;
    switch (advice) {
        case CU_MEM_ADVISE_SET_READ_MOSTLY:  // the place is not looked at
        case CU_MEM_ADVISE_UNSET_READ_MOSTLY:
        case CU_MEM_ADVISE_UNSET_PREFERRED_LOCATION:
            fits = is_place;
            break;
        case CU_MEM_ADVISE_SET_PREFERRED_LOCATION:
            fits = is_place && (location.type != CU_MEM_LOCATION_TYPE_DEVICE || is_device(location));
            break;
        case CU_MEM_ADVISE_SET_ACCESSED_BY:
        case CU_MEM_ADVISE_UNSET_ACCESSED_BY:
            fits = location.type == CU_MEM_LOCATION_TYPE_HOST || is_device(location);
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
