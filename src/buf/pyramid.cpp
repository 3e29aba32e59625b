// SPDX-License-Identifier: Apache-2.0
#include "buf/pyramid.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/checked.h"
#include "buf/buffer_type.h"
#include "buf/image.h"
#include "buf/keys.h"

namespace opennvsci::buf {
namespace {

constexpr const char* kFromLevels = "how the levels are laid out";

// In double: a float has not enough digits for every 32-bit size.
std::uint32_t scaled(std::uint32_t pixels, float scale) {
    return std::max(1U, static_cast<std::uint32_t>(static_cast<double>(pixels) * static_cast<double>(scale)));
}

// The shape of the level below `level`: every plane scaled, rounded down, never less than one pixel.
ImageShape next_level(const ImageShape& level, float scale) {
    ImageShape next = level;
    for (PlaneShape& plane : next.planes) {
        plane.width = scaled(plane.width, scale);
        plane.height = scaled(plane.height, scale);
    }
    return next;
}

}  // namespace

Result<> complete_pyramid(attr::Negotiation& negotiation, const Placement& placement) {
    const LayoutRules rules = layout_rules(placement);
    OPENNVSCI_TRY(complete_image_description(negotiation));
    OPENNVSCI_TRY(complete_image_layout(negotiation, rules));
    const attr::Slot& result = negotiation.result();
    const auto levels = result.required<std::uint32_t>(NvSciBufPyramidAttrKey_NumLevels);
    const auto scale = result.required<float>(NvSciBufPyramidAttrKey_Scale);
    const auto alignment = result.required<std::uint64_t>(NvSciBufImageAttrKey_Alignment);
    const auto refuse = [&](std::uint32_t level, NvSciError code, const std::string& reason) {
        return refuse_layout(negotiation, NvSciBufPyramidAttrKey_LevelSize, code,
                             fmt::format("level {}: {}", level, reason));
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
    negotiation.compute(NvSciBufPyramidAttrKey_LevelOffset, std::span<const std::uint64_t>(offsets).first(levels),
                        kFromLevels);
    negotiation.compute(NvSciBufPyramidAttrKey_LevelSize, std::span<const std::uint64_t>(sizes).first(levels),
                        kFromLevels);
    negotiation.compute(NvSciBufPyramidAttrKey_Alignment, alignment, kFromLevels);
    return {};
}

Result<> check_pyramid(const attr::Slot& reconciled) {
    const auto offsets = reconciled.elements<std::uint64_t>(NvSciBufPyramidAttrKey_LevelOffset);
    const auto sizes = reconciled.elements<std::uint64_t>(NvSciBufPyramidAttrKey_LevelSize);
    if (sizes[0] < reconciled.required<std::uint64_t>(NvSciBufImageAttrKey_Size)) {
        return wrong_result(NvSciBufPyramidAttrKey_LevelSize, "level 0 is smaller than the image");
    }
    std::uint64_t end = 0;
    for (std::size_t level = 0; level < offsets.size(); ++level) {
        const auto level_end = checked::add(offsets[level], sizes[level]);
        if (offsets[level] < end || !level_end) {
            return wrong_result(NvSciBufPyramidAttrKey_LevelOffset,
                                fmt::format("level {} overlaps the one before, or ends beyond 64 bits", level));
        }
        end = *level_end;
    }
    return {};
}

Extent pyramid_extent(const attr::Slot& reconciled) {
    const auto offsets = reconciled.elements<std::uint64_t>(NvSciBufPyramidAttrKey_LevelOffset);
    const auto sizes = reconciled.elements<std::uint64_t>(NvSciBufPyramidAttrKey_LevelSize);
    const std::size_t last = offsets.size() - 1;
    return {offsets[last] + sizes[last], reconciled.required<std::uint64_t>(NvSciBufPyramidAttrKey_Alignment)};
}

// The keys state where the levels begin; their planes lie there as the rules of the reconciliation put them.
Result<std::vector<Region>> pyramid_regions(const attr::Slot& reconciled) {
    OPENNVSCI_TRY_ASSIGN(placement, placement_of(reconciled));
    const LayoutRules rules = layout_rules(placement);
    const auto scale = reconciled.required<float>(NvSciBufPyramidAttrKey_Scale);
    const auto offsets = reconciled.elements<std::uint64_t>(NvSciBufPyramidAttrKey_LevelOffset);
    const auto sizes = reconciled.elements<std::uint64_t>(NvSciBufPyramidAttrKey_LevelSize);
    std::vector<Region> regions;
    ImageShape shape = image_shape_of(reconciled);
    for (std::size_t level = 0; level < offsets.size(); ++level, shape = next_level(shape, scale)) {
        OPENNVSCI_TRY_ASSIGN(image, lay_out(shape, rules));
        if (image.size > sizes[level]) {  // another process reconciled it
            return fail(NvSciError_ResourceError,
                        fmt::format("level {} has {} bytes, and on the GPUs of this process it needs {}", level,
                                    sizes[level], image.size));
        }
        append_regions(regions, fmt::format("level {} ", level), offsets[level], image);
    }
    return regions;
}

}  // namespace opennvsci::buf
