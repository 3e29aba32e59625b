// SPDX-License-Identifier: Apache-2.0
//
// The memory map of a buffer as an SVG picture, to scale. Down the picture run the bytes of the buffer. Across a plane
// runs one row with its pitch, so that areas are bytes too: the coloured part of a region is to the whole as the bytes
// that hold something are to its size. A region without rows shows that share in the same way. Labels stand beside the
// map, as far apart as reading them needs, and leader lines connect them with the places that they name. What the
// pointer stands on has a title.
#pragma once

#include <string>

#include "layout/negotiated_layout.h"

namespace opennvsci::tool {

/// The same layout gives the same text. Every region is a group of the class "region" that begins with its title and
/// the rectangle of all its bytes; the rectangles of the class "used" in it are the bytes that hold something.
[[nodiscard]] std::string draw_memory_map(const NegotiatedLayout& negotiated);

}  // namespace opennvsci::tool
