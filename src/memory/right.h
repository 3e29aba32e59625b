// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace opennvsci::memory {

/// What a holder may do with memory. Enforced by the MMU of the CPU and of the GPU, never by convention.
enum class Right { read_only, read_write };

[[nodiscard]] constexpr const char* right_name(Right right) noexcept {
    return right == Right::read_only ? "read-only" : "read-write";
}

}  // namespace opennvsci::memory
