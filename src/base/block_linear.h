// SPDX-License-Identifier: Apache-2.0
//
// The block-linear layout of a two-dimensional plane, as a desktop GPU from Turing to Hopper stores it: what NvSciBuf's
// image attributes state and what CUDA's arrays are. Pure arithmetic and copies; it owns nothing.
//
// A GOB is 64 bytes by 8 rows, 512 bytes in memory. A block is 2^h GOBs on top of each other and one GOB wide. Blocks
// are stored row-major across the plane, the GOBs of a block from top to bottom. Inside a GOB the byte at (x, y) stands
// at the offset whose bits are, high to low, x5 y2 x4 y1 y0 x3 x2 x1 x0: runs of 16 bytes are contiguous.
//
// The driver chooses h from the number of rows alone, and a plane occupies whole pages of 64 KiB. Sizes and places were
// measured equal to these on an H100 (driver-facts.md F17 and F18). Vocabulary: Linux drm_fourcc.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace opennvsci::block_linear {

inline constexpr std::uint64_t kGobWidth = 64;  // bytes
inline constexpr std::uint64_t kGobHeight = 8;  // rows
inline constexpr std::uint64_t kGobSize = kGobWidth * kGobHeight;
inline constexpr std::uint64_t kPlaneAlignment = 65536;  // of a plane's size, and of the place the driver asks for

/// The block height that the driver chooses, as h: 1..10 rows 0, 11..21 rows 1, 22..42 rows 2, 43..85 rows 3, else 4.
[[nodiscard]] unsigned block_height_log2(std::uint64_t rows) noexcept;

/// How a plane lies in memory.
struct Layout {
    std::uint64_t pitch;           // bytes, a multiple of kGobWidth
    std::uint64_t aligned_height;  // rows, a multiple of the block's
    std::uint64_t size;            // bytes, a multiple of kPlaneAlignment
    unsigned block_height_log2;    // h
};

/// The layout of a plane of `rows` rows of `row_bytes` bytes, with the driver's block height or, to force a larger one,
/// another of 0..5. Nothing if a size does not fit 64 bits.
[[nodiscard]] std::optional<Layout> lay_out(std::uint64_t row_bytes, std::uint64_t rows) noexcept;
[[nodiscard]] std::optional<Layout> lay_out(std::uint64_t row_bytes, std::uint64_t rows, unsigned height_log2) noexcept;

/// Where row `y` begins, and what byte column `xb` adds to it. A pair, because a copy needs the first once in a row.
[[nodiscard]] constexpr std::uint64_t row_offset(const Layout& layout, std::uint64_t y) noexcept {
    const unsigned h = layout.block_height_log2;
    const std::uint64_t blocks = (y >> h) / kGobHeight * (layout.pitch / kGobWidth);
    const std::uint64_t gob = y / kGobHeight & ((1U << h) - 1);
    return ((blocks << h) + gob) * kGobSize + ((y & 3) << 4 | (y & 4) << 5);
}
[[nodiscard]] constexpr std::uint64_t column_offset(const Layout& layout, std::uint64_t xb) noexcept {
    return (xb / kGobWidth * kGobSize << layout.block_height_log2) + ((xb & 15) | (xb & 16) << 2 | (xb & 32) << 3);
}

/// The place of byte column `xb` of row `y`, from the start of the plane.
[[nodiscard]] constexpr std::uint64_t offset_of(const Layout& layout, std::uint64_t xb, std::uint64_t y) noexcept {
    return row_offset(layout, y) + column_offset(layout, xb);
}

/// A part of a plane: byte columns and rows. The caller has made sure that it lies inside pitch and aligned height.
struct Rectangle {
    std::uint64_t xb;
    std::uint64_t y;
    std::uint64_t width;  // bytes
    std::uint64_t rows;
};

/// Copy a rectangle of the block-linear plane at `plane` to or from ordinary rows, `pitch` bytes apart.
void read(const Layout& layout, const void* plane, const Rectangle& from, void* to, std::uint64_t pitch) noexcept;
void write(const Layout& layout, void* plane, const Rectangle& to, const void* from, std::uint64_t pitch) noexcept;

}  // namespace opennvsci::block_linear
