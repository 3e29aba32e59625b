// SPDX-License-Identifier: Apache-2.0
//
// The limits of this user's processes, as far as the libraries depend on them.
#pragma once

#include <cstdint>
#include <vector>

#include "doctor/finding.h"

namespace opennvsci::tool {

inline constexpr std::uint64_t kNoLimit = UINT64_MAX;

struct LimitFacts {
    std::uint64_t descriptors = kNoLimit;       ///< RLIMIT_NOFILE
    std::uint64_t most_descriptors = kNoLimit;  ///< to which the user may raise it
    std::uint64_t open_descriptors = 0;         ///< that a program started here begins with
    std::uint64_t file_bytes = kNoLimit;        ///< RLIMIT_FSIZE
    std::uint64_t locked_bytes = kNoLimit;      ///< RLIMIT_MEMLOCK
    std::uint64_t address_bytes = kNoLimit;     ///< RLIMIT_AS
};

[[nodiscard]] LimitFacts look_at_limits();
[[nodiscard]] std::vector<Finding> check_limits(const LimitFacts& facts);

}  // namespace opennvsci::tool
