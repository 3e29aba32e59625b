// SPDX-License-Identifier: Apache-2.0
#include "sync/semaphore_relay.h"

#include <algorithm>
#include <utility>

namespace opennvsci::sync {

void SemaphoreRelay::expect(std::uint64_t value) noexcept {
    const std::lock_guard lock(mutex_);
    expected_ = std::max(expected_, value);
}

void SemaphoreRelay::expect_wait(std::uint64_t value) noexcept {
    const std::lock_guard lock(mutex_);
    awaited_ = std::max(awaited_, value);
    if (way_ == Way::to_vulkan) expected_ = awaited_;
}

SemaphoreRelay::Carried SemaphoreRelay::carry(std::uint64_t signaling) {
    const std::lock_guard lock(mutex_);
    return way_ == Way::from_vulkan ? carry_from_vulkan(signaling) : carry_to_vulkan();
}

void SemaphoreRelay::end(std::uint64_t signaling, Cause why) {
    const std::lock_guard lock(mutex_);
    end_locked(signaling, why);
}

bool SemaphoreRelay::try_end(std::uint64_t signaling, Cause why) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock) end_locked(signaling, why);
    return lock.owns_lock();
}

// With mutex_ held, as in what follows. The semaphore is raised although what it waits for may still come: who asks for
// the fence later is refused.
void SemaphoreRelay::end_locked(std::uint64_t signaling, Cause why) {
    if (way_ == Way::from_vulkan) {
        carry_from_vulkan(signaling);
        lose(why);
    } else if (carry_to_vulkan() != Carried::all) {
        (void)counter_.semaphore()->raise(awaited_);
    }
}

// Other devices of the process may wait for what one did not signal.
void SemaphoreRelay::lose(Cause why) {
    streams_.lose_semaphore(why);
    if (awaited_ > counter_.reached()) (void)counter_.semaphore()->raise(awaited_);
}

SemaphoreRelay::Carried SemaphoreRelay::carry_from_vulkan(std::uint64_t signaling) {
    if (counter_.is_broken()) {
        streams_.release_waits();
        return Carried::all;
    }
    const TimelineSemaphore::Seen seen = counter_.semaphore()->value(signaling);
    counter_.reach(seen.value);
    if (seen.state == TimelineSemaphore::Seen::State::lost) {
        lose(Cause::vulkan_device_lost);
        return Carried::all;
    }
    return came_to(counter_.reached());
}

SemaphoreRelay::Carried SemaphoreRelay::carry_to_vulkan() {
    SharedSemaphore& semaphore = *counter_.semaphore();
    const std::uint64_t first_lost = counter_.first_lost();  // before what is reached: what came in between stays so
    const std::uint64_t reached = counter_.reached();
    const Carried carried = came_to(semaphore.follow(reached));
    if (carried == Carried::all) return carried;
    if (!semaphore.is_any_alive()) {  // nobody waits any more
        expected_ = awaited_ = 0;
        return Carried::all;
    }
    if (first_lost == 0 || reached + 1 < first_lost) return carried;
    return semaphore.raise(expected_) ? Carried::all : Carried::nothing;
}

SemaphoreRelay::Carried SemaphoreRelay::came_to(std::uint64_t value) noexcept {
    if (value >= expected_) return Carried::all;
    return std::exchange(carried_, value) == value ? Carried::nothing : Carried::some;
}

}  // namespace opennvsci::sync
