// SPDX-License-Identifier: Apache-2.0
//
// The layout of an image: from the shape of its planes to pitches, heights, offsets and sizes. Pure arithmetic on
// values, the only place that does it; the formulas are those of nvscibuf.md 5 and cuda-interop.md 3.3.
//
// Pitch-linear planes are placed so that CUDA can use each as a linear texture. Block-linear planes are placed so that
// each can be mapped as a CUDA array of the plane's width, height and format at the plane's offset: the driver chooses
// the tiling from the height alone, so everybody who maps the plane with its attributes sees the same.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

#include "base/result.h"
#include "driver/array_answers.h"
#include "nvscibuf.h"

namespace opennvsci::buf {

struct PlaneShape {
    NvSciBufAttrValColorFmt format;
    std::uint32_t width;      ///< pixels, at least 1
    std::uint32_t height;     ///< pixels, at least 1, of both fields together
    std::uint32_t alignment;  ///< of the plane's start in bytes, that is asked for; 0 or a power of two
};

struct ImageShape {
    NvSciBufAttrValImageLayoutType layout;
    bool is_interlaced;
    std::uint32_t plane_count;
    std::array<PlaneShape, NV_SCI_BUF_IMAGE_MAX_PLANES> planes;
};

struct PlaneLayout {
    std::uint64_t offset;               ///< bytes from the start of the image
    std::uint64_t size;                 ///< bytes
    std::uint64_t second_field_offset;  ///< bytes from the start of the plane; 0 for a progressive image
    std::uint32_t pitch;                ///< bytes
    std::uint32_t aligned_height;       ///< rows, of one field
    std::uint32_t alignment;            ///< of the offset, bytes
};

struct ImageLayout {
    std::uint32_t plane_count;
    std::array<PlaneLayout, NV_SCI_BUF_IMAGE_MAX_PLANES> planes;
    std::uint64_t size;  ///< the sum of the planes' sizes
};

/// What the layout must respect beside the shape.
struct LayoutRules {
    std::uint32_t pitch_alignment = 256;  ///< of pitch-linear rows, a power of two
    std::uint32_t plane_alignment = 512;  ///< of the start and size of pitch-linear planes, a power of two
    /// Asks the driver about a block-linear plane. Empty: the formulas decide alone.
    std::function<Result<driver::ArrayNeeds>(const PlaneShape&)> array_needs;
};

/// Errors: Overflow if a value does not fit its attribute; those of `array_needs`. The text names the plane.
[[nodiscard]] Result<ImageLayout> lay_out(const ImageShape& image, const LayoutRules& rules);

}  // namespace opennvsci::buf
