// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace opennvsci {

/// True if a number could be an address of a program: above the pages at 0 that nobody may map, below 2^56, where user
/// addresses of Linux end on x86-64 and aarch64.
[[nodiscard]] constexpr bool looks_like_address(std::uint64_t number) noexcept {
    return number >= 0x10000 && number < std::uint64_t{1} << 56;
}

}  // namespace opennvsci
