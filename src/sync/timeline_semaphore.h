// SPDX-License-Identifier: Apache-2.0
//
// TimelineSemaphore: a timeline semaphore of a Vulkan device of the program, as the CPU uses it. The floor of Vulkan
// has the one implementation. Several, of one device each, may have one payload (sync/shared_semaphore.h).
//
// Not to be used once its device is destroyed. Thread-safe, but for signal: one caller at a time.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace opennvsci::sync {

class TimelineSemaphore {
  public:
    TimelineSemaphore() = default;
    TimelineSemaphore(const TimelineSemaphore&) = delete;
    TimelineSemaphore& operator=(const TimelineSemaphore&) = delete;
    virtual ~TimelineSemaphore() = default;

    /// The value reached. Errors: ResourceError if the device is lost.
    [[nodiscard]] virtual Result<std::uint64_t> value() const = 0;
    /// Reaches `value`, which is greater than all before; false if Vulkan refuses.
    [[nodiscard]] virtual bool signal(std::uint64_t value) noexcept = 0;
};

}  // namespace opennvsci::sync
