// SPDX-License-Identifier: Apache-2.0
//
// TextBuffer: a text of parts in an array, for where memory may lack. A text that does not fit is cut between two
// characters of UTF-8 and ends with "...".
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>
#include <string_view>

#include "base/utf8.h"

namespace opennvsci {

template <std::size_t kSize>
class TextBuffer {
  public:
    TextBuffer() = default;
    TextBuffer(std::initializer_list<std::string_view> parts) noexcept { assign(parts); }

    void assign(std::initializer_list<std::string_view> parts) noexcept {
        size_ = 0;
        is_cut_ = false;
        bytes_[0] = '\0';
        for (const std::string_view part : parts)
            append(part);
    }

    [[nodiscard]] const char* c_str() const noexcept { return bytes_.data(); }
    [[nodiscard]] std::string_view view() const noexcept { return {bytes_.data(), size_}; }

  private:
    static constexpr std::string_view kMark = "...";

    void append(std::string_view part) noexcept {
        if (is_cut_) return;
        const std::size_t count = std::min(part.size(), kSize - 1 - size_);
        size_ += part.copy(bytes_.data() + size_, count);
        is_cut_ = count < part.size();
        if (is_cut_) mark_end();
        bytes_[size_] = '\0';
    }

    void mark_end() noexcept {
        size_ = utf8::cut({bytes_.data(), kSize - 1}, kSize - 1 - kMark.size());
        size_ += kMark.copy(bytes_.data() + size_, kMark.size());
    }

    std::array<char, kSize> bytes_{};  // ends with a 0
    std::size_t size_ = 0;
    bool is_cut_ = false;
};

}  // namespace opennvsci
