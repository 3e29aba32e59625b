// SPDX-License-Identifier: Apache-2.0
#include "attr/printable.h"

#include <cstdint>

namespace opennvsci::attr {
namespace {

constexpr bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

// How many bytes a sequence that begins with this byte has; 0 if none begins so.
constexpr std::size_t length_of(unsigned char first) {
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first < 0xE0) return 2;
    if (first >= 0xE0 && first < 0xF0) return 3;
    return first >= 0xF0 && first < 0xF5 ? 4 : 0;
}

constexpr bool is_shown(std::uint32_t point, std::size_t length) {
    constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kLeast[length] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;  // no UTF-8
    if (point < 0x20 || (point >= 0x7F && point < 0xA0)) return false;                                    // controls
    const bool turns = (point >= 0x200B && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E) ||
                       (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF;
    return !turns;
}

// The bytes of the character at the start of `words` if it may be shown, else 0.
std::size_t shown_length(std::string_view words) {
    const auto first = static_cast<unsigned char>(words[0]);
    const std::size_t length = length_of(first);
    if (length == 0 || length > words.size()) return 0;
    std::uint32_t point = length == 1 ? first : first & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(words[i])) return 0;
        point = point << 6 | (static_cast<unsigned char>(words[i]) & 0x3FU);
    }
    return is_shown(point, length) ? length : 0;
}

}  // namespace

std::string printable(std::string_view words) {
    std::string out;
    out.reserve(words.size());
    while (!words.empty()) {
        const std::size_t length = shown_length(words);
        if (length == 0) {
            out += '?';
        } else {
            out += words.substr(0, length);
        }
        words.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

std::string shortened(std::string words, std::size_t most) {
    if (words.size() <= most) return words;
    std::size_t end = most - 3;
    while (end > 0 && is_continuation(words[end]))
        --end;
    words.resize(end);
    return words += "...";
}

}  // namespace opennvsci::attr
