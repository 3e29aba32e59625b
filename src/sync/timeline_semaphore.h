// SPDX-License-Identifier: Apache-2.0
//
// TimelineSemaphore: a timeline semaphore of a Vulkan device of the program, as the CPU uses it. The floor of Vulkan
// has the one implementation. Several, of one device each, may have one payload (sync/shared_semaphore.h).
//
// Not to be used once its device is destroyed. Thread-safe, but for signal: one caller at a time.
#pragma once

#include <cstdint>

namespace opennvsci::sync {

class TimelineSemaphore {
  public:
    TimelineSemaphore() = default;
    TimelineSemaphore(const TimelineSemaphore&) = delete;
    TimelineSemaphore& operator=(const TimelineSemaphore&) = delete;
    virtual ~TimelineSemaphore() = default;

    /// What a look at it shows.
    struct Seen {
        enum class State : std::uint8_t {
            known,
            lost,    ///< with its device
            unknown  ///< Vulkan does not say now, and may later
        };
        State state;
        std::uint64_t value;  ///< reached, if it is known
    };
    [[nodiscard]] virtual Seen value() const noexcept = 0;
    /// Reaches `value`, which is greater than all before; false if Vulkan refuses.
    [[nodiscard]] virtual bool signal(std::uint64_t value) noexcept = 0;
};

}  // namespace opennvsci::sync
