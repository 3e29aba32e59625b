// SPDX-License-Identifier: Apache-2.0
#include "vulkan/plane_image.h"

#include <fmt/format.h>

#include "base/block_linear.h"
#include "buf/image.h"
#include "vulkan/plane_format.h"

namespace opennvsci::vulkan {
namespace {

// A plane with what surrounds it.
struct Place {
    buf::Plane plane;
    std::uint32_t number;
    bool is_tiled;
    std::uint64_t room;  // bytes from its start to the next plane, or to the end of the memory
};

tl::unexpected<Error> bad_argument(std::string text) {
    return fail(VK_ERROR_VALIDATION_FAILED_EXT, NvSciError_BadParameter, std::move(text));
}

tl::unexpected<Error> other_layout(const Place& place, std::string_view what) {
    return fail(VK_ERROR_FEATURE_NOT_PRESENT, NvSciError_NotSupported,
                fmt::format("Vulkan lays plane {} out otherwise than the buffer: {}", place.number, what));
}

Result<Place> place_of(const buf::Object& object, std::uint32_t number) {
    if (!object.is_image()) return bad_argument("the object is no image (NvSciBufType_Image)");
    const buf::Image image = buf::image_of(object.list()->reconciled());
    if (number >= image.planes.size()) {
        return bad_argument(fmt::format("planeIndex is {}, and the image has {} planes", number, image.planes.size()));
    }
    const std::uint64_t end =
        number + 1 < image.planes.size() ? image.planes[number + 1].offset : object.allocation().size();
    return Place{image.planes[number], number, image.is_tiled(), end - image.planes[number].offset};
}

// Block-linear is what NVIDIA's GPUs have in the place of an order that Vulkan knows.
Result<> check_tiling(const PhysicalDevice& device, const Place& place) {
    if (!place.is_tiled) return {};
    OPENNVSCI_TRY_ASSIGN(abilities, device.abilities());
    const std::string obstacle = abilities.obstacle_to_block_linear();
    if (obstacle.empty()) return {};
    return fail(VK_ERROR_FEATURE_NOT_PRESENT, NvSciError_NotSupported,
                fmt::format("{} {}; negotiate PitchLinear", device.name(), obstacle));
}

Result<VkFormat> format_for(const buf::Plane& plane, VkFormat wanted) {
    const buf::ColorFormat& color = buf::color_format(plane.format);
    if (wanted == VK_FORMAT_UNDEFINED) {
        const VkFormat format = format_of(color);
        if (format != VK_FORMAT_UNDEFINED) return format;
        return fail(VK_ERROR_FORMAT_NOT_SUPPORTED, NvSciError_NotSupported,
                    fmt::format("Vulkan has no format for NvSciColor_{}; name one with {} bits per texel", color.name,
                                color.bits_per_pixel));
    }
    if (texel_bytes(wanted) * 8 == color.bits_per_pixel) return wanted;
    return fail(VK_ERROR_FORMAT_NOT_SUPPORTED, NvSciError_NotSupported,
                fmt::format("the VkFormat {} is no format of {} bits per texel, which NvSciColor_{} has", int{wanted},
                            color.bits_per_pixel, color.name));
}

VkImageCreateInfo describe(const Place& place, VkFormat format, const PlaneImageWish& wish, const void* chain) {
    VkImageCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO;
    info.pNext = chain;
    info.flags = wish.flags;
    info.imageType = VK_IMAGE_TYPE_2D;
    info.format = format;
    info.extent = {place.plane.width, place.plane.height, 1};
    info.mipLevels = 1;
    info.arrayLayers = 1;
    info.samples = VK_SAMPLE_COUNT_1_BIT;
    info.tiling = place.is_tiled ? VK_IMAGE_TILING_OPTIMAL : VK_IMAGE_TILING_LINEAR;
    info.usage = wish.usage;
    info.sharingMode = wish.sharing_mode;
    info.queueFamilyIndexCount = wish.queue_family_count;
    info.pQueueFamilyIndices = wish.queue_families;
    return info;
}

// What a device says of such images in such memory.
struct Importable {
    VkResult result;
    VkFlags features;  // VkExternalMemoryFeatureFlagBits
    VkExtent3D most;
};

Importable ask(const PhysicalDevice& device, const VkImageCreateInfo& image,
               VkExternalMemoryHandleTypeFlagBits handle_type) {
    const VkPhysicalDeviceExternalImageFormatInfo external{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO,
                                                           nullptr, handle_type};
    const VkPhysicalDeviceImageFormatInfo2 info{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
                                                &external,
                                                image.format,
                                                image.imageType,
                                                image.tiling,
                                                image.usage,
                                                image.flags};
    VkExternalImageFormatProperties memory{VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES, nullptr, {}};
    VkImageFormatProperties2 properties{VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2, &memory, {}};
    const VkResult result =
        device.call().vkGetPhysicalDeviceImageFormatProperties2(device.handle(), &info, &properties);
    return {result, memory.externalMemoryProperties.externalMemoryFeatures, properties.imageFormatProperties.maxExtent};
}

Result<> check_importable(const PhysicalDevice& device, const Place& place, const VkImageCreateInfo& image,
                          VkExternalMemoryHandleTypeFlagBits handle_type) {
    const Importable answer = ask(device, image, handle_type);
    const auto refuse = [&](std::string_view why) {
        return fail(
            VK_ERROR_FORMAT_NOT_SUPPORTED, NvSciError_NotSupported,
            fmt::format("{} has no {} image of VkFormat {} with the usage {:#x} in this memory: {}", device.name(),
                        place.is_tiled ? "optimal" : "linear", int{image.format}, image.usage, why));
    };
    if (answer.result == VK_ERROR_FORMAT_NOT_SUPPORTED) return refuse("VK_ERROR_FORMAT_NOT_SUPPORTED");
    if (answer.result != VK_SUCCESS) return call_failed(answer.result, "vkGetPhysicalDeviceImageFormatProperties2");
    if ((answer.features & VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT) == 0) return refuse("it cannot be imported");
    if ((answer.features & VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT) != 0 && place.plane.offset != 0) {
        return refuse("it must begin where its memory begins, and the plane does not");
    }
    if (image.extent.width > answer.most.width || image.extent.height > answer.most.height) {
        return refuse(fmt::format("{} x {} texels are the most", answer.most.width, answer.most.height));
    }
    return {};
}

// Where Vulkan shares a block-linear image's memory with others, it may write compressed what shaders or copies write,
// which CUDA reads as it lies there (driver-facts.md F61). Memory that is for one image alone begins with that image.
Result<> check_compression(const Place& place, VkFlags usage) {
    constexpr VkFlags kReads =
        VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_INPUT_ATTACHMENT_BIT;
    if (!place.is_tiled || place.plane.offset == 0 || (usage & ~kReads) == 0) return {};
    return fail(
        VK_ERROR_FORMAT_NOT_SUPPORTED, NvSciError_NotSupported,
        fmt::format("usage is {:#x}, and of a block-linear plane that does not begin where the object does Vulkan "
                    "can only read (TRANSFER_SRC, SAMPLED, INPUT_ATTACHMENT): what it writes there may be "
                    "compressed; make each plane an object of its own",
                    usage));
}

Result<> check_dedication(const Place& place, const Device::Imported& imported, VkImage image) {
    if (!place.is_tiled || place.plane.offset != 0 || imported.dedicated_image == image) return {};
    return fail(
        VK_ERROR_FEATURE_NOT_PRESENT, NvSciError_NotSupported,
        "the memory was not imported for this image alone, and what Vulkan writes may be compressed; import the "
        "object once more, with VkMemoryDedicatedAllocateInfo for this image in the chain");
}

// What Vulkan says of an image, against the plane.
Result<VkMemoryRequirements> compare(const Device& device, VkImage image, const Place& place) {
    const buf::Plane& plane = place.plane;
    VkMemoryRequirements needs{};
    device.call().vkGetImageMemoryRequirements(device.handle(), image, &needs);
    if (needs.alignment != 0 && plane.offset % needs.alignment != 0) {
        return other_layout(
            place, fmt::format("it aligns it to {} bytes, and PlaneOffset is {}", needs.alignment, plane.offset));
    }
    if (needs.size > place.room) {
        return other_layout(place, fmt::format("it needs {} bytes, and there are {}", needs.size, place.room));
    }
    if (place.is_tiled) {
        const auto tiles = block_linear::lay_out(plane.row_bytes(), plane.height);
        const std::uint64_t least = tiles ? tiles->pitch * tiles->aligned_height : plane.size;
        if (needs.size >= least) return needs;
        return other_layout(place,
                            fmt::format("it needs {} bytes, and the tiles of the plane are {}", needs.size, least));
    }
    const VkImageSubresource first{VK_IMAGE_ASPECT_COLOR_BIT, 0, 0};
    VkSubresourceLayout rows{};
    device.call().vkGetImageSubresourceLayout(device.handle(), image, &first, &rows);
    if (rows.rowPitch == plane.pitch && rows.offset == 0) return needs;
    return other_layout(place, fmt::format("its rows are {} bytes apart and begin at {}, and PlanePitch is {}; copy by "
                                           "a VkBuffer, which takes any pitch, or choose another width",
                                           rows.rowPitch, rows.offset, plane.pitch));
}

}  // namespace

Result<bool> has_plane_images(const PhysicalDevice& device, bool is_block_linear) {
    OPENNVSCI_TRY_ASSIGN(abilities, device.abilities());
    Place place{{}, 0, is_block_linear, 0};
    place.plane.width = place.plane.height = 1;
    const PlaneImageWish wish{
        nullptr, 0, VK_FORMAT_UNDEFINED, 0, VK_IMAGE_USAGE_TRANSFER_SRC_BIT, VK_SHARING_MODE_EXCLUSIVE, 0, nullptr};
    const VkImageCreateInfo image = describe(place, VK_FORMAT_R8G8B8A8_UNORM, wish, nullptr);
    const auto is_importable = [&](VkExternalMemoryHandleTypeFlagBits handle_type) {
        const Importable answer = ask(device, image, handle_type);
        return answer.result == VK_SUCCESS && (answer.features & VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT) != 0;
    };
    const bool by_descriptor =
        abilities.imports_descriptors && is_importable(VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT);
    if (by_descriptor || is_block_linear) return by_descriptor;
    return abilities.host_pointer_alignment != 0 &&
           is_importable(VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT);
}

Result<VkImage> create_plane_image(const Device& device, const buf::Object& object, const PlaneImageWish& wish,
                                   const VkAllocationCallbacks* allocator) {
    OPENNVSCI_TRY_ASSIGN(place, place_of(object, wish.plane));
    OPENNVSCI_TRY_ASSIGN(way, enabled_way(device, object));
    OPENNVSCI_TRY(check_tiling(device.physical(), place));
    OPENNVSCI_TRY(check_compression(place, wish.usage));
    OPENNVSCI_TRY_ASSIGN(format, format_for(place.plane, wish.format));
    const VkExternalMemoryImageCreateInfo external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO, wish.chain,
                                                   VkFlags{way.handle_type}};
    const VkImageCreateInfo info = describe(place, format, wish, &external);
    OPENNVSCI_TRY(check_importable(device.physical(), place, info, way.handle_type));
    VkImage image = nullptr;
    const VkResult result = device.call().vkCreateImage(device.handle(), &info, allocator, &image);
    if (result != VK_SUCCESS) return call_failed(result, "vkCreateImage");
    if (auto compared = compare(device, image, place); !compared) {
        device.call().vkDestroyImage(device.handle(), image, allocator);
        return tl::make_unexpected(std::move(compared).error());
    }
    return image;
}

Result<> bind_plane_image(Device& device, VkImage image, VkDeviceMemory memory, std::uint32_t plane) {
    OPENNVSCI_TRY_ASSIGN(imported, device.find_import(memory));
    OPENNVSCI_TRY_ASSIGN(place, place_of(*imported.object, plane));
    OPENNVSCI_TRY(check_tiling(device.physical(), place));
    OPENNVSCI_TRY(check_dedication(place, imported, image));
    OPENNVSCI_TRY_ASSIGN(needs, compare(device, image, place));
    if ((needs.memoryTypeBits >> imported.memory_type & 1U) == 0) {
        return fail(VK_ERROR_FEATURE_NOT_PRESENT, NvSciError_NotSupported,
                    fmt::format("the memory is of type {}, and the image takes the types of the bits {:#x}; import the "
                                "object once more, with one of these",
                                imported.memory_type, needs.memoryTypeBits));
    }
    const VkResult result = device.call().vkBindImageMemory(device.handle(), image, memory, place.plane.offset);
    if (result != VK_SUCCESS) return call_failed(result, "vkBindImageMemory");
    return {};
}

}  // namespace opennvsci::vulkan
