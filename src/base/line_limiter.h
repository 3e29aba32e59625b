// SPDX-License-Identifier: Apache-2.0
//
// LineLimiter decides which lines a process prints that a program can cause as often as it likes: ten in any second,
// and the same text once in it. It keeps a hash and the time of the last ten printed lines, takes no lock and needs no
// memory.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace opennvsci::log {

class LineLimiter {
  public:
    static constexpr std::uint64_t kSecond = 1000;  // milliseconds
    static constexpr std::size_t kLinesPerSecond = 10;

    struct Verdict {
        bool is_printed = false;
        /// The first line after a printed one that there is no room for: there is something to say about it.
        bool is_first_left_out = false;
        /// Lines that there was no room for since the last printed one.
        std::uint64_t left_out = 0;
    };

    /// Whether a line with this text is printed at `now`, in milliseconds of a clock that does not go back.
    /// Thread-safe.
    [[nodiscard]] Verdict ask(std::string_view text, std::uint64_t now) noexcept;

    /// The line of that verdict was not printed after all.
    void leave_out(const Verdict& verdict) noexcept {
        if (verdict.is_printed) left_out_.fetch_add(verdict.left_out + 1, std::memory_order_relaxed);
    }

  private:
    std::array<std::atomic<std::uint64_t>, kLinesPerSecond> printed_{};  // hash << 40 | time
    std::atomic<std::uint64_t> left_out_{0};
};

}  // namespace opennvsci::log
