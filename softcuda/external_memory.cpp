// SPDX-License-Identifier: Apache-2.0
#include "softcuda/external_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include "softcuda/context.h"
#include "softcuda/ranges.h"

namespace opennvsci::softcuda {
CUresult import_external_memory(const Context& context, const CUDA_EXTERNAL_MEMORY_HANDLE_DESC& desc,
                                CUexternalMemory& memory) {
    if (desc.type == CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF) return CUDA_ERROR_NOT_SUPPORTED;
    if (desc.type != CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD) return CUDA_ERROR_INVALID_VALUE;
    if (desc.size == 0 || (desc.flags & ~kExternalMemoryDedicated) != 0) return CUDA_ERROR_INVALID_VALUE;
    std::shared_ptr<Allocation> allocation;
    if (const CUresult result = Allocation::import(desc.handle.fd, allocation); result != CUDA_SUCCESS) return result;
    if (desc.size > allocation->size()) return CUDA_ERROR_INVALID_VALUE;
    auto object = std::make_shared<ExternalMemory>(context.id(), std::move(allocation), desc.size);
    const CUresult result = context.publish(external_memory_handles(), std::move(object), memory);
    if (result == CUDA_SUCCESS) ::close(desc.handle.fd);
    return result;
}

CUresult map_external_buffer(const Context& context, CUexternalMemory memory,
                             const CUDA_EXTERNAL_MEMORY_BUFFER_DESC& desc, CUdeviceptr& pointer) {
    std::shared_ptr<ExternalMemory> external;
    if (const CUresult result = find_external_memory(memory, external); result != CUDA_SUCCESS) return result;
    if (desc.flags != 0 || desc.size == 0) return CUDA_ERROR_INVALID_VALUE;
    if (desc.offset > external->size() || desc.size > external->size() - desc.offset) return CUDA_ERROR_INVALID_VALUE;

    const Allocation& allocation = *external->allocation();
    auto range = std::make_shared<Range>();
    range->size = desc.size;
    range->kind = RangeKind::external_buffer;
    range->memory_type = allocation.on_host() ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE;
    range->device = allocation.on_host() ? context.device().ordinal() : allocation.properties().location.id;
    range->rights = Rights::all(CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
    range->block_id = allocation.id();
    range->allocation = external->allocation();
    if (const CUresult result = allocation.map(nullptr, PROT_READ | PROT_WRITE, range->mapping);
        result != CUDA_SUCCESS) {
        return result;
    }
    range->base = range->mapping.base() + desc.offset;
    if (const CUresult result = context.adopt(range); result != CUDA_SUCCESS) return result;
    pointer = range->base;
    return CUDA_SUCCESS;
}

CUresult destroy_external_memory(CUexternalMemory memory) {
    if (memory == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const bool live = external_memory_handles().take(from_opaque(memory)) != nullptr;
    return live ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUresult find_external_memory(CUexternalMemory handle, std::shared_ptr<ExternalMemory>& memory) {
    if (handle == nullptr) return CUDA_ERROR_INVALID_VALUE;
    memory = external_memory_handles().find(from_opaque(handle));
    return memory != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

HandleTable<ExternalMemory>& external_memory_handles() {
    static auto& table = *new HandleTable<ExternalMemory>(HandleKind::soft_external_memory);
    return table;
}

}  // namespace opennvsci::softcuda
