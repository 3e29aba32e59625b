// SPDX-License-Identifier: Apache-2.0
#include "json_text.h"

namespace opennvsci::tool {

JsonExtent json_extent(std::string_view text, std::size_t deepest) {
    JsonExtent extent;
    std::size_t depth = 0;
    bool is_in_string = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char letter = text[at];
        if (is_in_string) {
            if (letter == '\\') ++at;
            if (letter == '"') is_in_string = false;
        } else if (letter == '"') {
            is_in_string = true;
        } else if (letter == ',') {
            ++extent.elements;
        } else if (letter == '{' || letter == '[') {
            extent.elements += 2;  // itself, and the first one in it
            if (++depth > deepest) {
                extent.is_too_deep = true;
                return extent;
            }
        } else if ((letter == '}' || letter == ']') && depth <= 1) {
            if (depth == 1) extent.size = at + 1;
            return extent;
        } else if (letter == '}' || letter == ']') {
            --depth;
        }
    }
    return extent;
}

}  // namespace opennvsci::tool
