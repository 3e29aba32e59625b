// SPDX-License-Identifier: Apache-2.0
//
// Entry points: memory of a context, managed memory, what is known of an address, external memory.
#include <cstdint>

#include "softcuda/entry.h"
#include "softcuda/external_memory.h"
#include "softcuda/managed_memory.h"
#include "softcuda/memory.h"
#include "softcuda/pointer_query.h"

namespace opennvsci::softcuda {
CUresult cuMemAlloc_v2(CUdeviceptr* pointer, std::size_t size) {
    return with_context<InCapture::forbidden>([&](const Context& context) {
        return pointer != nullptr ? allocate_device_memory(context, size, *pointer) : CUDA_ERROR_INVALID_VALUE;
    });
}

CUresult cuMemAllocManaged(CUdeviceptr* pointer, std::size_t size, unsigned flags) {
    return with_context<InCapture::forbidden>([&](const Context& context) {
        if (pointer == nullptr) return CUDA_ERROR_INVALID_VALUE;
        return allocate_managed_memory(context, size, flags, *pointer);
    });
}

CUresult cuMemPrefetchAsync_v2(CUdeviceptr pointer, std::size_t size, CUmemLocation location, unsigned flags,
                               CUstream stream) {
    return with_stream(stream, [&](Stream& found) { return prefetch(found, pointer, size, location, flags); });
}

CUresult cuMemPrefetchAsync(CUdeviceptr pointer, std::size_t size, CUdevice device, CUstream stream) {
    return cuMemPrefetchAsync_v2(pointer, size, location_of(device), 0, stream);
}

CUresult cuMemAdvise_v2(CUdeviceptr pointer, std::size_t size, CUmem_advise advice, CUmemLocation location) {
    return with_context<InCapture::forbidden>([&](const Context&) { return advise(pointer, size, advice, location); });
}

CUresult cuMemAdvise(CUdeviceptr pointer, std::size_t size, CUmem_advise advice, CUdevice device) {
    return cuMemAdvise_v2(pointer, size, advice, location_of(device));
}

CUresult cuStreamAttachMemAsync(CUstream stream, CUdeviceptr pointer, std::size_t size, unsigned flags) {
    return with_stream<InCapture::forbidden>(stream,
                                             [&](Stream& found) { return attach(found, pointer, size, flags); });
}

CUresult cuMemFree_v2(CUdeviceptr pointer) {
    // Needs no current context (driver-facts.md F56).
    return with_init<InCapture::forbidden>([&] { return free_device_memory(pointer); });
}

CUresult cuMemGetInfo_v2(std::size_t* free, std::size_t* total) {
    return with_context([&](const Context& context) {
        if (free == nullptr || total == nullptr) return CUDA_ERROR_INVALID_VALUE;
        *free = context.device().free_memory();
        *total = context.device().total_memory();
        return CUDA_SUCCESS;
    });
}

CUresult cuMemHostAlloc(void** pointer, std::size_t size, unsigned flags) {
    return with_context<InCapture::forbidden>([&](const Context& context) {
        return pointer != nullptr ? allocate_host_memory(context, size, flags, *pointer) : CUDA_ERROR_INVALID_VALUE;
    });
}

CUresult cuMemAllocHost_v2(void** pointer, std::size_t size) {
    return cuMemHostAlloc(pointer, size, 0);
}

CUresult cuMemAllocPitch_v2(CUdeviceptr* pointer, std::size_t* pitch, std::size_t width, std::size_t height,
                            unsigned elementBytes) {
    constexpr std::size_t kPitchAlignment = 512;
    return with_context<InCapture::forbidden>([&](const Context& context) {
        if (pointer == nullptr || pitch == nullptr || width > SIZE_MAX - kPitchAlignment) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (elementBytes != 4 && elementBytes != 8 && elementBytes != 16) return CUDA_ERROR_INVALID_VALUE;
        const std::size_t row = (width + kPitchAlignment - 1) / kPitchAlignment * kPitchAlignment;
        if (height != 0 && row > SIZE_MAX / height) return CUDA_ERROR_INVALID_VALUE;
        const CUresult allocated = allocate_device_memory(context, row * height, *pointer);
        if (allocated == CUDA_SUCCESS) *pitch = row;
        return allocated;
    });
}

CUresult cuMemFreeHost(void* pointer) {
    return with_context<InCapture::forbidden>([&](const Context&) { return free_host_memory(pointer); });
}

CUresult cuMemHostRegister_v2(void* pointer, std::size_t size, unsigned flags) {
    return with_context<InCapture::forbidden>(
        [&](const Context& context) { return register_host_memory(context, pointer, size, flags); });
}

CUresult cuMemHostUnregister(void* pointer) {
    // Needs no current context (driver-facts.md F15).
    return with_init<InCapture::forbidden>([&] { return unregister_host_memory(pointer); });
}

CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr* devicePointer, void* pointer, unsigned flags) {
    return with_context([&](const Context&) {
        if (devicePointer == nullptr) return CUDA_ERROR_INVALID_VALUE;
        return host_device_pointer(pointer, flags, *devicePointer);
    });
}

CUresult cuMemHostGetFlags(unsigned* flags, void* pointer) {
    return with_context(
        [&](const Context&) { return flags != nullptr ? host_flags(pointer, *flags) : CUDA_ERROR_INVALID_VALUE; });
}

CUresult cuPointerGetAttribute(void* value, CUpointer_attribute attribute, CUdeviceptr pointer) {
    return with_init(
        [&] { return value != nullptr ? pointer_attribute(attribute, pointer, value) : CUDA_ERROR_INVALID_VALUE; });
}

CUresult cuPointerGetAttributes(unsigned count, CUpointer_attribute* attributes, void** values, CUdeviceptr pointer) {
    return with_init([&] {
        if (count == 0 || attributes == nullptr || values == nullptr) return CUDA_ERROR_INVALID_VALUE;
        for (unsigned i = 0; i < count; ++i) {
            if (values[i] == nullptr || no_pointer_attribute(attributes[i], values[i]) != CUDA_SUCCESS) {
                return CUDA_ERROR_INVALID_VALUE;
            }
            (void)pointer_attribute(attributes[i], pointer, values[i]);
        }
        return CUDA_SUCCESS;
    });
}

CUresult cuPointerSetAttribute(const void* value, CUpointer_attribute attribute, CUdeviceptr pointer) {
    return with_init<InCapture::forbidden>(
        [&] { return value != nullptr ? set_pointer_attribute(attribute, pointer, value) : CUDA_ERROR_INVALID_VALUE; });
}

CUresult cuMemGetAddressRange_v2(CUdeviceptr* base, std::size_t* size, CUdeviceptr pointer) {
    return with_context([&](const Context&) {
        CUdeviceptr found_base = 0;
        std::size_t found_size = 0;
        const CUresult found = address_range(pointer, found_base, found_size);
        if (found != CUDA_SUCCESS) return found;
        if (base != nullptr) *base = found_base;
        if (size != nullptr) *size = found_size;
        return CUDA_SUCCESS;
    });
}

CUresult cuImportExternalMemory(CUexternalMemory* memory, const CUDA_EXTERNAL_MEMORY_HANDLE_DESC* desc) {
    return with_context<InCapture::forbidden>([&](const Context& context) {
        if (memory == nullptr || desc == nullptr) return CUDA_ERROR_INVALID_VALUE;
        return import_external_memory(context, *desc, *memory);
    });
}

CUresult cuExternalMemoryGetMappedBuffer(CUdeviceptr* pointer, CUexternalMemory memory,
                                         const CUDA_EXTERNAL_MEMORY_BUFFER_DESC* desc) {
    return with_context([&](const Context& context) {
        if (pointer == nullptr || desc == nullptr) return CUDA_ERROR_INVALID_VALUE;
        return map_external_buffer(context, memory, *desc, *pointer);
    });
}

CUresult cuDestroyExternalMemory(CUexternalMemory memory) {
    return with_context<InCapture::forbidden>([&](const Context&) { return destroy_external_memory(memory); });
}

}  // namespace opennvsci::softcuda
