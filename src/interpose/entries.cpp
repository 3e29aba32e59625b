// SPDX-License-Identifier: Apache-2.0
#include "interpose/entries.h"

#include <new>

#include "api/call.h"
#include "api/nvscicuda_abi.h"
#include "base/handle_table.h"
#include "cuda/mapped_pointers.h"
#include "interpose/redirection.h"

namespace opennvsci::interpose {
namespace {

bool is_ours(CUexternalMemory memory) noexcept {
    return enabled() && is_handle(reinterpret_cast<std::uint64_t>(memory));
}

bool is_ours(const CUDA_EXTERNAL_MEMORY_HANDLE_DESC* desc) noexcept {
    return enabled() && desc != nullptr && desc->type == CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
}

// Also with OPENNVSCI_INTERPOSE=0: a program that calls nvscicuda.h may free through the driver's name by mistake, and
// the driver must not see our pointers.
bool is_ours(CUdeviceptr pointer) noexcept {
    try {
        return cuda::MappedPointers::instance().contains(pointer);
    } catch (const std::bad_alloc&) {
        return false;  // at the first use, when nothing is mapped yet
    }
}

CUresult refuse_asynchronous_free(std::string_view function) noexcept {
    return api::cuda_call(function, [] {
        return Result<>(fail(NvSciError_BadParameter,
                             "a mapped NvSciBuf object is not memory of the stream-ordered allocator: free it with "
                             "cuMemFree or cudaFree"));
    });
}

}  // namespace

CUresult cuGetProcAddress(const char* symbol, void** pfn, int cudaVersion, std::uint64_t flags) {
    const CUresult result = OPENNVSCI_BENEATH(cuGetProcAddress, symbol, pfn, cudaVersion, flags);
    if (result == CUDA_SUCCESS && *pfn != nullptr && enabled()) {
        *pfn = redirect_base_name(symbol, cudaVersion, flags, *pfn);
    }
    return result;
}

CUresult cuGetProcAddress_v2(const char* symbol, void** pfn, int cudaVersion, std::uint64_t flags,
                             CUdriverProcAddressQueryResult* symbolStatus) {
    const CUresult result = OPENNVSCI_BENEATH(cuGetProcAddress_v2, symbol, pfn, cudaVersion, flags, symbolStatus);
    if (result == CUDA_SUCCESS && *pfn != nullptr && enabled()) {
        *pfn = redirect_base_name(symbol, cudaVersion, flags, *pfn);
    }
    return result;
}

CUresult cuImportExternalMemory(CUexternalMemory* extMem_out, const CUDA_EXTERNAL_MEMORY_HANDLE_DESC* memHandleDesc) {
    if (is_ours(memHandleDesc)) return nvsciCuImportExternalMemory(extMem_out, memHandleDesc);
    return OPENNVSCI_FORWARD(cuImportExternalMemory, extMem_out, memHandleDesc);
}

CUresult cuExternalMemoryGetMappedBuffer(CUdeviceptr* devPtr, CUexternalMemory extMem,
                                         const CUDA_EXTERNAL_MEMORY_BUFFER_DESC* bufferDesc) {
    if (is_ours(extMem)) return nvsciCuExternalMemoryGetMappedBuffer(devPtr, extMem, bufferDesc);
    return OPENNVSCI_FORWARD(cuExternalMemoryGetMappedBuffer, devPtr, extMem, bufferDesc);
}

CUresult cuExternalMemoryGetMappedMipmappedArray(CUmipmappedArray* mipmap, CUexternalMemory extMem,
                                                 const CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC* mipmapDesc) {
    if (is_ours(extMem)) return nvsciCuExternalMemoryGetMappedMipmappedArray(mipmap, extMem, mipmapDesc);
    return OPENNVSCI_FORWARD(cuExternalMemoryGetMappedMipmappedArray, mipmap, extMem, mipmapDesc);
}

CUresult cuDestroyExternalMemory(CUexternalMemory extMem) {
    if (is_ours(extMem)) return nvsciCuDestroyExternalMemory(extMem);
    return OPENNVSCI_FORWARD(cuDestroyExternalMemory, extMem);
}

CUresult cuMemFree_v2(CUdeviceptr dptr) {
    if (is_ours(dptr)) return nvsciCuMemFree(dptr);
    return api::remember_answer(api::Entrance::interposer, __func__, OPENNVSCI_BENEATH(cuMemFree_v2, dptr), dptr);
}

CUresult cuMemFreeAsync(CUdeviceptr dptr, CUstream hStream) {
    if (is_ours(dptr)) return refuse_asynchronous_free(__func__);
    return api::remember_answer(api::Entrance::interposer, __func__, OPENNVSCI_BENEATH(cuMemFreeAsync, dptr, hStream),
                                dptr);
}

CUresult cuMemFreeAsync_ptsz(CUdeviceptr dptr, CUstream hStream) {
    if (is_ours(dptr)) return refuse_asynchronous_free(__func__);
    return api::remember_answer(api::Entrance::interposer, __func__,
                                OPENNVSCI_BENEATH(cuMemFreeAsync_ptsz, dptr, hStream), dptr);
}

}  // namespace opennvsci::interpose
