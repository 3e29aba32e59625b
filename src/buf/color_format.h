// SPDX-License-Identifier: Apache-2.0
//
// The colour formats as one table: what a plane of each looks like in memory, and how CUDA sees it. Source of the
// columns: nvscibuf.md 2.11, where all but a few are this project's decisions, and cuda-interop.md 3.1.
#pragma once

#include <cstdint>

#include "base/array_format.h"
#include "nvscibuf.h"

namespace opennvsci::buf {

/// What the components of a format mean.
enum class Content : std::uint8_t {
    raw,         ///< samples of a sensor behind a colour mosaic
    luma,        ///< Y of a multi-plane YUV image
    u,           ///< U of a three-plane YUV image
    v,           ///< V of a three-plane YUV image
    uv,          ///< U and V in turn, U at the lower address
    vu,          ///< V and U in turn, V at the lower address
    packed_yuv,  ///< Y, U and V in one plane
    rgba,        ///< colour components, one or several
    red,         ///< R of a three-plane RGB image
    green,       ///< G of a three-plane RGB image
    blue,        ///< B of a three-plane RGB image
};

[[nodiscard]] constexpr bool is_yuv(Content content) noexcept {
    return content >= Content::luma && content <= Content::packed_yuv;
}

using cu::ArrayElement;

struct ColorFormat {
    const char* name;               ///< without the prefix NvSciColor_
    std::uint8_t bits_per_pixel;    ///< of memory, a multiple of 8; two pixels of packed 4:2:2 share their chroma; 0 if
                                    ///< there is no layout
    std::uint8_t significant_bits;  ///< of the widest component
    std::uint8_t channels;
    NvSciBufAttrValDataType data_type;
    Content content;
    const char* no_layout = nullptr;  ///< why no buffer can have this format; null for the others

    /// How CUDA maps it. CUDA does not swizzle: the channels are those of memory, in its order. A format whose
    /// components CUDA has no type for (2/10/10/10 bits) is one integer per pixel.
    [[nodiscard]] ArrayElement array_element() const noexcept;
};

/// The row of a format number, or null if there is no such format.
[[nodiscard]] const ColorFormat* find_color_format(std::uint32_t number) noexcept;
/// The same for a number that is known to be a format.
[[nodiscard]] const ColorFormat& color_format(NvSciBufAttrValColorFmt number) noexcept;

}  // namespace opennvsci::buf
