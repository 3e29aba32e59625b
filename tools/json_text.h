// SPDX-License-Identifier: Apache-2.0
//
// What a text of JSON is like, seen before it is parsed: parsers nest with the text, and make of it many times its
// bytes.
#pragma once

#include <cstddef>
#include <limits>
#include <string_view>

namespace opennvsci::tool {

/// The most of each that the object or array that a text begins with may have.
struct JsonLimits {
    std::size_t levels = 0;
    std::size_t members_in_all = 0;
    std::size_t members = std::numeric_limits<std::size_t>::max();  ///< of one object or array
    std::size_t name_bytes = std::numeric_limits<std::size_t>::max();
};

enum class JsonExcess { none, levels, members_in_all, members, name_bytes };

struct JsonExtent {
    std::size_t size = 0;                  ///< in bytes; 0: it does not end
    JsonExcess excess = JsonExcess::none;  ///< the first limit that it breaks
};

/// Of the object or array that the text begins with, by its brackets; nothing is said of anything else.
[[nodiscard]] JsonExtent json_extent(std::string_view text, const JsonLimits& limits);

}  // namespace opennvsci::tool
