// SPDX-License-Identifier: Apache-2.0
//
// Layout: how the bytes of a buffer are divided, as a value of one form for all types of buffers. A region is what a
// program addresses as one thing: a plane of an image, a plane of a level of a pyramid, a tensor, an array, a raw
// buffer. Regions follow each other in the order of their offsets and do not overlap.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "attr/slot.h"
#include "base/result.h"

namespace opennvsci::buf {

/// The rows of a plane.
struct PlaneRows {
    std::uint32_t width;                ///< pixels
    std::uint32_t height;               ///< pixels, of both fields together
    std::uint64_t row_bytes;            ///< bytes of a row that hold pixels
    std::uint32_t pitch;                ///< bytes
    std::uint32_t aligned_height;       ///< rows, of one field
    std::uint64_t second_field_offset;  ///< bytes from the start of the region; 0 for a progressive image
    std::uint32_t block_height;         ///< GOBs of a block; 0 for pitch-linear
};

/// A dimension of a tensor, or the only one of an array.
struct Dimension {
    std::uint64_t count;
    std::uint64_t stride;  ///< bytes
};

struct Region {
    std::string name;     ///< "plane 0", "level 1 plane 0", "tensor"
    std::string element;  ///< the colour format or data type; "byte" for a raw buffer
    std::uint64_t offset;
    std::uint64_t size;  ///< bytes, with padding
    std::uint64_t used;  ///< bytes that hold elements
    std::optional<PlaneRows> rows;
    std::vector<Dimension> dimensions;  ///< outermost first; empty for planes and raw buffers
};

/// The regions of a buffer that is not divided.
[[nodiscard]] inline std::vector<Region> one_region(Region whole) {
    std::vector<Region> regions;
    regions.push_back(std::move(whole));
    return regions;
}

struct Layout {
    std::vector<Region> regions;
    std::uint64_t size;       ///< bytes
    std::uint64_t alignment;  ///< of the start address, bytes

    [[nodiscard]] std::uint64_t used() const noexcept;
};

/// The layout that a reconciled list states. The planes of a pyramid's levels follow from the device that it is placed
/// for. Errors: ResourceError if this process does not have that device.
[[nodiscard]] Result<Layout> layout_of(const attr::Slot& reconciled);

}  // namespace opennvsci::buf
