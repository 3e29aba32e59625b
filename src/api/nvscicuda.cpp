// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "api/call.h"
#include "api/forward.h"
#include "api/handles.h"
#include "api/nvscicuda_abi.h"
#include "api/trace_notes.h"
#include "base/unaligned.h"
#include "cuda/external_memory.h"
#include "cuda/mapped_pointers.h"

using namespace opennvsci;      // NOLINT(google-build-using-namespace): extern "C" functions stand outside
using namespace opennvsci::cu;  // NOLINT(google-build-using-namespace): CUDA's own names
using api::forward;

namespace {

using MemoryRef = api::ExternalMemoryTable::Ref;

// A handle of another kind is no pointer of the driver's either, and is refused with its name.
bool is_ours(CUexternalMemory memory) {
    return is_handle(api::number(memory));
}

Result<> import_object(CUexternalMemory* out, const CUDA_EXTERNAL_MEMORY_HANDLE_DESC& desc) {
    if ((desc.flags & ~kExternalMemoryDedicated) != 0) {
        return fail_unmet(NvSciError_BadParameter, {"flags", fmt::format("{:#x}", desc.flags), "0 or dedicated (1)"},
                          "flags are {found}, and must be {needed}");
    }
    if (desc.handle.nvSciBufObject == nullptr)
        return api::null_argument("handle.nvSciBufObject", "a buffer object (NvSciBufObj)");
    OPENNVSCI_TRY_ASSIGN(object, api::acquire(api::objects(), desc.handle.nvSciBufObject, "handle.nvSciBufObject"));
    trace::when_on([&] {
        trace::note_address("object", api::number(desc.handle.nvSciBufObject));
        api::note_object(*object->object());
    });
    OPENNVSCI_TRY_ASSIGN(memory, cuda::ExternalMemory::import(object->object(), desc.size));
    return api::give_handle(api::external_memories(), std::move(memory), out);
}

}  // namespace

CUresult nvsciCuImportExternalMemory(CUexternalMemory* extMem_out,
                                     const CUDA_EXTERNAL_MEMORY_HANDLE_DESC* memHandleDesc) {
    if (memHandleDesc != nullptr && memHandleDesc->type != CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF) {
        return forward(__func__,
                       [&](const auto& cuda) { return cuda.cuImportExternalMemory(extMem_out, memHandleDesc); });
    }
    return api::cuda_call(__func__, [&]() -> Result<> {
        if (extMem_out == nullptr) return api::null_argument("extMem_out");
        if (memHandleDesc == nullptr) return api::null_argument("memHandleDesc");
        return import_object(extMem_out, load_once<CUDA_EXTERNAL_MEMORY_HANDLE_DESC>(memHandleDesc));
    });
}

CUresult nvsciCuExternalMemoryGetMappedBuffer(CUdeviceptr* devPtr, CUexternalMemory extMem,
                                              const CUDA_EXTERNAL_MEMORY_BUFFER_DESC* bufferDesc) {
    if (extMem != nullptr && !is_ours(extMem)) {
        return forward(__func__, [&](const auto& cuda) {
            return cuda.cuExternalMemoryGetMappedBuffer(devPtr, extMem, bufferDesc);
        });
    }
    return api::cuda_call(__func__, [&]() -> Result<> {
        if (devPtr == nullptr) return api::null_argument("devPtr");
        if (extMem == nullptr) return api::null_argument("extMem");
        if (bufferDesc == nullptr) return api::null_argument("bufferDesc");
        OPENNVSCI_TRY_ASSIGN(memory, api::acquire(api::external_memories(), extMem, "extMem"));
        trace::when_on([&] { trace::note_address("handle", api::number(extMem)); });
        const auto desc = load_once<CUDA_EXTERNAL_MEMORY_BUFFER_DESC>(bufferDesc);
        OPENNVSCI_TRY_ASSIGN(pointer, memory->map_buffer(desc));
        trace::when_on([&] { api::note_mapping(desc, pointer); });
        *devPtr = pointer;
        return {};
    });
}

CUresult nvsciCuExternalMemoryGetMappedMipmappedArray(CUmipmappedArray* mipmap, CUexternalMemory extMem,
                                                      const CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC* mipmapDesc) {
    if (extMem != nullptr && !is_ours(extMem)) {
        return forward(__func__, [&](const auto& cuda) {
            return cuda.cuExternalMemoryGetMappedMipmappedArray(mipmap, extMem, mipmapDesc);
        });
    }
    return api::cuda_call(__func__, [&]() -> Result<> {
        if (mipmap == nullptr) return api::null_argument("mipmap");
        if (extMem == nullptr) return api::null_argument("extMem");
        if (mipmapDesc == nullptr) return api::null_argument("mipmapDesc");
        OPENNVSCI_TRY_ASSIGN(memory, api::acquire(api::external_memories(), extMem, "extMem"));
        const auto desc = load_once<CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC>(mipmapDesc);
        trace::when_on([&] {
            trace::note_address("handle", api::number(extMem));
            api::note_mapping(desc);
        });
        OPENNVSCI_TRY_ASSIGN(array, memory->map_array(desc));
        *mipmap = array;
        return {};
    });
}

CUresult nvsciCuDestroyExternalMemory(CUexternalMemory extMem) {
    if (extMem != nullptr && !is_ours(extMem)) {
        return forward(__func__, [&](const auto& cuda) { return cuda.cuDestroyExternalMemory(extMem); });
    }
    return api::cuda_call(__func__, [&]() -> Result<> {
        if (extMem == nullptr) return api::null_argument("extMem");
        trace::when_on([&] { trace::note_address("handle", api::number(extMem)); });
        if (api::external_memories().close(api::number(extMem))) return {};
        return api::not_alive(HandleKind::external_memory, api::number(extMem), "extMem");
    });
}

CUresult nvsciCuMemFree(CUdeviceptr devPtr) {
    bool was_ours = false;
    const CUresult result = api::cuda_call(__func__, [&]() -> Result<> {
        trace::when_on([&] { trace::note_address("pointer", devPtr); });
        OPENNVSCI_TRY_ASSIGN(freed, cuda::MappedPointers::instance().free(devPtr));
        was_ours = freed;
        return {};
    });
    if (result != CUDA_SUCCESS || was_ours) return result;
    return forward(
        __func__, [&](const auto& cuda) { return cuda.cuMemFree(devPtr); }, devPtr);
}
