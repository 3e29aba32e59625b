// SPDX-License-Identifier: Apache-2.0
//
// Plane: one plane of an image as a value, from its description to the array that it is mapped as. A PlaneShape says
// what the plane holds; a Plane says that and where it lies. An image is one to three of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "buf/color_format.h"
#include "driver/array_answers.h"
#include "nvscibuf.h"

namespace opennvsci::buf {

inline constexpr std::size_t kMaxPlanes = NV_SCI_BUF_IMAGE_MAX_PLANES;

struct PlaneShape {
    NvSciBufAttrValColorFmt format;
    std::uint32_t width;   ///< pixels, at least 1
    std::uint32_t height;  ///< pixels, at least 1, of both fields together
    std::uint32_t
        alignment;  ///< of the plane's start in bytes: what is asked for, 0 or a power of two; then what it has

    /// Bytes of a row that hold pixels. Fits 36 bits.
    [[nodiscard]] std::uint64_t row_bytes() const noexcept {
        return std::uint64_t{width} * color_format(format).bits_per_pixel / 8;
    }
    /// The array that CUDA maps the plane as, both fields of an interlaced image together.
    [[nodiscard]] driver::ArrayShape array() const noexcept {
        return {width, height, color_format(format).array_element()};
    }
};

struct Plane : PlaneShape {
    std::uint64_t offset;               ///< bytes from the start of the image
    std::uint64_t size;                 ///< bytes
    std::uint64_t second_field_offset;  ///< bytes from the start of the plane; 0 for a progressive image
    std::uint32_t pitch;                ///< bytes
    std::uint32_t aligned_height;       ///< rows, of one field

    [[nodiscard]] std::uint64_t end() const noexcept { return offset + size; }
};

/// The planes of one image.
template <class T>
struct Planes {
    std::uint32_t count = 0;
    std::array<T, kMaxPlanes> all{};

    [[nodiscard]] std::uint32_t size() const noexcept { return count; }
    [[nodiscard]] auto begin() noexcept { return all.begin(); }
    [[nodiscard]] auto begin() const noexcept { return all.begin(); }
    [[nodiscard]] auto end() noexcept { return all.begin() + count; }
    [[nodiscard]] auto end() const noexcept { return all.begin() + count; }
    [[nodiscard]] T& operator[](std::size_t i) noexcept { return all[i]; }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return all[i]; }
};

/// What an image is laid out from.
struct ImageShape {
    NvSciBufAttrValImageLayoutType layout;
    bool is_interlaced;
    Planes<PlaneShape> planes;
};

struct Image {
    NvSciBufAttrValImageLayoutType layout;
    bool is_interlaced;
    Planes<Plane> planes;
    std::uint64_t size;  ///< the sum of the planes' sizes

    [[nodiscard]] bool is_tiled() const noexcept { return layout == NvSciBufImage_BlockLinearType; }
};

}  // namespace opennvsci::buf
