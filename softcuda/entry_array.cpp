// SPDX-License-Identifier: Apache-2.0
//
// Entry points: arrays, and copies of rectangles.
#include "softcuda/array.h"
#include "softcuda/entry.h"
#include "softcuda/rectangle_copy.h"

namespace opennvsci::softcuda {
namespace {

template <typename Body>
CUresult with_array(CUarray handle, const void* output, Body&& body) noexcept {
    return with_context([&](const Context&) {
        if (output == nullptr) return CUDA_ERROR_INVALID_VALUE;
        std::shared_ptr<Array> array;
        const CUresult found = find_array(handle, array);
        return found == CUDA_SUCCESS ? body(*array) : found;
    });
}

template <typename Body>
CUresult with_mipmapped_array(CUmipmappedArray handle, const void* output, Body&& body) noexcept {
    return with_context([&](const Context&) {
        if (output == nullptr) return CUDA_ERROR_INVALID_VALUE;
        std::shared_ptr<MipmappedArray> array;
        const CUresult found = find_mipmapped_array(handle, array);
        return found == CUDA_SUCCESS ? body(*array) : found;
    });
}

CUresult requirements_on(CUdevice device, const Array& array, CUDA_ARRAY_MEMORY_REQUIREMENTS& requirements) {
    return find_device(device) != nullptr ? array.requirements(requirements) : CUDA_ERROR_INVALID_DEVICE;
}

CUresult copy_now(const CUDA_MEMCPY3D& copy) noexcept {
    return with_context([&](const Context& context) {
        return copy_rectangles(context, *context.legacy_stream(), copy, Return::when_done);
    });
}

CUresult copy_async(const CUDA_MEMCPY3D& copy, CUstream stream) noexcept {
    return with_context([&](const Context& context) {
        return with_stream(
            stream, [&](Stream& found) { return copy_rectangles(context, found, copy, Return::when_submitted); });
    });
}

}  // namespace

CUresult cuArrayCreate_v2(CUarray* array, const CUDA_ARRAY_DESCRIPTOR* desc) {
    return with_context<InCapture::forbidden>([&](const Context& context) {
        if (array == nullptr || desc == nullptr) return CUDA_ERROR_INVALID_VALUE;
        return create_array(context, {desc->Width, desc->Height, 0, desc->Format, desc->NumChannels, 0}, *array);
    });
}

CUresult cuArrayGetDescriptor_v2(CUDA_ARRAY_DESCRIPTOR* desc, CUarray array) {
    return with_array(array, desc, [&](const Array& found) {
        const CUDA_ARRAY3D_DESCRIPTOR& whole = found.description();
        *desc = {whole.Width, whole.Height, whole.Format, whole.NumChannels};
        return CUDA_SUCCESS;
    });
}

CUresult cuArray3DCreate_v2(CUarray* array, const CUDA_ARRAY3D_DESCRIPTOR* desc) {
    return with_context<InCapture::forbidden>([&](const Context& context) {
        if (array == nullptr || desc == nullptr) return CUDA_ERROR_INVALID_VALUE;
        return create_array(context, *desc, *array);
    });
}

CUresult cuArray3DGetDescriptor_v2(CUDA_ARRAY3D_DESCRIPTOR* desc, CUarray array) {
    return with_array(array, desc, [&](const Array& found) {
        *desc = found.description();
        return CUDA_SUCCESS;
    });
}

CUresult cuArrayGetMemoryRequirements(CUDA_ARRAY_MEMORY_REQUIREMENTS* requirements, CUarray array, CUdevice device) {
    return with_array(array, requirements,
                      [&](const Array& found) { return requirements_on(device, found, *requirements); });
}

CUresult cuArrayDestroy(CUarray array) {
    return with_context<InCapture::forbidden>([&](const Context&) { return destroy_array(array); });
}

CUresult cuMipmappedArrayCreate(CUmipmappedArray* mipmap, const CUDA_ARRAY3D_DESCRIPTOR* desc, unsigned levels) {
    return with_context<InCapture::forbidden>([&](const Context& context) {
        if (mipmap == nullptr || desc == nullptr) return CUDA_ERROR_INVALID_VALUE;
        return create_mipmapped_array(context, *desc, levels, *mipmap);
    });
}

CUresult cuExternalMemoryGetMappedMipmappedArray(CUmipmappedArray* array, CUexternalMemory memory,
                                                 const CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC* desc) {
    return with_context([&](const Context& context) {
        if (array == nullptr || desc == nullptr) return CUDA_ERROR_INVALID_VALUE;
        return map_mipmapped_array(context, memory, *desc, *array);
    });
}

CUresult cuMipmappedArrayGetLevel(CUarray* array, CUmipmappedArray mipmap, unsigned level) {
    return with_mipmapped_array(mipmap, array, [&](const MipmappedArray& found) {
        if (level != 0) return CUDA_ERROR_INVALID_VALUE;
        *array = found.level_handle();
        return CUDA_SUCCESS;
    });
}

CUresult cuMipmappedArrayGetMemoryRequirements(CUDA_ARRAY_MEMORY_REQUIREMENTS* requirements, CUmipmappedArray mipmap,
                                               CUdevice device) {
    return with_mipmapped_array(mipmap, requirements, [&](const MipmappedArray& found) {
        return requirements_on(device, found.level(), *requirements);
    });
}

CUresult cuMipmappedArrayDestroy(CUmipmappedArray mipmap) {
    return with_context<InCapture::forbidden>([&](const Context&) { return destroy_mipmapped_array(mipmap); });
}

CUresult cuMemcpy2D_v2(const CUDA_MEMCPY2D* copy) {
    return copy != nullptr ? copy_now(as_one_slice(*copy)) : CUDA_ERROR_INVALID_VALUE;
}

// The rules of alignment that the other variant may have on old GPUs do not exist here.
CUresult cuMemcpy2DUnaligned_v2(const CUDA_MEMCPY2D* copy) {
    return cuMemcpy2D_v2(copy);
}

CUresult cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D* copy, CUstream stream) {
    return copy != nullptr ? copy_async(as_one_slice(*copy), stream) : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuMemcpy3D_v2(const CUDA_MEMCPY3D* copy) {
    return copy != nullptr ? copy_now(*copy) : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuMemcpy3DAsync_v2(const CUDA_MEMCPY3D* copy, CUstream stream) {
    return copy != nullptr ? copy_async(*copy, stream) : CUDA_ERROR_INVALID_VALUE;
}

}  // namespace opennvsci::softcuda
