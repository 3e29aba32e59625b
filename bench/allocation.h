// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace opennvsci::bench {

/// Names the benchmarks of allocation. Only with `is_whole` those that take gigabytes of memory and seconds of time.
void name_allocation_benchmarks(bool is_whole);

/// What a process pays for its first buffer of 8 MiB in video memory, while the program has no context, and for its
/// second: by NvSciBuf, or with `raw` by the driver's calls. Prints both in nanoseconds. For a process of its own.
void print_first_allocation(bool raw);

/// The argument that makes this program call print_first_allocation; "raw" or "ours" follows.
inline constexpr std::string_view kFirstAllocation = "--first-allocation";

}  // namespace opennvsci::bench
