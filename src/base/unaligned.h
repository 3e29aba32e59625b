// SPDX-License-Identifier: Apache-2.0
//
// Values in memory that programs hand in: of any alignment, and perhaps written to by another thread meanwhile.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace opennvsci {

/// The T in the bytes at `address`, which may have any alignment: values come from programs as they are.
template <class T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] T load(const void* address) noexcept {
    T value;
    std::memcpy(&value, address, sizeof(T));
    return value;
}

/// Copies bytes that may change meanwhile. The compiler must not read them again in place of the copy: a check of the
/// copy would say nothing about what is used.
inline void copy_once(void* to, const void* from, std::size_t size) noexcept {
    std::memcpy(to, from, size);
    std::atomic_signal_fence(std::memory_order_acq_rel);
}

/// The T at `address`, as it was at one moment: see copy_once().
template <class T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] T load_once(const void* address) noexcept {
    T value;
    copy_once(&value, address, sizeof(value));  // NOLINT(bugprone-sizeof-expression): also of a pointer
    return value;
}

}  // namespace opennvsci
