// SPDX-License-Identifier: Apache-2.0
#include "vulkan/plane_format.h"

#include <string_view>

namespace opennvsci::vulkan {

using namespace vk;  // NOLINT(google-build-using-namespace): Vulkan's own names

namespace {

// Formats that Vulkan has with their own order of components.
struct Named {
    std::string_view color;
    VkFormat format;
};
constexpr Named kNamed[] = {
    {"A8R8G8B8", VK_FORMAT_B8G8R8A8_UNORM},
    {"A2R10G10B10", VK_FORMAT_A2R10G10B10_UNORM_PACK32},
};

// The others, by what lies in memory: a plane whose components fill their bits, and one whose components do not.
struct Plain {
    NvSciBufAttrValDataType type;
    std::uint8_t channels;
    VkFormat full;
    VkFormat partial;
};
constexpr Plain kPlain[] = {
    {NvSciDataType_Uint8, 1, VK_FORMAT_R8_UNORM, VK_FORMAT_UNDEFINED},
    {NvSciDataType_Uint8, 2, VK_FORMAT_R8G8_UNORM, VK_FORMAT_UNDEFINED},
    {NvSciDataType_Uint8, 4, VK_FORMAT_R8G8B8A8_UNORM, VK_FORMAT_UNDEFINED},
    {NvSciDataType_Int8, 1, VK_FORMAT_R8_SNORM, VK_FORMAT_UNDEFINED},
    {NvSciDataType_Uint16, 1, VK_FORMAT_R16_UNORM, VK_FORMAT_R16_UINT},
    {NvSciDataType_Uint16, 2, VK_FORMAT_R16G16_UNORM, VK_FORMAT_R16G16_UINT},
    {NvSciDataType_Uint16, 4, VK_FORMAT_R16G16B16A16_UNORM, VK_FORMAT_UNDEFINED},
    {NvSciDataType_Int16, 1, VK_FORMAT_R16_SNORM, VK_FORMAT_R16_SINT},
    {NvSciDataType_Int16, 2, VK_FORMAT_R16G16_SNORM, VK_FORMAT_UNDEFINED},
    {NvSciDataType_Int16, 4, VK_FORMAT_R16G16B16A16_SNORM, VK_FORMAT_UNDEFINED},
    {NvSciDataType_Float16, 1, VK_FORMAT_R16_SFLOAT, VK_FORMAT_UNDEFINED},
    {NvSciDataType_Float16, 4, VK_FORMAT_R16G16B16A16_SFLOAT, VK_FORMAT_UNDEFINED},
    {NvSciDataType_FloatISP, 1, VK_FORMAT_R16_UINT, VK_FORMAT_R16_UINT},
    {NvSciDataType_Uint32, 1, VK_FORMAT_R32_UINT, VK_FORMAT_R32_UINT},
    {NvSciDataType_Int32, 1, VK_FORMAT_R32_SINT, VK_FORMAT_R32_SINT},
};

// Vulkan's numbers of formats with one to four components of whole texels, in its order.
struct Range {
    int first;
    int last;
    std::uint32_t bytes;
};
constexpr Range kTexels[] = {
    {9, 15, 1},      // R8
    {16, 22, 2},     // R8G8
    {37, 50, 4},     // R8G8B8A8, B8G8R8A8
    {51, 69, 4},     // A8B8G8R8, A2R10G10B10, A2B10G10R10
    {70, 76, 2},     // R16
    {77, 83, 4},     // R16G16
    {91, 97, 8},     // R16G16B16A16
    {98, 100, 4},    // R32
    {101, 103, 8},   // R32G32
    {107, 109, 16},  // R32G32B32A32
    {122, 123, 4},   // B10G11R11, E5B9G9R9
};

}  // namespace

VkFormat format_of(const buf::ColorFormat& color) noexcept {
    for (const Named& named : kNamed) {
        if (named.color == color.name) return named.format;
    }
    if (color.bits_per_pixel == 0) return VK_FORMAT_UNDEFINED;
    const cu::ArrayElement element = color.array_element();
    const bool is_full = color.significant_bits * element.channels == color.bits_per_pixel;
    for (const Plain& plain : kPlain) {
        if (plain.type == color.data_type && plain.channels == element.channels) {
            return is_full ? plain.full : plain.partial;
        }
    }
    return VK_FORMAT_UNDEFINED;
}

std::uint32_t texel_bytes(VkFormat format) noexcept {
    for (const Range& range : kTexels) {
        if (format >= range.first && format <= range.last) return range.bytes;
    }
    return 0;
}

}  // namespace opennvsci::vulkan
