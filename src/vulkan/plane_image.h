// SPDX-License-Identifier: Apache-2.0
//
// A plane of an object as a VkImage. Vulkan chooses how an image lies in memory and tells only parts of it, so all that
// it tells is compared with the plane before anything is bound: texels elsewhere than the object says are worse than no
// image.
#pragma once

#include <cstdint>

#include "buf/plane.h"
#include "vulkan/memory_import.h"

namespace opennvsci::vulkan {

/// What a program wants of the image of a plane; its members are those of VkImageCreateInfo.
struct PlaneImageWish {
    const void* chain;
    std::uint32_t plane;
    VkFormat format;  ///< VK_FORMAT_UNDEFINED: format_of()
    VkFlags flags;
    VkFlags usage;
    VkSharingMode sharing_mode;
    std::uint32_t queue_family_count;
    const std::uint32_t* queue_families;
};

/// Whether a device has images of block-linear planes, or else of pitch-linear ones, in memory that it can import: of
/// R8G8B8A8, which every device has, to be copied from. Of others create_plane_image() asks. Errors: those of
/// PhysicalDevice::abilities.
[[nodiscard]] Result<bool> has_plane_images(const PhysicalDevice& device, bool is_block_linear);

/// Errors: VALIDATION_FAILED for an object of no image, or no such plane; FORMAT_NOT_SUPPORTED if there is no such
/// image; FEATURE_NOT_PRESENT if it lies otherwise; those of import_way; Vulkan's.
[[nodiscard]] Result<VkImage> create_plane_image(const Device& device, const buf::Object& object,
                                                 const PlaneImageWish& wish, const VkAllocationCallbacks* allocator);

/// Binds an image to a plane of the object that `memory` was imported from. Errors: VALIDATION_FAILED,
/// FEATURE_NOT_PRESENT, Vulkan's.
[[nodiscard]] Result<> bind_plane_image(Device& device, VkImage image, VkDeviceMemory memory, std::uint32_t plane);

}  // namespace opennvsci::vulkan
