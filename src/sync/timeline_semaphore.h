// SPDX-License-Identifier: Apache-2.0
//
// TimelineSemaphore: a timeline semaphore of a Vulkan device of the program, as the CPU uses it. The floor of Vulkan
// has the one implementation. Several, of one device each, may have one payload (sync/shared_semaphore.h).
//
// Nothing here calls the program's allocators. Not to be used once its device is destroyed. Thread-safe, but for signal
// and import: one caller at a time.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/result.h"
#include "base/unique_fd.h"

namespace opennvsci::sync {

class TimelineSemaphore {
  public:
    TimelineSemaphore() = default;
    TimelineSemaphore(const TimelineSemaphore&) = delete;
    TimelineSemaphore& operator=(const TimelineSemaphore&) = delete;
    virtual ~TimelineSemaphore() = default;

    /// No other one has it, nor had.
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

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
    /// Reaches `value`, which is greater than all before. 0, or the VkResult if Vulkan refuses.
    [[nodiscard]] virtual int signal(std::uint64_t value) noexcept = 0;
    /// True once one of these has shown that the device is lost.
    [[nodiscard]] bool is_lost() const noexcept { return is_lost_.load(std::memory_order_relaxed); }

    [[nodiscard]] virtual bool is_exported() const noexcept = 0;
    /// Of one that is exported: a new descriptor of its payload. Errors: Vulkan's.
    [[nodiscard]] virtual Result<UniqueFd> payload() const = 0;
    /// Gives up its payload for that of the descriptor, which it takes. Errors: Vulkan's.
    [[nodiscard]] virtual Result<> import(UniqueFd payload) = 0;

  protected:
    void note_loss() const noexcept { is_lost_.store(true, std::memory_order_relaxed); }

  private:
    mutable std::atomic<bool> is_lost_{false};
    static inline std::atomic<std::uint64_t> g_last_number{0};
    const std::uint64_t number_ = ++g_last_number;
};

}  // namespace opennvsci::sync
