// SPDX-License-Identifier: Apache-2.0
//
// LineLimiter decides which lines a process prints that a program can cause as often as it likes: the same text at most
// once a second, and at most ten lines a second. It keeps a hash and a time of the last few texts, takes no lock and
// needs no memory.
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
    static constexpr std::uint64_t kLinesPerSecond = 10;

    struct Verdict {
        bool is_printed = false;
        /// The first line that this second has no room for any more: there is something to say about it.
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
    // A text may be kept in any place of its group; the one that was said longest ago makes room.
    static constexpr std::size_t kGroup = 4;
    static constexpr std::size_t kGroups = 16;

    [[nodiscard]] static bool is_recent(std::uint64_t entry, std::uint64_t wanted, std::uint64_t now) noexcept;
    [[nodiscard]] bool was_said(std::size_t group, std::uint64_t wanted, std::uint64_t now) const noexcept;
    [[nodiscard]] bool keep(std::size_t group, std::uint64_t wanted, std::uint64_t now) noexcept;

    std::array<std::atomic<std::uint64_t>, kGroup * kGroups> said_{};  // hash << 32 | low half of the time; 0: empty
    std::atomic<std::uint64_t> second_{0};  // its first millisecond << 16 | lines that were printed in it; 0: none yet
    std::atomic<std::uint64_t> left_out_{0};
};

}  // namespace opennvsci::log
