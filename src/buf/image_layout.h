// SPDX-License-Identifier: Apache-2.0
//
// The layout of an image: from the shape of its planes to pitches, heights, offsets and sizes. Pure arithmetic on
// values, the only place that does it; the formulas are those of nvscibuf.md 5 and cuda-interop.md 3.3.
//
// Pitch-linear planes are placed so that CUDA can use each as a linear texture. Block-linear planes are placed so that
// each can be mapped as a CUDA array of the plane's width, height and format at the plane's offset: the driver chooses
// the tiling from the height alone, so everybody who maps the plane with its attributes sees the same.
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "buf/plane.h"

namespace opennvsci::buf {

/// What the layout must respect beside the shape.
struct LayoutRules {
    std::uint32_t pitch_alignment = 256;  ///< of pitch-linear rows, a power of two
    std::uint32_t plane_alignment = 512;  ///< of the start and size of pitch-linear planes, a power of two
    /// Asks the driver about a block-linear plane. Empty: the formulas decide alone.
    std::function<Result<driver::ArrayNeeds>(const driver::ArrayShape&)> array_needs;
};

/// Errors: Overflow if a value does not fit its attribute; those of `array_needs`. The text names the plane.
[[nodiscard]] Result<Image> lay_out(const ImageShape& shape, const LayoutRules& rules);

}  // namespace opennvsci::buf
