// SPDX-License-Identifier: Apache-2.0
//
// FailurePoint: one number line through everything that can fail below the library: driver calls, system calls and
// allocations of the process heap. armed(n) makes the n-th of them fail; hit() tells whether there were that many.
#pragma once

#include <atomic>
#include <optional>

namespace opennvsci::test {

class FailurePoint {
  public:
    static FailurePoint& instance();

    enum class Kind { call, heap };

    /// From now on, on the calling thread, the n-th (1, 2, …) point that is passed fails: of all, or of one kind.
    void arm(long n, std::optional<Kind> only = std::nullopt);
    /// Stops counting. True if the armed point was reached.
    bool disarm();

    /// Called at every point that can fail: true if this one has to.
    static bool should_fail(Kind kind = Kind::call) noexcept;
};

/// Puts the failure point in front of the operating system calls of the library. Heap allocations are always in front.
void hook_system_calls();

}  // namespace opennvsci::test
