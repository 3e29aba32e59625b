// SPDX-License-Identifier: Apache-2.0
//
// The part of StreamOrder that is about the timeline semaphore of Vulkan.
#include <algorithm>
#include <chrono>
#include <thread>

#include "sync/stream_order.h"

namespace opennvsci::sync {

// No signal may be under way that a new payload would not get; one that was there before has all that streams signaled.
// What the CPU signals meanwhile, it gets afterwards.
Result<std::shared_ptr<TimelineSemaphore>> StreamOrder::attach(const SharedSemaphore::Make& make) {
    SharedSemaphore& semaphore = *counter_.semaphore();
    const auto ordered = lock_order();
    if (!ordered) return tl::make_unexpected(ordered.error());
    if (!semaphore.exists()) OPENNVSCI_TRY(wait_for_signals());
    OPENNVSCI_TRY_ASSIGN(attached, semaphore.attach(counter_.reached(), make));
    if (signaler_.kind() == Signaler::Kind::cpu) semaphore.follow(counter_.reached());
    return std::move(attached);
}

// With order_ held.
Result<> StreamOrder::wait_for_signals() {
    const auto end = std::chrono::steady_clock::now() + kPatienceForSignals;
    for (bool is_over = false; !is_over; std::this_thread::sleep_for(kBetweenTries)) {
        if (signals_.empty()) return {};
        const std::uint64_t newest = signals_.newest().value;
        is_over = std::chrono::steady_clock::now() >= end;
        look(newest);
        if (is_passed(newest)) return {};
    }
    return fail(NvSciError_ResourceError,
                "signals of the object are under way in streams; make its Vulkan semaphore pool before the first one, "
                "or when they are done");
}

Result<> StreamOrder::note_vulkan_wait(std::uint64_t value) {
    OPENNVSCI_TRY(check_distance(value, kFurthestOfSemaphore));
    const std::lock_guard lock(state_);
    if (counter_.is_lost(value)) return lost();
    greatest_awaited_ = std::max(greatest_awaited_, value);
    is_awaited_by_vulkan_ = true;
    return {};
}

void StreamOrder::look_at_semaphore(const TimelineSemaphore* signaling) {
    if (counter_.is_broken()) return release_waits();
    const TimelineSemaphore::Seen seen = counter_.semaphore()->value(signaling);
    counter_.prove(seen.value);
    if (seen.state == TimelineSemaphore::Seen::State::lost) lose_semaphore(Cause::vulkan_device_lost);
}

void StreamOrder::lose_semaphore(Cause why) {
    {
        const std::lock_guard lock(state_);
        if (!counter_.is_broken()) counter_.break_from(counter_.reached() + 1, why);
        owe_release();
    }
    release_waits();
}

}  // namespace opennvsci::sync
