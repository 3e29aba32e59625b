// SPDX-License-Identifier: Apache-2.0
#include "cuda/external_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

#include "base/array_format.h"
#include "base/block_linear.h"
#include "base/checked.h"
#include "base/log.h"
#include "buf/image.h"
#include "cuda/mapped_pointers.h"

namespace opennvsci::cuda {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

namespace {

// The object was negotiated for the GPUs of GpuId. Another one may still reach the memory, so this is said, not
// refused.
void warn_if_not_negotiated(const buf::Object& object, const driver::Device& device) {
    const attr::Slot& slot = object.list()->reconciled();
    for (const auto& id : slot.elements<NvSciRmGpuId>(NvSciBufGeneralAttrKey_GpuId)) {
        if (device.has_uuid(Uuid::from(id.bytes))) return;
    }
    const auto video = slot.scalar<NvSciRmGpuId>(NvSciBufGeneralAttrKey_VidMem_GpuId);
    if (video && device.has_uuid(Uuid::from(video->bytes))) return;
    if (!log::enabled(log::Level::warning)) return;
    log::write(log::Level::warning, fmt::format("an object is imported on {} ({}), which no list named in GpuId",
                                                device.uuid.text(), device.name));
}

void note_what_is_not_stopped() {
    static std::atomic<bool> is_said{false};
    if (is_said.exchange(true)) return;
    log::write(log::Level::notice,
               "an array is mapped on a read-only image; surfaces are refused, but the driver cannot stop copies into "
               "the array (cuMemcpy2D and the like), which would change the image. Said once");
}

// What the program may say about the use of an array. Layers, cubes and the like are other shapes than a plane.
constexpr unsigned kArrayUses = kArray3DSurfaceLdst | kArray3DTextureGather | kArray3DColorAttachment;
constexpr unsigned kWritingUses = kArray3DSurfaceLdst | kArray3DColorAttachment;

tl::unexpected<Error> bad_array(std::string text) {
    return fail(NvSciError_BadParameter, std::move(text));
}

}  // namespace

Result<ExternalMemory> ExternalMemory::import(std::shared_ptr<buf::Object> object, unsigned long long size) {
    if (size == 0 || size > object->allocation().size()) {
        return fail(NvSciError_BadParameter,
                    {"size of the descriptor", std::to_string(size), std::to_string(object->extent().size)},
                    fmt::format("the descriptor's size is {}, the object has {} bytes", size, object->extent().size));
    }
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    OPENNVSCI_TRY_ASSIGN(context, driver::ContextWatch::of_current(*driver));
    warn_if_not_negotiated(*object, context->device());
    return ExternalMemory(std::move(object), *context, size);
}

Result<CUdeviceptr> ExternalMemory::map_buffer(const CUDA_EXTERNAL_MEMORY_BUFFER_DESC& desc) const {
    if (desc.flags != 0) {
        return fail_unmet(NvSciError_BadParameter, {"flags", fmt::format("{:#x}", desc.flags), "0"},
                          "flags are {found}, and must be {needed}");
    }
    if (desc.size == 0 || !checked::window_fits(desc.offset, desc.size, size_)) {
        return fail(
            NvSciError_BadParameter,
            {"end of the window", fmt::format("{} + {}", desc.offset, desc.size), fmt::format("at most {}", size_)},
            fmt::format("a window of {} bytes at offset {} does not fit into the imported {} bytes", desc.size,
                        desc.offset, size_));
    }
    OPENNVSCI_TRY_ASSIGN(mapping, context_->run([&] {
        return object_->allocation().map_for_gpu(context_->driver(), context_->device(), object_->right());
    }));
    const CUdeviceptr pointer = mapping->address() + desc.offset;
    if (log::enabled(log::Level::debug)) log::write(log::Level::debug, describe_mapping(pointer, desc.size));
    MappedPointers::instance().insert(pointer, {object_, std::move(mapping), context_});
    return pointer;
}

// The driver answers a write to a read-only mapping with a code for a bad argument, and no word why (driver-facts.md
// F9).
std::string ExternalMemory::describe_mapping(CUdeviceptr pointer, unsigned long long size) const {
    const bool is_read_only = object_->right() == memory::Right::read_only;
    return fmt::format("mapped {:#x} to {:#x} for {}: {}", pointer, pointer + size, context_->device().name,
                       is_read_only ? "read-only (ActualPerm Readonly); a copy into it gives CUDA_ERROR_INVALID_VALUE, "
                                      "a store of a kernel CUDA_ERROR_ILLEGAL_ADDRESS"
                                    : "read-write");
}

// The driver itself takes any number of levels, and 0 of them corrupts its heap (driver-facts.md F20).
Result<> ExternalMemory::check_array(const CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc) const {
    const CUDA_ARRAY3D_DESCRIPTOR& array = desc.arrayDesc;
    if (desc.numLevels != 1) {
        return fail_unmet(NvSciError_BadParameter, {"numLevels", std::to_string(desc.numLevels), "1"},
                          "numLevels is {found}, and must be {needed}");
    }
    if ((array.Flags & ~kArrayUses) != 0) {
        return bad_array(
            fmt::format("flags are {:#x}; a plane may have SURFACE_LDST, TEXTURE_GATHER and "
                        "COLOR_ATTACHMENT ({:#x})",
                        array.Flags, kArrayUses));
    }
    if (object_->right() == memory::Right::read_only) {
        if (!object_->is_image()) {
            return fail(NvSciError_NotSupported, {"permission", "Readonly", "ReadWrite"},
                        "the object is read-only (ActualPerm Readonly), and the driver cannot stop copies into an "
                        "array; only a read-only image has arrays: map a buffer instead",
                        CUDA_ERROR_NOT_SUPPORTED);
        }
        if ((array.Flags & kWritingUses) != 0) {
            return bad_array("the object is read-only, and SURFACE_LDST and COLOR_ATTACHMENT are for writing");
        }
    }
    const std::size_t element = array_element_size(array.Format, array.NumChannels);
    if (element == 0) {
        return bad_array(fmt::format("no array has {} channels of format {:#x}", array.NumChannels,
                                     static_cast<unsigned>(array.Format)));
    }
    // The driver takes a height of 0, as an array of one dimension, whose memory is not that of a plane.
    if (array.Width == 0 || array.Height == 0 || array.Depth != 0) {
        return bad_array(fmt::format("width is {}, height {} and depth {}; a plane has a width, a height and no depth",
                                     array.Width, array.Height, array.Depth));
    }
    if (desc.offset % block_linear::kGobSize != 0) {
        return bad_array(
            fmt::format("offset {} is no multiple of {}, the size of a GOB", desc.offset, block_linear::kGobSize));
    }
    const auto layout = object_->list()->reconciled().scalar<std::uint32_t>(NvSciBufImageAttrKey_Layout);
    if (layout == std::uint32_t{NvSciBufImage_PitchLinearType}) {
        return fail(
            NvSciError_NotSupported, {"NvSciBufImageAttrKey_Layout", "PitchLinear", "BlockLinear"},
            "the image is pitch-linear, and arrays are block-linear; map it as a buffer and use PlaneOffset and "
            "PlanePitch, or negotiate BlockLinear",
            CUDA_ERROR_NOT_SUPPORTED);
    }
    const auto row = checked::multiply<std::uint64_t>(array.Width, element);
    const auto tiles = row ? block_linear::lay_out(*row, array.Height) : std::nullopt;
    const auto plane = buf::plane_at(object_->list()->reconciled(), desc.offset);
    const std::uint64_t limit = plane ? std::min<std::uint64_t>(plane->end(), size_) : size_;
    if (!tiles || !checked::window_fits<std::uint64_t>(desc.offset, tiles->pitch * tiles->aligned_height, limit)) {
        return bad_array(
            fmt::format("an array of {} x {} elements of {} bytes at offset {} does not fit; its plane, or "
                        "the import, ends at {}",
                        array.Width, array.Height, element, desc.offset, limit));
    }
    return {};
}

Result<CUmipmappedArray> ExternalMemory::map_array(const CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC& desc) const {
    OPENNVSCI_TRY(check_array(desc));
    // Published programs bind surfaces to arrays that they mapped without the flag (cuda-interop.md 2.3).
    CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC wanted = desc;
    if (object_->right() == memory::Right::read_write && desc.arrayDesc.Format != CU_AD_FORMAT_UNORM_INT_101010_2) {
        wanted.arrayDesc.Flags |= kArray3DSurfaceLdst;
    }
    OPENNVSCI_TRY_ASSIGN(mapped, arrays_->map(wanted));
    if (object_->right() == memory::Right::read_only) note_what_is_not_stopped();
    return mapped;
}

}  // namespace opennvsci::cuda
