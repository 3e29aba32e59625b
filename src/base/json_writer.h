// SPDX-License-Identifier: Apache-2.0
//
// JsonWriter: writes JSON into a string, piece by piece, with the commas between. The caller keeps the shape: each
// begin has its end, and inside an object a key stands before each value. Whatever bytes a text has, what comes out is
// UTF-8: a byte that is none becomes U+FFFD. Throws std::bad_alloc, and nothing else.
#pragma once

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace opennvsci {

class JsonWriter {
  public:
    /// Appends to `out`, which must outlive this object.
    explicit JsonWriter(std::string& out) noexcept : out_(&out) {}

    void begin_object() { begin('{'); }
    void end_object() { end('}'); }
    void begin_array() { begin('['); }
    void end_array() { end(']'); }

    void key(std::string_view name) {
        separate();
        append_text(name);
        *out_ += ':';
        is_first_ = true;  // no comma before its value
    }

    void string(std::string_view text) {
        separate();
        append_text(text);
    }
    template <class Number>
    requires((std::integral<Number> && !std::same_as<Number, bool>) ||
             std::floating_point<Number>) void number(Number value) {
        separate();
        if constexpr (std::floating_point<Number>) {
            if (!std::isfinite(value)) {  // JSON has no such numbers
                *out_ += "null";
                return;
            }
        }
        std::array<char, 32> digits{};
        *out_ +=
            std::string_view(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
    }
    void boolean(bool value) {
        separate();
        *out_ += value ? "true" : "false";
    }
    void null() {
        separate();
        *out_ += "null";
    }

  private:
    void begin(char bracket) {
        separate();
        *out_ += bracket;
        is_first_ = true;
    }
    void end(char bracket) {
        *out_ += bracket;
        is_first_ = false;
    }
    void separate() {
        if (!is_first_) *out_ += ',';
        is_first_ = false;
    }

    void append_text(std::string_view text) {
        *out_ += '"';
        while (!text.empty()) {
            const std::size_t length = character_length(text);
            append_character(text.substr(0, length));
            text.remove_prefix(length == 0 ? 1 : length);
        }
        *out_ += '"';
    }

    // Empty: a byte that is no UTF-8.
    void append_character(std::string_view character) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        if (character.empty()) {
            *out_ += "\xef\xbf\xbd";
            return;
        }
        const auto first = static_cast<unsigned char>(character[0]);
        switch (first) {
            case '"':
                *out_ += "\\\"";
                return;
            case '\\':
                *out_ += "\\\\";
                return;
            case '\n':
                *out_ += "\\n";
                return;
            default:
                break;
        }
        if (first < 0x20 || first == 0x7F) {
            *out_ += "\\u00";
            *out_ += kDigits[first >> 4];
            *out_ += kDigits[first & 0xF];
            return;
        }
        *out_ += character;
    }

    // The bytes of the character of UTF-8 that the text begins with; 0 if it is none.
    static std::size_t character_length(std::string_view text) noexcept {
        constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
        const auto first = static_cast<unsigned char>(text[0]);
        if (first < 0x80) return 1;
        const std::size_t length = first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF8 ? 4 : 0;
        if (length == 0 || length > text.size()) return 0;
        std::uint32_t point = first & (0x7FU >> length);
        for (const char byte : text.substr(1, length - 1)) {
            if ((static_cast<unsigned char>(byte) & 0xC0U) != 0x80) return 0;
            point = point << 6 | (static_cast<unsigned char>(byte) & 0x3FU);
        }
        const bool is_surrogate = point >= 0xD800 && point < 0xE000;
        return point >= kLeast[length] && point <= 0x10FFFF && !is_surrogate ? length : 0;
    }

    std::string* out_;
    bool is_first_ = true;
};

}  // namespace opennvsci
