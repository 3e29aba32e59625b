// SPDX-License-Identifier: Apache-2.0
#pragma once

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

}  // namespace opennvsci
