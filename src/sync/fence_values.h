// SPDX-License-Identifier: Apache-2.0
//
// FenceValues: which values of a timeline fences hold: those handed out one after the other, and those that a program
// made itself. Thread-safe.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace opennvsci::sync {

/// True if hardware, which compares cyclically, would take `value` for passed although it is not reached.
[[nodiscard]] constexpr bool is_too_far_ahead(std::uint64_t value, std::uint64_t reached) noexcept {
    return value > reached && value - reached >= std::uint64_t{1} << 63;
}

class FenceValues {
  public:
    /// The next value: the n-th call gives n.
    [[nodiscard]] std::uint64_t hand_out() noexcept { return handed_out_.fetch_add(1, std::memory_order_relaxed) + 1; }

    /// Tells that everything up to `value` is handed out. One caller at a time, and never beside hand_out.
    void hand_out_to(std::uint64_t value) noexcept { handed_out_.store(value, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t handed_out() const noexcept { return handed_out_.load(std::memory_order_relaxed); }

    /// Tells that a program made a fence of `value`.
    void note(std::uint64_t value) noexcept {
        std::uint64_t known = greatest_noted_.load(std::memory_order_relaxed);
        while (known < value && !greatest_noted_.compare_exchange_weak(known, value)) {
        }
    }

    [[nodiscard]] std::uint64_t greatest() const noexcept {
        return std::max(handed_out_.load(), greatest_noted_.load());
    }

  private:
    static constexpr std::size_t kCacheLine = 64;
    alignas(kCacheLine) std::atomic<std::uint64_t> handed_out_{0};
    std::atomic<std::uint64_t> greatest_noted_{0};
};

}  // namespace opennvsci::sync
