// SPDX-License-Identifier: Apache-2.0
#include "attr/printable.h"

#include <algorithm>

#include "base/utf8.h"

namespace opennvsci::attr {

std::string printable(std::string_view words) {
    std::string out;
    out.reserve(words.size());
    while (!words.empty()) {
        const auto [point, size] = utf8::first_character(words);
        const std::size_t bytes = std::max<std::size_t>(size, 1);
        if (size == 0 || utf8::is_unseen(point)) {
            out.append(bytes, '?');
        } else {
            out += words.substr(0, bytes);
        }
        words.remove_prefix(bytes);
    }
    return out;
}

std::string shortened(std::string words, std::size_t most) {
    if (words.size() <= most) return words;
    words.resize(utf8::cut(words, most - 3));
    return words += "...";
}

}  // namespace opennvsci::attr
