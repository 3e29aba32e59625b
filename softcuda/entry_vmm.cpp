// SPDX-License-Identifier: Apache-2.0
//
// Entry points: virtual memory management. None of them needs a context.
#include <cstdint>

#include "softcuda/allocation.h"
#include "softcuda/entry.h"
#include "softcuda/vmm.h"

namespace opennvsci::softcuda {

CUresult cuMemGetAllocationGranularity(std::size_t* granularity, const CUmemAllocationProp* prop,
                                       CUmemAllocationGranularity_flags option) {
    return with_init([&] {
        if (granularity == nullptr || prop == nullptr) return CUDA_ERROR_INVALID_VALUE;
        if (option > CU_MEM_ALLOC_GRANULARITY_RECOMMENDED) return CUDA_ERROR_INVALID_VALUE;
        if (const CUresult result = Allocation::check(*prop); result != CUDA_SUCCESS) return result;
        *granularity = kGranularity;
        return CUDA_SUCCESS;
    });
}

CUresult cuMemCreate(CUmemGenericAllocationHandle* handle, std::size_t size, const CUmemAllocationProp* prop,
                     unsigned long long flags) {
    return with_init([&] {
        if (handle == nullptr || prop == nullptr || flags != 0) return CUDA_ERROR_INVALID_VALUE;
        return create_allocation(size, *prop, *handle);
    });
}

CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
    return with_init([&] { return release_allocation(handle); });
}

CUresult cuMemExportToShareableHandle(void* shareableHandle, CUmemGenericAllocationHandle handle,
                                      CUmemAllocationHandleType type, unsigned long long flags) {
    return with_init([&] {
        if (shareableHandle == nullptr || flags != 0) return CUDA_ERROR_INVALID_VALUE;
        return export_allocation(handle, type, *static_cast<int*>(shareableHandle));
    });
}

// Memory of the device is a memory file, which no driver of the kernel takes for a dma-buf.
CUresult cuMemGetHandleForAddressRange(void* handle, CUdeviceptr, std::size_t size, CUmemRangeHandleType type,
                                       unsigned long long) {
    return with_init([&] {
        if (handle == nullptr || size == 0 || type != CU_MEM_RANGE_HANDLE_TYPE_DMA_BUF_FD) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return CUDA_ERROR_NOT_SUPPORTED;
    });
}

CUresult cuMemImportFromShareableHandle(CUmemGenericAllocationHandle* handle, void* osHandle,
                                        CUmemAllocationHandleType type) {
    return with_init([&] {
        if (handle == nullptr) return CUDA_ERROR_INVALID_VALUE;
        const auto fd = static_cast<int>(reinterpret_cast<std::intptr_t>(osHandle));
        return import_allocation(fd, type, *handle);
    });
}

CUresult cuMemGetAllocationPropertiesFromHandle(CUmemAllocationProp* prop, CUmemGenericAllocationHandle handle) {
    return with_init([&] { return prop != nullptr ? allocation_properties(handle, *prop) : CUDA_ERROR_INVALID_VALUE; });
}

CUresult cuMemAddressReserve(CUdeviceptr* pointer, std::size_t size, std::size_t alignment, CUdeviceptr address,
                             unsigned long long flags) {
    return with_init([&] {
        if (pointer == nullptr || flags != 0) return CUDA_ERROR_INVALID_VALUE;
        std::uintptr_t base = 0;
        const CUresult result = AddressSpace::instance().reserve(size, alignment, address, base);
        if (result == CUDA_SUCCESS) *pointer = base;
        return result;
    });
}

CUresult cuMemAddressFree(CUdeviceptr pointer, std::size_t size) {
    return with_init([&] { return AddressSpace::instance().unreserve(pointer, size); });
}

CUresult cuMemMap(CUdeviceptr pointer, std::size_t size, std::size_t offset, CUmemGenericAllocationHandle handle,
                  unsigned long long flags) {
    return with_init(
        [&] { return flags == 0 ? map_allocation(pointer, size, offset, handle) : CUDA_ERROR_INVALID_VALUE; });
}

CUresult cuMemUnmap(CUdeviceptr pointer, std::size_t size) {
    return with_init([&] { return AddressSpace::instance().unmap(pointer, size); });
}

CUresult cuMemSetAccess(CUdeviceptr pointer, std::size_t size, const CUmemAccessDesc* access, std::size_t count) {
    return with_init([&] {
        if (access == nullptr || count == 0) return CUDA_ERROR_INVALID_VALUE;
        return AddressSpace::instance().set_access(pointer, size, access, count);
    });
}

CUresult cuMemGetAccess(unsigned long long* flags, const CUmemLocation* location, CUdeviceptr pointer) {
    return with_init([&] {
        if (flags == nullptr || location == nullptr) return CUDA_ERROR_INVALID_VALUE;
        return AddressSpace::instance().get_access(pointer, *location, *flags);
    });
}

}  // namespace opennvsci::softcuda
