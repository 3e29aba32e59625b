// SPDX-License-Identifier: Apache-2.0
#include "buf/image_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/block_linear.h"
#include "base/checked.h"

namespace opennvsci::buf {
namespace {

// What a plane needs, before its place is known.
struct Needs {
    std::uint64_t pitch;
    std::uint64_t field_height;  // aligned rows of one field
    std::uint64_t least_size;    // of the plane, before rounding
    std::uint64_t alignment;
};

std::uint64_t field_rows(const ImageShape& image, const PlaneShape& plane) {
    return image.is_interlaced ? (std::uint64_t{plane.height} + 1) / 2 : plane.height;
}

Needs pitch_linear(const ImageShape& image, const PlaneShape& plane, const LayoutRules& rules) {
    return {*checked::align_up<std::uint64_t>(plane.row_bytes(), rules.pitch_alignment), field_rows(image, plane), 0,
            std::max(rules.plane_alignment, plane.alignment)};
}

// The block height follows from the full height, because CUDA maps both fields as one array. Each field is whole
// blocks, so that together they are never less than the array needs.
Result<Needs> block_linear(const ImageShape& image, const PlaneShape& plane, const LayoutRules& rules) {
    const unsigned block = block_linear::block_height_log2(plane.height);
    const std::uint64_t height =
        *checked::align_up<std::uint64_t>(field_rows(image, plane), block_linear::kGobHeight << block);
    const std::uint64_t pitch = *checked::align_up(plane.row_bytes(), block_linear::kGobWidth);
    driver::ArrayNeeds array{};
    if (rules.array_needs) {
        OPENNVSCI_TRY_ASSIGN(answer, rules.array_needs(plane.array()));
        array = answer;
    }
    return Needs{pitch, height, array.size,
                 std::max({block_linear::kPlaneAlignment, array.alignment, std::uint64_t{plane.alignment}})};
}

tl::unexpected<Error> too_large(std::uint32_t plane, const std::string& what) {
    return fail(NvSciError_Overflow, fmt::format("plane {}: {}", plane, what));
}

bool fits32(std::uint64_t value) {
    return value <= std::numeric_limits<std::uint32_t>::max();
}

}  // namespace

Result<Image> lay_out(const ImageShape& shape, const LayoutRules& rules) {
    std::array<Needs, kMaxPlanes> needs{};
    std::uint64_t size_alignment = 1;  // of every plane's size, so that every plane's offset is aligned
    for (std::uint32_t i = 0; i < shape.planes.size(); ++i) {
        if (shape.layout == NvSciBufImage_PitchLinearType) {
            needs[i] = pitch_linear(shape, shape.planes[i], rules);
        } else {
            auto plane = block_linear(shape, shape.planes[i], rules);
            if (!plane) return fail(plane.error().code, fmt::format("plane {}: {}", i, plane.error().text));
            needs[i] = *plane;
        }
        size_alignment = std::max(size_alignment, needs[i].alignment);
    }

    Image image{shape.layout, shape.is_interlaced, {shape.planes.size(), {}}, 0};
    for (std::uint32_t i = 0; i < image.planes.size(); ++i) {
        const auto [pitch, field_height, least_size, alignment] = needs[i];
        if (!fits32(pitch)) return too_large(i, fmt::format("the pitch of {} bytes exceeds 32 bits", pitch));
        if (!fits32(field_height)) {
            return too_large(i, fmt::format("the aligned height of {} rows exceeds 32 bits", field_height));
        }
        const std::uint64_t field = pitch * field_height;  // 64 bits at most, as both fit 32
        const auto fields = image.is_interlaced ? checked::add(field, field) : field;
        const auto size = fields ? checked::align_up(std::max(*fields, least_size), size_alignment) : fields;
        const auto end = size ? checked::add(image.size, *size) : size;
        if (!end) {
            return too_large(i, fmt::format("{} rows of {} bytes, {} times, after {} bytes exceed 64 bits",
                                            field_height, pitch, image.is_interlaced ? 2 : 1, image.size));
        }
        image.planes[i] = {shape.planes[i],
                           image.size,
                           *size,
                           image.is_interlaced ? field : 0,
                           static_cast<std::uint32_t>(pitch),
                           static_cast<std::uint32_t>(field_height)};
        image.planes[i].alignment = static_cast<std::uint32_t>(alignment);
        image.size = *end;
    }
    return image;
}

}  // namespace opennvsci::buf
