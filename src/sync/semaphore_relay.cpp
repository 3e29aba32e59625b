// SPDX-License-Identifier: Apache-2.0
#include "sync/semaphore_relay.h"

#include <algorithm>

namespace opennvsci::sync {

void SemaphoreRelay::expect(std::uint64_t value) noexcept {
    const std::lock_guard lock(mutex_);
    expected_ = std::max(expected_, value);
}

bool SemaphoreRelay::carry(const TimelineSemaphore* signaling) {
    const std::lock_guard lock(mutex_);
    return way_ == Way::from_vulkan ? carry_from_vulkan(signaling) : carry_to_vulkan();
}

void SemaphoreRelay::end_signals(const TimelineSemaphore* signaling, Cause why) {
    const std::lock_guard lock(mutex_);
    carry_from_vulkan(signaling);
    streams_.lose_semaphore(why);
}

// With mutex_ held.
bool SemaphoreRelay::carry_from_vulkan(const TimelineSemaphore* signaling) {
    if (counter_.is_broken()) {
        streams_.release_waits();
        return false;
    }
    const TimelineSemaphore::Seen seen = counter_.semaphore()->value(signaling);
    counter_.reach(seen.value);
    if (seen.state == TimelineSemaphore::Seen::State::lost) {
        streams_.lose_semaphore(Cause::vulkan_device_lost);
        return false;
    }
    return counter_.reached() < expected_;
}

// With mutex_ held.
bool SemaphoreRelay::carry_to_vulkan() {
    SharedSemaphore& semaphore = *counter_.semaphore();
    const std::uint64_t first_lost = counter_.first_lost();  // before what is reached: what came in between stays so
    const std::uint64_t reached = counter_.reached();
    if (semaphore.follow(reached) >= expected_) return false;
    if (first_lost == 0 || reached + 1 < first_lost) return true;
    return !semaphore.raise(expected_);
}

}  // namespace opennvsci::sync
