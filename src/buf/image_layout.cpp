// SPDX-License-Identifier: Apache-2.0
#include "buf/image_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/block_linear.h"
#include "base/checked.h"
#include "buf/color_format.h"

namespace opennvsci::buf {
namespace {

// Fits 36 bits, so it cannot overflow.
std::uint64_t row_bytes_of(const PlaneShape& plane) {
    return std::uint64_t{plane.width} * color_format(plane.format).bits_per_pixel / 8;
}

// One plane before its place is known.
struct Plane {
    std::uint64_t pitch;
    std::uint64_t field_height;  // aligned rows of one field
    std::uint64_t least_size;    // of the plane, before rounding
    std::uint64_t alignment;
};

std::uint64_t field_rows(const ImageShape& image, const PlaneShape& plane) {
    return image.is_interlaced ? (std::uint64_t{plane.height} + 1) / 2 : plane.height;
}

Plane pitch_linear(const ImageShape& image, const PlaneShape& plane, const LayoutRules& rules) {
    return {*checked::align_up<std::uint64_t>(row_bytes_of(plane), rules.pitch_alignment), field_rows(image, plane), 0,
            std::max(rules.plane_alignment, plane.alignment)};
}

// The block height follows from the full height, because CUDA maps both fields as one array. Each field is whole
// blocks, so that together they are never less than the array needs.
Result<Plane> block_linear(const ImageShape& image, const PlaneShape& plane, const LayoutRules& rules) {
    const unsigned block = block_linear::block_height_log2(plane.height);
    const std::uint64_t height =
        *checked::align_up<std::uint64_t>(field_rows(image, plane), block_linear::kGobHeight << block);
    const std::uint64_t pitch = *checked::align_up(row_bytes_of(plane), block_linear::kGobWidth);
    driver::ArrayNeeds needs{};
    if (rules.array_needs) {
        OPENNVSCI_TRY_ASSIGN(answer, rules.array_needs(plane));
        needs = answer;
    }
    return Plane{pitch, height, needs.size,
                 std::max({block_linear::kPlaneAlignment, needs.alignment, std::uint64_t{plane.alignment}})};
}

tl::unexpected<Error> too_large(std::uint32_t plane, const std::string& what) {
    return fail(NvSciError_Overflow, fmt::format("plane {}: {}", plane, what));
}

bool fits32(std::uint64_t value) {
    return value <= std::numeric_limits<std::uint32_t>::max();
}

}  // namespace

Result<ImageLayout> lay_out(const ImageShape& image, const LayoutRules& rules) {
    std::array<Plane, NV_SCI_BUF_IMAGE_MAX_PLANES> planes{};
    std::uint64_t size_alignment = 1;  // of every plane's size, so that every plane's offset is aligned
    for (std::uint32_t i = 0; i < image.plane_count; ++i) {
        if (image.layout == NvSciBufImage_PitchLinearType) {
            planes[i] = pitch_linear(image, image.planes[i], rules);
        } else {
            auto plane = block_linear(image, image.planes[i], rules);
            if (!plane) return fail(plane.error().code, fmt::format("plane {}: {}", i, plane.error().text));
            planes[i] = *plane;
        }
        size_alignment = std::max(size_alignment, planes[i].alignment);
    }

    ImageLayout layout{image.plane_count, {}, 0};
    for (std::uint32_t i = 0; i < image.plane_count; ++i) {
        const Plane& plane = planes[i];
        if (!fits32(plane.pitch)) {
            return too_large(i, fmt::format("the pitch of {} bytes exceeds 32 bits", plane.pitch));
        }
        if (!fits32(plane.field_height)) {
            return too_large(i, fmt::format("the aligned height of {} rows exceeds 32 bits", plane.field_height));
        }
        const std::uint64_t field = plane.pitch * plane.field_height;  // 64 bits at most, as both fit 32
        const auto fields = image.is_interlaced ? checked::add(field, field) : field;
        const auto size = fields ? checked::align_up(std::max(*fields, plane.least_size), size_alignment) : fields;
        const auto end = size ? checked::add(layout.size, *size) : size;
        if (!end) {
            return too_large(i, fmt::format("{} rows of {} bytes, {} times, after {} bytes exceed 64 bits",
                                            plane.field_height, plane.pitch, image.is_interlaced ? 2 : 1, layout.size));
        }
        layout.planes[i] = {layout.size,
                            *size,
                            image.is_interlaced ? field : 0,
                            static_cast<std::uint32_t>(plane.pitch),
                            static_cast<std::uint32_t>(plane.field_height),
                            static_cast<std::uint32_t>(plane.alignment)};
        layout.size = *end;
    }
    return layout;
}

}  // namespace opennvsci::buf
