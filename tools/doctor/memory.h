// SPDX-License-Identifier: Apache-2.0
//
// The system memory that buffers can have: of the machine, and of the control groups that this process is in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doctor/finding.h"

namespace opennvsci::tool {

/// A control group that limits memory.
struct MemoryGroup {
    std::string name;
    std::uint64_t limit;
    std::uint64_t used;  ///< without what the kernel would give up at once
};

struct MemoryFacts {
    std::optional<std::uint64_t> available;  ///< MemAvailable, bytes
    std::vector<MemoryGroup> groups;
};

/// Takes the numbers from the texts of /proc/meminfo and /proc/self/cgroup; `groups` is the folder at which the control
/// groups are mounted.
[[nodiscard]] MemoryFacts look_at_memory(std::string_view meminfo, std::string_view cgroup, const std::string& groups);
[[nodiscard]] MemoryFacts look_at_memory();
[[nodiscard]] std::vector<Finding> check_memory(const MemoryFacts& facts);

}  // namespace opennvsci::tool
