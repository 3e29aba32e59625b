// SPDX-License-Identifier: Apache-2.0
//
// Pictures of the demo: reading PNG into RGB, writing gray PNG. Files are not trusted: a size is
// checked against the limit and against the length of the file before memory is taken for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "result.h"

namespace opennvsci::tool {

/// Most pixels per side: the RGB bytes of the largest picture (768 MiB) still fit into 32 bits.
inline constexpr std::uint32_t kMaxPictureSide = 16384;

/// Three bytes R, G, B per pixel, row after row without gaps.
struct Picture {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::vector<std::uint8_t> rgb;

    [[nodiscard]] std::uint32_t pixels() const noexcept { return width * height; }
};

/// Decodes a PNG with 8 bits or fewer per channel: gray and palette become RGB, alpha is dropped.
[[nodiscard]] Result<Picture> decode_picture(std::span<const std::uint8_t> file);

/// Reads and decodes a file; the error names it.
[[nodiscard]] Result<Picture> read_picture(const std::filesystem::path& path);

/// Encodes a gray picture of width * height bytes as PNG.
[[nodiscard]] Result<std::vector<std::uint8_t>> encode_gray(std::uint32_t width, std::uint32_t height,
                                                            std::span<const std::uint8_t> gray);

}  // namespace opennvsci::tool
