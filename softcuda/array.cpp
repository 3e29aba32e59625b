// SPDX-License-Identifier: Apache-2.0
#include "softcuda/array.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cerrno>

#include "base/array_format.h"
#include "base/checked.h"
#include "softcuda/context.h"
#include "softcuda/device_attributes.h"
#include "softcuda/errors.h"
#include "softcuda/external_memory.h"

namespace opennvsci::softcuda {
namespace {

// What an array may be used for by kernels and graphics, of which there are none here: accepted, without effect.
constexpr unsigned kHints = kArray3DSurfaceLdst | kArray3DTextureGather | kArray3DColorAttachment;
constexpr unsigned kMissingKinds =
    kArray3DLayered | kArray3DCubemap | kArray3DDepthTexture | kArray3DSparse | kArray3DVideoEncodeDecode;

HandleTable<Array>& array_handles() {
    static auto& table = *new HandleTable<Array>(HandleKind::soft_array);
    return table;
}

HandleTable<MipmappedArray>& mipmapped_array_handles() {
    static auto& table = *new HandleTable<MipmappedArray>(HandleKind::soft_mipmapped_array);
    return table;
}

/// Makes a mipmapped array of its only level, unless the context was destroyed meanwhile.
CUresult publish(const Context& context, const std::shared_ptr<Array>& level, CUmipmappedArray& handle) {
    const HandleValue level_handle = array_handles().insert(level);
    try {
        auto mipmapped = std::make_shared<MipmappedArray>(level, to_opaque<CUarray>(level_handle));
        handle = to_opaque<CUmipmappedArray>(mipmapped_array_handles().insert(std::move(mipmapped)));
    } catch (...) {  // out of memory: nobody would ever destroy the level
        (void)array_handles().take(level_handle);
        throw;
    }
    if (!context.destroyed()) return CUDA_SUCCESS;
    drop_arrays_of(context.id());
    return CUDA_ERROR_CONTEXT_IS_DESTROYED;
}

}  // namespace

CUresult Array::describe(const Context& context, Part part, const CUDA_ARRAY3D_DESCRIPTOR& desc,
                         std::shared_ptr<Array>& array) {
    const std::size_t element_size = array_element_size(desc.Format, desc.NumChannels);
    if (element_size == 0 || desc.Width == 0) return CUDA_ERROR_INVALID_VALUE;
    if ((desc.Flags & ~(kHints | kMissingKinds | kArray3DDeferredMapping)) != 0) return CUDA_ERROR_INVALID_VALUE;
    if (desc.Depth != 0 || (desc.Flags & kMissingKinds) != 0) return CUDA_ERROR_NOT_SUPPORTED;
    if (desc.Height == 0 && (desc.Flags & kArray3DDeferredMapping) != 0) return CUDA_ERROR_NOT_SUPPORTED;
    const auto limit = [&](CUdevice_attribute attribute) {
        return static_cast<std::size_t>(attribute_of(context.device(), attribute));
    };
    if (desc.Width > limit(CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_WIDTH) ||
        desc.Height > limit(CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE2D_HEIGHT)) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    const auto layout = block_linear::lay_out(desc.Width * element_size, rows_of(desc));
    if (!layout) return CUDA_ERROR_INVALID_VALUE;
    array.reset(new Array(context.id(), part, desc));
    array->element_size_ = element_size;
    array->layout_ = *layout;
    return CUDA_SUCCESS;
}

CUresult Array::create(const Context& context, const CUDA_ARRAY3D_DESCRIPTOR& desc, Part part,
                       std::shared_ptr<Array>& array) {
    if (const CUresult result = describe(context, part, desc, array); result != CUDA_SUCCESS) return result;
    if ((desc.Flags & kArray3DDeferredMapping) != 0) return CUDA_SUCCESS;
    array->charge_ = MemoryCharge::take(context.device(), array->layout_.size);
    if (!array->charge_) return CUDA_ERROR_OUT_OF_MEMORY;
    array->mapping_ = Mapping::make(nullptr, array->layout_.size, PROT_READ | PROT_WRITE, kReservedFlags);
    if (!array->mapping_) return result_from_errno(errno);
    array->storage_ = array->mapping_.address();
    return CUDA_SUCCESS;
}

CUresult Array::map(const Context& context, const ExternalMemory& memory, std::uint64_t offset,
                    const CUDA_ARRAY3D_DESCRIPTOR& desc, std::shared_ptr<Array>& array) {
    if (desc.Height == 0) return CUDA_ERROR_NOT_SUPPORTED;
    if (const CUresult result = describe(context, Part::level, desc, array); result != CUDA_SUCCESS) return result;
    if ((desc.Flags & kArray3DDeferredMapping) != 0) return CUDA_ERROR_INVALID_VALUE;
    // Stricter than a GPU (driver-facts.md F19).
    if (offset % block_linear::kGobSize != 0) return CUDA_ERROR_INVALID_VALUE;
    if (!checked::window_fits<std::uint64_t>(offset, array->layout_.size, memory.size())) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    array->allocation_ = memory.allocation();
    const CUresult mapped = array->allocation_->map(nullptr, PROT_READ | PROT_WRITE, array->mapping_);
    if (mapped != CUDA_SUCCESS) return mapped;
    array->storage_ = static_cast<std::byte*>(array->mapping_.address()) + offset;
    return CUDA_SUCCESS;
}

CUresult Array::requirements(CUDA_ARRAY_MEMORY_REQUIREMENTS& requirements) const noexcept {
    if ((desc_.Flags & kArray3DDeferredMapping) == 0) return CUDA_ERROR_INVALID_VALUE;
    requirements = {};
    requirements.size = layout_.size;
    requirements.alignment = block_linear::kPlaneAlignment;
    return CUDA_SUCCESS;
}

CUresult create_array(const Context& context, const CUDA_ARRAY3D_DESCRIPTOR& desc, CUarray& handle) {
    std::shared_ptr<Array> array;
    const CUresult result = Array::create(context, desc, Array::Part::itself, array);
    if (result != CUDA_SUCCESS) return result;
    return context.publish(array_handles(), std::move(array), handle);
}

CUresult destroy_array(CUarray handle) {
    std::shared_ptr<Array> array;
    if (const CUresult result = find_array(handle, array); result != CUDA_SUCCESS) return result;
    if (array->part() == Array::Part::level) return CUDA_ERROR_INVALID_VALUE;
    const bool taken = array_handles().take(from_opaque(handle)) != nullptr;
    return taken ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUresult create_mipmapped_array(const Context& context, const CUDA_ARRAY3D_DESCRIPTOR& desc, unsigned levels,
                                CUmipmappedArray& handle) {
    std::shared_ptr<Array> level;
    const unsigned possible = static_cast<unsigned>(std::bit_width(std::max(desc.Width, desc.Height)));
    if (std::min(levels, possible) > 1) return CUDA_ERROR_NOT_SUPPORTED;
    const CUresult result = Array::create(context, desc, Array::Part::level, level);
    return result == CUDA_SUCCESS ? publish(context, level, handle) : result;
}

CUresult map_mipmapped_array(const Context& context, CUexternalMemory memory,
                             const CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc, CUmipmappedArray& handle) {
    std::shared_ptr<ExternalMemory> external;
    if (const CUresult result = find_external_memory(memory, external); result != CUDA_SUCCESS) return result;
    if (desc.numLevels != 1) return CUDA_ERROR_INVALID_VALUE;
    std::shared_ptr<Array> level;
    const CUresult result = Array::map(context, *external, desc.offset, desc.arrayDesc, level);
    return result == CUDA_SUCCESS ? publish(context, level, handle) : result;
}

CUresult destroy_mipmapped_array(CUmipmappedArray handle) {
    if (handle == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const auto taken = mipmapped_array_handles().take(from_opaque(handle));
    if (taken == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    (void)array_handles().take(from_opaque(taken->level_handle()));
    return CUDA_SUCCESS;
}

CUresult find_array(CUarray handle, std::shared_ptr<Array>& array) {
    if (handle == nullptr) return CUDA_ERROR_INVALID_VALUE;
    array = array_handles().find(from_opaque(handle));
    return array != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

CUresult find_mipmapped_array(CUmipmappedArray handle, std::shared_ptr<MipmappedArray>& array) {
    if (handle == nullptr) return CUDA_ERROR_INVALID_VALUE;
    array = mipmapped_array_handles().find(from_opaque(handle));
    return array != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

void drop_arrays_of(ContextId context) {
    (void)mipmapped_array_handles().take_if([&](const MipmappedArray& array) { return array.context() == context; });
    (void)array_handles().take_if([&](const Array& array) { return array.context() == context; });
}

}  // namespace opennvsci::softcuda
