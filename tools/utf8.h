// SPDX-License-Identifier: Apache-2.0
//
// Characters of UTF-8, of bytes that may be anything. The libraries have the same in src/base, which a customer, such
// as the command, does not see.
#pragma once

#include <cstddef>
#include <string_view>

namespace opennvsci::tool::utf8 {

constexpr bool is_continuation(char byte) noexcept {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

struct Character {
    char32_t point = 0;
    std::size_t size = 0;  ///< in bytes; 0: it is none
};

/// The character that the text, which is not empty, begins with.
constexpr Character first_character(std::string_view text) noexcept {
    constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};  // shorter ones are written with fewer bytes
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x80) return {first, 1};
    const std::size_t size = first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF8 ? 4 : 0;
    if (size == 0 || size > text.size()) return {};
    char32_t point = first & (0x7FU >> size);
    for (const char byte : text.substr(1, size - 1)) {
        if (!is_continuation(byte)) return {};
        point = point << 6U | (static_cast<unsigned char>(byte) & 0x3FU);
    }
    const bool is_surrogate = point >= 0xD800 && point < 0xE000;
    return point >= kLeast[size] && point <= 0x10FFFF && !is_surrogate ? Character{point, size} : Character{};
}

/// Whether a reader does not see it, wherever it stands: controls, the ends of lines and paragraphs, what turns the
/// direction of writing, and what has no width and is no part of another character. Joiners are among them (see below).
constexpr bool is_unseen(char32_t point) noexcept {
    struct Range {
        char32_t first;
        char32_t last;
    };
    // The controls, and most of Default_Ignorable_Code_Point of Unicode: not the selectors of variants (U+FE00 to
    // U+FE0F), which belong to the character before them.
    constexpr Range kRanges[] = {{0x0, 0x1F},        {0x7F, 0x9F},      {0xAD, 0xAD},     {0x34F, 0x34F},
                                 {0x61C, 0x61C},     {0x115F, 0x1160},  {0x17B4, 0x17B5}, {0x180E, 0x180E},
                                 {0x200B, 0x200F},   {0x2028, 0x202E},  {0x2060, 0x206F}, {0x3164, 0x3164},
                                 {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},  {0xFFF0, 0xFFFB}, {0x1BCA0, 0x1BCA3},
                                 {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}};
    for (const Range& range : kRanges) {
        if (point >= range.first && point <= range.last) return true;
    }
    return false;
}

/// What joins two characters, or keeps them from being joined, as Persian, the scripts of India and emoji are written:
/// ZERO WIDTH NON-JOINER and ZERO WIDTH JOINER.
constexpr bool is_joiner(char32_t point) noexcept {
    return point == 0x200C || point == 0x200D;
}

enum class Sight {
    seen,
    unseen,  ///< of a joiner: it does not stand between two characters that are seen
    broken,  ///< a byte that is no character
};

/// Calls `take(bytes, sight)` for every character of the text, and for every byte that belongs to none.
template <class Take>
constexpr void for_each_character(std::string_view text, Take&& take) {
    const auto has_shape = [](const Character& character) {
        return character.size != 0 && character.point != U' ' && !is_unseen(character.point);
    };
    bool can_join = false;  // what stands before
    while (!text.empty()) {
        const Character character = first_character(text);
        const std::string_view bytes = text.substr(0, character.size != 0 ? character.size : 1);
        text.remove_prefix(bytes.size());
        const bool joins = is_joiner(character.point) && can_join && !text.empty() && has_shape(first_character(text));
        can_join = has_shape(character);
        take(bytes, character.size == 0                    ? Sight::broken
                    : joins || !is_unseen(character.point) ? Sight::seen
                                                           : Sight::unseen);
    }
}

/// At most how many bytes of the text are whole characters, if `most`, which are fewer than it has, may stay.
constexpr std::size_t cut(std::string_view text, std::size_t most) noexcept {
    while (most > 0 && is_continuation(text[most]))
        --most;
    return most;
}

}  // namespace opennvsci::tool::utf8
