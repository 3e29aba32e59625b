// SPDX-License-Identifier: Apache-2.0
#include "buf/pyramid.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/checked.h"
#include "buf/image.h"
#include "buf/keys.h"

namespace opennvsci::buf {
namespace {

// In double: a float has not enough digits for every 32-bit size.
std::uint32_t scaled(std::uint32_t pixels, float scale) {
    return std::max(1U, static_cast<std::uint32_t>(static_cast<double>(pixels) * static_cast<double>(scale)));
}

}  // namespace

ImageShape next_level(const ImageShape& level, float scale) {
    ImageShape next = level;
    for (PlaneShape& plane : next.planes) {
        plane.width = scaled(plane.width, scale);
        plane.height = scaled(plane.height, scale);
    }
    return next;
}

Result<> complete_pyramid(attr::Negotiation& negotiation, const LayoutRules& rules) {
    const attr::Slot& result = negotiation.result();
    const auto levels = *result.scalar<std::uint32_t>(NvSciBufPyramidAttrKey_NumLevels);
    const auto scale = *result.scalar<float>(NvSciBufPyramidAttrKey_Scale);
    const auto alignment = *result.scalar<std::uint64_t>(NvSciBufImageAttrKey_Alignment);
    const auto refuse = [&](std::uint32_t level, NvSciError code, const std::string& reason) {
        return negotiation.refuse(NvSciBufPyramidAttrKey_LevelSize, code, fmt::format("level {}: {}", level, reason));
    };

    std::array<std::uint64_t, NV_SCI_BUF_PYRAMID_MAX_LEVELS> offsets{};
    std::array<std::uint64_t, NV_SCI_BUF_PYRAMID_MAX_LEVELS> sizes{};
    ImageShape shape = image_shape_of(result);
    std::uint64_t end = 0;
    for (std::uint32_t level = 0; level < levels; ++level, shape = next_level(shape, scale)) {
        const auto layout = lay_out(shape, rules);
        if (!layout) return refuse(level, layout.error().code, layout.error().text);
        const auto offset = checked::align_up(end, alignment);
        const auto level_end = offset ? checked::add(*offset, layout->size) : offset;
        if (!level_end) return refuse(level, NvSciError_Overflow, "the end exceeds 64 bits");
        offsets[level] = *offset;
        sizes[level] = layout->size;
        end = *level_end;
    }
    negotiation.compute(NvSciBufPyramidAttrKey_LevelOffset, std::span<const std::uint64_t>(offsets).first(levels));
    negotiation.compute(NvSciBufPyramidAttrKey_LevelSize, std::span<const std::uint64_t>(sizes).first(levels));
    negotiation.compute(NvSciBufPyramidAttrKey_Alignment, alignment);
    return {};
}

}  // namespace opennvsci::buf
