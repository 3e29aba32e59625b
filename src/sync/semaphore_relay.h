// SPDX-License-Identifier: Apache-2.0
//
// SemaphoreRelay: carries values between the payload of a timeline and the timeline semaphore of this process's Vulkan,
// where others take part who cannot have that semaphore: other processes, or CUDA on a device whose semaphores it does
// not import. The CPU does it, whenever somebody looks: the relay thread (sync/relay_thread.h) does while something is
// expected.
//
// From Vulkan: what the semaphore reaches, the payload reaches, as if the CPU had signaled it. To Vulkan: the semaphore
// follows the payload. What is lost stays unreached on the one side; on the other the semaphore is raised when all
// values before the first lost one are reached, so that no queue waits for ever and none goes on too early.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>

#include "sync/counter.h"
#include "sync/stream_order.h"

namespace opennvsci::sync {

class SemaphoreRelay {
  public:
    enum class Way : std::uint8_t { from_vulkan, to_vulkan };
    /// What a look has found, in the order of what there is to do next.
    enum class Carried : std::uint8_t {
        all,      ///< nothing more is expected
        nothing,  ///< nothing has come of what is expected
        some,     ///< something has come, and more is expected
    };

    /// The others must outlive it. The counter has a semaphore.
    SemaphoreRelay(Way way, Counter& counter, StreamOrder& streams) : way_(way), counter_(counter), streams_(streams) {}

    [[nodiscard]] Way way() const noexcept { return way_; }

    /// Tells that Vulkan will signal `value`.
    void expect(std::uint64_t value) noexcept;
    /// Tells that Vulkan waits for `value`.
    void expect_wait(std::uint64_t value) noexcept;
    /// Carries what has come. `signaling` is the number of the semaphore that Vulkan signals, 0 if none
    /// does yet.
    Carried carry(std::uint64_t signaling);
    /// Carries what has come the last time, because Vulkan signals no more, or is asked nothing any more: the rest is
    /// lost.
    void end(std::uint64_t signaling, Cause why);
    /// The same; false if a thread is at it, and nothing is done: it may be the calling one, which Vulkan has called.
    [[nodiscard]] bool try_end(std::uint64_t signaling, Cause why);

  private:
    Carried carry_from_vulkan(std::uint64_t signaling);
    Carried carry_to_vulkan();
    Carried came_to(std::uint64_t value) noexcept;
    void lose(Cause why);
    void end_locked(std::uint64_t signaling, Cause why);

    const Way way_;
    Counter& counter_;
    StreamOrder& streams_;
    std::mutex mutex_;  // held while values are carried, so that none is after the loss
    std::uint64_t expected_ = 0;
    std::uint64_t carried_ = 0;
    std::uint64_t awaited_ = 0;  // by Vulkan
};

}  // namespace opennvsci::sync
