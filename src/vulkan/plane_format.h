// SPDX-License-Identifier: Apache-2.0
//
// The formats of Vulkan for the planes of images. Vulkan, as CUDA, sees the channels of memory in their order: no
// format swizzles, except where Vulkan has one for exactly this colour format (docs/vulkan.md).
#pragma once

#include <cstdint>

#include "base/vulkan_abi.h"
#include "buf/color_format.h"

namespace opennvsci::vulkan {

/// The format that a plane is shown as if the program names none: normalised if all bits of a component count, integers
/// otherwise.
[[nodiscard]] vk::VkFormat format_of(const buf::ColorFormat& color) noexcept;

/// Bytes of a texel of a format that a plane can have; 0 for others: compressed ones, those of three components, of
/// depth, and of several planes.
[[nodiscard]] std::uint32_t texel_bytes(vk::VkFormat format) noexcept;

}  // namespace opennvsci::vulkan
