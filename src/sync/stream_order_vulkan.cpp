// SPDX-License-Identifier: Apache-2.0
//
// The part of StreamOrder that is about the timeline semaphore of Vulkan.
#include <algorithm>
#include <chrono>
#include <thread>

#include "sync/stream_order.h"

namespace opennvsci::sync {

// No signal may be under way that a new payload would not get; one that was there before has all that streams signaled.
// What the CPU signals meanwhile, it gets afterwards; what is lost, when the payload is raised.
Result<> StreamOrder::attach(const std::shared_ptr<TimelineSemaphore>& semaphore) {
    if (description_.is_relayed) return counter_.semaphore()->attach(semaphore, known_to_vulkan());
    auto attached = [&]() -> Result<> {
        const auto ordered = lock_order_for_semaphore();
        if (!ordered) return tl::make_unexpected(ordered.error());
        OPENNVSCI_TRY(counter_.semaphore()->attach(semaphore, known_to_vulkan()));
        const bool may_cpu = !description_.is_signaled_by_vulkan && signaler_.kind() != Signaler::Kind::streams;
        if (may_cpu) counter_.semaphore()->follow(counter_.reached());
        const std::lock_guard lock(state_);
        if (counter_.is_broken()) owe_release();
        return {};
    }();
    if (counter_.is_broken()) release_waits();
    return attached;
}

// Streams go on to signal between the looks.
Result<std::unique_lock<std::mutex>> StreamOrder::lock_order_for_semaphore() {
    const auto end = std::chrono::steady_clock::now() + kPatienceForSignals;
    for (bool is_over = false;; std::this_thread::sleep_for(kBetweenTries)) {
        {
            OPENNVSCI_TRY_ASSIGN(ordered, lock_order());
            if (counter_.has_semaphore() || !is_any_under_way()) return std::move(ordered);
        }
        release_waits();  // a loss may have been found
        if (is_over) break;
        is_over = std::chrono::steady_clock::now() >= end;
    }
    return fail(NvSciError_ResourceError,
                "signals of the object are under way in streams; make its Vulkan semaphore pool before the first one, "
                "or when they are done");
}

// Of signals that are not lost. With order_ held.
bool StreamOrder::is_any_under_way() {
    const std::lock_guard lock(state_);
    if (signals_.empty()) return false;
    settle(signals_.newest().value);
    for (std::size_t i = signals_.size(); i-- > 0;) {
        const std::uint64_t value = signals_.at(i).value;
        if (!counter_.is_lost(value)) return counter_.reached() < value;
    }
    return false;
}

Result<> StreamOrder::note_vulkan_wait(std::uint64_t value) {
    OPENNVSCI_TRY(check_distance(value, SharedSemaphore::kFurthest));
    counter_.semaphore()->follow(0);  // what Vulkan refused before is tried again
    const std::lock_guard lock(state_);
    if (counter_.is_lost(value)) return lost();
    greatest_awaited_ = std::max(greatest_awaited_, value);
    is_awaited_by_vulkan_ = true;
    return {};
}

void StreamOrder::look_at_semaphore(std::uint64_t signaling) {
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
