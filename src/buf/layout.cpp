// SPDX-License-Identifier: Apache-2.0
#include "buf/layout.h"

#include <fmt/format.h>

#include "base/block_linear.h"
#include "buf/color_format.h"
#include "buf/data_type.h"
#include "buf/extent.h"
#include "buf/image.h"
#include "buf/keys.h"
#include "buf/placement.h"
#include "buf/pyramid.h"
#include "buf/value_types.h"

namespace opennvsci::buf {
namespace {

using attr::Slot;

std::string name_of(NvSciBufAttrValDataType type) {
    std::string name;
    value::data_type.append_text(name, &type);
    return name;
}

PlaneRows rows_of(const Image& image, const Plane& plane) {
    return {plane.width,
            plane.height,
            plane.row_bytes(),
            plane.pitch,
            plane.aligned_height,
            plane.second_field_offset,
            image.is_tiled() ? 1U << block_linear::block_height_log2(plane.height) : 0};
}

// The planes of an image that begins at `start`.
void append_planes(Layout& layout, const std::string& prefix, std::uint64_t start, const Image& image) {
    for (std::uint32_t i = 0; i < image.planes.size(); ++i) {
        const Plane& plane = image.planes[i];
        layout.regions.push_back({fmt::format("{}plane {}", prefix, i),
                                  color_format(plane.format).name,
                                  start + plane.offset,
                                  plane.size,
                                  plane.row_bytes() * plane.height,
                                  rows_of(image, plane),
                                  {}});
    }
}

// A pyramid's keys state where its levels begin; their planes lie there as the rules of the reconciliation put them.
Result<> append_levels(Layout& layout, const Slot& reconciled) {
    OPENNVSCI_TRY_ASSIGN(placement, placement_of(reconciled));
    const LayoutRules rules = layout_rules(placement);
    const auto scale = *reconciled.scalar<float>(NvSciBufPyramidAttrKey_Scale);
    const auto offsets = reconciled.elements<std::uint64_t>(NvSciBufPyramidAttrKey_LevelOffset);
    ImageShape shape = image_shape_of(reconciled);
    for (std::size_t level = 0; level < offsets.size(); ++level, shape = next_level(shape, scale)) {
        OPENNVSCI_TRY_ASSIGN(image, lay_out(shape, rules));
        append_planes(layout, fmt::format("level {} ", level), offsets[level], image);
    }
    return {};
}

Region tensor_of(const Slot& reconciled) {
    const auto type = *reconciled.scalar<NvSciBufAttrValDataType>(NvSciBufTensorAttrKey_DataType);
    const auto size = *reconciled.scalar<std::uint64_t>(NvSciBufTensorAttrKey_Size);
    Region tensor{"tensor", name_of(type), 0, size, 0, std::nullopt, {}};
    std::uint64_t elements = 1;  // at most twice the size, which fits
    const auto sizes = reconciled.elements<std::uint64_t>(NvSciBufTensorAttrKey_SizePerDim);
    const auto strides = reconciled.elements<std::uint64_t>(NvSciBufTensorAttrKey_StridesPerDim);
    for (std::size_t i = 0; i < strides.size(); ++i) {
        tensor.dimensions.push_back({sizes[i], strides[i]});
        elements *= sizes[i];
    }
    tensor.used = bits_of(type) < 8 ? elements / 2 : elements * (bits_of(type) / 8);
    return tensor;
}

Region array_of(const Slot& reconciled) {
    const auto type = *reconciled.scalar<NvSciBufAttrValDataType>(NvSciBufArrayAttrKey_DataType);
    const auto capacity = *reconciled.scalar<std::uint64_t>(NvSciBufArrayAttrKey_Capacity);
    const auto stride = *reconciled.scalar<std::uint64_t>(NvSciBufArrayAttrKey_Stride);
    const unsigned element_bytes = bytes_of(type);
    return {"array",
            name_of(type),
            0,
            *reconciled.scalar<std::uint64_t>(NvSciBufArrayAttrKey_Size),
            capacity * element_bytes,
            std::nullopt,
            {{capacity, stride}}};
}

Region raw_buffer_of(const Slot& reconciled) {
    const auto size = *reconciled.scalar<std::uint64_t>(NvSciBufRawBufferAttrKey_Size);
    return {"raw buffer", "byte", 0, size, size, std::nullopt, {}};
}

}  // namespace

std::uint64_t Layout::used() const noexcept {
    std::uint64_t sum = 0;
    for (const Region& region : regions)
        sum += region.used;
    return sum;
}

Result<Layout> layout_of(const Slot& reconciled) {
    const Extent extent = extent_of(reconciled);
    Layout layout{{}, extent.size, extent.alignment};
    const std::uint32_t groups = schema().groups_of(reconciled.get(schema().selector()));
    const auto is = [&](NvSciBufType type) { return (groups >> type & 1U) != 0; };
    if (is(NvSciBufType_Pyramid)) {
        OPENNVSCI_TRY(append_levels(layout, reconciled));
    } else if (is(NvSciBufType_Image)) {
        append_planes(layout, "", 0, image_of(reconciled));
    } else if (is(NvSciBufType_Tensor)) {
        layout.regions.push_back(tensor_of(reconciled));
    } else if (is(NvSciBufType_Array)) {
        layout.regions.push_back(array_of(reconciled));
    } else {
        layout.regions.push_back(raw_buffer_of(reconciled));
    }
    return layout;
}

}  // namespace opennvsci::buf
