// SPDX-License-Identifier: Apache-2.0
//
// What a text of JSON is like, seen before it is parsed: parsers nest with the text, and make of it many times its
// bytes.
#pragma once

#include <cstddef>
#include <string_view>

namespace opennvsci::tool {

struct JsonExtent {
    std::size_t size = 0;      ///< of the object or array that the text begins with; 0: it does not end
    std::size_t elements = 0;  ///< at most so many values are in what was looked at
    bool is_too_deep = false;  ///< brackets nest deeper than `deepest`; what follows was not looked at
};

/// Of the object or array that the text begins with, by its brackets; nothing is said of anything else.
[[nodiscard]] JsonExtent json_extent(std::string_view text, std::size_t deepest);

}  // namespace opennvsci::tool
