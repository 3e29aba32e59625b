// SPDX-License-Identifier: Apache-2.0
#include "json_text.h"

#include <vector>

namespace opennvsci::tool {

JsonExtent json_extent(std::string_view text, const JsonLimits& limits) {
    JsonExtent extent;
    const auto exceed = [&](JsonExcess excess) {
        if (extent.excess == JsonExcess::none) extent.excess = excess;
    };
    std::vector<std::size_t> members(limits.levels + 1);  // of what is open
    std::size_t in_all = 0;
    std::size_t level = 0;
    std::size_t string = 0;  // where the last one began, and how long it is
    std::size_t length = 0;
    bool is_in_string = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char letter = text[at];
        if (is_in_string) {
            if (letter == '\\') ++at;
            if (letter != '"') continue;
            is_in_string = false;
            length = at - string;
            continue;
        }
        const bool opens = letter == '{' || letter == '[';
        if ((opens || letter == ',') && ++in_all > limits.members_in_all) exceed(JsonExcess::members_in_all);
        if (letter == '"') {
            is_in_string = true;
            string = at + 1;
        } else if (opens) {
            if (++level > limits.levels) exceed(JsonExcess::levels);
            if (level <= limits.levels) members[level] = 1;
        } else if (letter == '}' || letter == ']') {
            if (level > 1) {
                --level;
                continue;
            }
            if (level == 1) extent.size = at + 1;
            return extent;
        } else if (letter == ',' && level <= limits.levels && ++members[level] > limits.members) {
            exceed(JsonExcess::members);
        } else if (letter == ':' && length > limits.name_bytes) {
            exceed(JsonExcess::name_bytes);
        }
    }
    return extent;
}

}  // namespace opennvsci::tool
