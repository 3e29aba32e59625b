// SPDX-License-Identifier: Apache-2.0
//
// Entry points: memory of a context, plain copies and memsets, external memory.
#include <cstdint>

#include "softcuda/copy.h"
#include "softcuda/entry.h"
#include "softcuda/external_memory.h"
#include "softcuda/memory.h"

namespace opennvsci::softcuda {
namespace {

Operand on_host(const void* pointer) noexcept {
    return {reinterpret_cast<std::uintptr_t>(pointer), Side::host};
}

Operand on_device(CUdeviceptr pointer) noexcept {
    return {pointer, Side::device};
}

CUresult copy_now(Operand destination, Operand source, std::size_t size) noexcept {
    return with_context([&](const Context& context) {
        return copy(context, *context.legacy_stream(), destination, source, size, Return::when_done);
    });
}

CUresult copy_async(Operand destination, Operand source, std::size_t size, CUstream stream) noexcept {
    return with_context([&](const Context& context) {
        return with_stream(stream, [&](Stream& found) {
            return copy(context, found, destination, source, size, Return::when_submitted);
        });
    });
}

CUresult fill_now(CUdeviceptr destination, unsigned value, std::size_t width, std::size_t count) noexcept {
    return with_context([&](const Context& context) {
        return fill(context, *context.legacy_stream(), destination, value, width, count, Return::when_done);
    });
}

CUresult fill_async(CUdeviceptr destination, unsigned value, std::size_t width, std::size_t count,
                    CUstream stream) noexcept {
    return with_context([&](const Context& context) {
        return with_stream(stream, [&](Stream& found) {
            return fill(context, found, destination, value, width, count, Return::when_submitted);
        });
    });
}

}  // namespace

CUresult cuMemAlloc_v2(CUdeviceptr* pointer, std::size_t size) {
    return with_context<InCapture::forbidden>([&](const Context& context) {
        return pointer != nullptr ? allocate_device_memory(context, size, *pointer) : CUDA_ERROR_INVALID_VALUE;
    });
}

CUresult cuMemFree_v2(CUdeviceptr pointer) {
    return with_context<InCapture::forbidden>([&](const Context&) { return free_device_memory(pointer); });
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

// With unified addressing the kind of memory follows from the address: what the device does not know is the host's.

CUresult cuMemcpy(CUdeviceptr destination, CUdeviceptr source, std::size_t size) {
    return copy_now({destination, Side::host}, {source, Side::host}, size);
}

CUresult cuMemcpyAsync(CUdeviceptr destination, CUdeviceptr source, std::size_t size, CUstream stream) {
    return copy_async({destination, Side::host}, {source, Side::host}, size, stream);
}

CUresult cuMemcpyHtoD_v2(CUdeviceptr destination, const void* source, std::size_t size) {
    return copy_now(on_device(destination), on_host(source), size);
}

CUresult cuMemcpyDtoH_v2(void* destination, CUdeviceptr source, std::size_t size) {
    return copy_now(on_host(destination), on_device(source), size);
}

CUresult cuMemcpyDtoD_v2(CUdeviceptr destination, CUdeviceptr source, std::size_t size) {
    return copy_now(on_device(destination), on_device(source), size);
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr destination, const void* source, std::size_t size, CUstream stream) {
    return copy_async(on_device(destination), on_host(source), size, stream);
}

CUresult cuMemcpyDtoHAsync_v2(void* destination, CUdeviceptr source, std::size_t size, CUstream stream) {
    return copy_async(on_host(destination), on_device(source), size, stream);
}

CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr destination, CUdeviceptr source, std::size_t size, CUstream stream) {
    return copy_async(on_device(destination), on_device(source), size, stream);
}

CUresult cuMemsetD8_v2(CUdeviceptr destination, unsigned char value, std::size_t count) {
    return fill_now(destination, value, 1, count);
}

CUresult cuMemsetD16_v2(CUdeviceptr destination, unsigned short value, std::size_t count) {
    return fill_now(destination, value, 2, count);
}

CUresult cuMemsetD32_v2(CUdeviceptr destination, unsigned value, std::size_t count) {
    return fill_now(destination, value, 4, count);
}

CUresult cuMemsetD8Async(CUdeviceptr destination, unsigned char value, std::size_t count, CUstream stream) {
    return fill_async(destination, value, 1, count, stream);
}

CUresult cuMemsetD16Async(CUdeviceptr destination, unsigned short value, std::size_t count, CUstream stream) {
    return fill_async(destination, value, 2, count, stream);
}

CUresult cuMemsetD32Async(CUdeviceptr destination, unsigned value, std::size_t count, CUstream stream) {
    return fill_async(destination, value, 4, count, stream);
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
