// SPDX-License-Identifier: Apache-2.0
//
// The permissions of the interface as rights on memory, and back.
#pragma once

#include <cstdint>

#include "memory/right.h"
#include "nvscibuf.h"

namespace opennvsci::buf {

[[nodiscard]] constexpr NvSciBufAttrValAccessPerm permission_of(memory::Right right) noexcept {
    return right == memory::Right::read_only ? NvSciBufAccessPerm_Readonly : NvSciBufAccessPerm_ReadWrite;
}

/// Of Readonly or ReadWrite.
[[nodiscard]] constexpr memory::Right right_of(std::uint32_t permission) noexcept {
    return permission == NvSciBufAccessPerm_Readonly ? memory::Right::read_only : memory::Right::read_write;
}

}  // namespace opennvsci::buf
