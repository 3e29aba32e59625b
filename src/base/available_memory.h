// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace opennvsci {

/// Bytes of memory that this process could take now without pressing anybody: the least of what the machine has
/// available and of what the control groups of the process, version 1 or 2, leave below their limits, page cache that
/// is not in use counted in. 0 if the kernel does not tell. Reads some small files, which takes tens of microseconds;
/// `root` stands before their names. Thread-safe.
[[nodiscard]] std::uint64_t available_memory(const std::string& root = {});

}  // namespace opennvsci
