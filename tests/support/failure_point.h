// SPDX-License-Identifier: Apache-2.0
//
// FailurePoint: one number line through everything that can fail below the library: driver calls, system calls and
// allocations of the process heap. From arm() to disarm() the n-th of them on the calling thread fails.
#pragma once

#include <optional>

namespace opennvsci::test {

class FailurePoint {
  public:
    enum class Kind { call, heap };

    /// The n-th point (1, 2, …): of all, or of one kind.
    explicit FailurePoint(long n, std::optional<Kind> only = std::nullopt);
    FailurePoint(const FailurePoint&) = delete;
    FailurePoint& operator=(const FailurePoint&) = delete;
    ~FailurePoint() { disarm(); }

    /// Counts from now on, on the calling thread. One at a time.
    void arm();
    /// Stops counting. True if the point was reached.
    bool disarm();

    /// Called at every point that can fail: true if this one has to.
    static bool should_fail(Kind kind = Kind::call) noexcept;

  private:
    const long n_;
    const std::optional<Kind> only_;
};

/// Puts the failure point in front of the operating system calls of the library. Heap allocations are always in front.
void hook_system_calls();

}  // namespace opennvsci::test
