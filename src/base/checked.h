// SPDX-License-Identifier: Apache-2.0
//
// Unsigned arithmetic on sizes that came from a program, a peer or a file: the result, or nothing on overflow.
#pragma once

#include <concepts>
#include <optional>

namespace opennvsci::checked {

template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> add(T a, T b) {
    T sum{};
    if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
    return sum;
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> multiply(T a, T b) {
    T product{};
    if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
    return product;
}

template <std::unsigned_integral T>
[[nodiscard]] constexpr bool is_power_of_two(T value) {
    return value != 0 && (value & (value - 1)) == 0;
}

/// `value` rounded up to a multiple of `alignment`, a power of two.
template <std::unsigned_integral T>
[[nodiscard]] constexpr std::optional<T> align_up(T value, T alignment) {
    const auto raised = add<T>(value, alignment - 1);
    if (!raised) return std::nullopt;
    return *raised & ~(alignment - 1);
}

/// True if the window [offset, offset + size) lies inside [0, limit).
template <std::unsigned_integral T>
[[nodiscard]] constexpr bool window_fits(T offset, T size, T limit) {
    return size <= limit && offset <= limit - size;
}

}  // namespace opennvsci::checked
