// SPDX-License-Identifier: Apache-2.0
#include "attr/printable.h"

#include "base/utf8.h"

namespace opennvsci::attr {

std::string printable(std::string_view words) {
    std::string out;
    out.reserve(words.size());
    utf8::for_each_character(words, [&](std::string_view bytes, utf8::Sight sight) {
        if (sight == utf8::Sight::seen) {
            out += bytes;
        } else {
            out.append(bytes.size(), '?');
        }
    });
    return out;
}

std::string shortened(std::string words, std::size_t most) {
    if (words.size() <= most) return words;
    words.resize(utf8::cut(words, most - 3));
    return words += "...";
}

}  // namespace opennvsci::attr
