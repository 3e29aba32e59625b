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
#include <string>
#include <string_view>

#include "base/utf8.h"

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
            const std::size_t length = utf8::first_character(text).size;
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

    std::string* out_;
    bool is_first_ = true;
};

}  // namespace opennvsci
