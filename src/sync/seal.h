// SPDX-License-Identifier: Apache-2.0
//
// A seal over words that a program keeps for the library, or carries for it: bytes that were changed, by mistake, show.
// Whoever means to forge can.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace opennvsci::sync {

// Every step gives different results for different words, so a change of one word always shows.
template <std::size_t kCount>
[[nodiscard]] constexpr std::uint64_t seal_over(const std::array<std::uint64_t, kCount>& words) noexcept {
    constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15;  // 2^64 by the golden ratio
    std::uint64_t sealed = 0;
    for (const std::uint64_t word : words) {
        sealed = (sealed ^ word) * kOdd;
        sealed ^= sealed >> 32;
    }
    return sealed;
}

}  // namespace opennvsci::sync
