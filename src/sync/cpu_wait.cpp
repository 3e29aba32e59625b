// SPDX-License-Identifier: Apache-2.0
#include "sync/cpu_wait.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>

#include "sync/trace_notes.h"
#include "trace/slice.h"

namespace opennvsci::sync::cpu {
namespace {

using Clock = Counter::Clock;

// How an adaptive wait goes on (figures: docs/performance.md). A signal that is about to come is met spinning. Then the
// waiter sleeps: until woken, if only CPUs signal. A GPU wakes nobody, so then it sleeps in slices that grow with the
// time it has waited, and looks.
constexpr std::chrono::microseconds kSpin{30};
constexpr std::chrono::microseconds kShortestSlice{5};
constexpr std::chrono::microseconds kLongestSlice{50};
constexpr std::chrono::milliseconds kLongestSleep{100};
// A peer that is gone wakes nobody, so who waits for one looks more often.
constexpr std::chrono::milliseconds kLongestSleepForPeer{20};
constexpr std::chrono::milliseconds kBetweenLooksAtStreams{1};

inline void pause() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    __asm__ volatile("yield");
#endif
}

Result<TimelineTable::Ref> acquire_with_timestamps(const Fence& fence) {
    auto timeline = Timelines::instance().acquire(fence.timeline);
    if (!timeline) return fail(NvSciError_BadParameter, "the object is gone, and the timestamps with it");
    if ((*timeline)->description().has_timestamps) return timeline;
    return fail(NvSciError_BadParameter, {"NvSciSyncAttrKey_WaiterRequireTimestamps", "false", "true"},
                "the object has no timestamps: NvSciSyncAttrKey_WaiterRequireTimestamps is false in its list");
}

// Of a wait for a value that is passed.
Result<> outcome(Timeline& timeline, std::uint64_t value) {
    if (timeline.counter().is_lost(value)) return timeline.lost();
    return {};
}

// Some looks in a row, because reading the clock costs more than a look. Not when yielding: that may cost a time slice.
bool look_often(const Timeline& timeline, std::uint64_t value, WaitMode mode) noexcept {
    if (mode == WaitMode::yielding) {
        ::sched_yield();
        return timeline.is_passed(value);
    }
    constexpr int kLooks = 16;
    for (int i = 0; i < kLooks; ++i) {
        if (timeline.is_passed(value)) return true;
        pause();
    }
    return timeline.is_passed(value);
}

tl::unexpected<Error> timed_out(const Timeline& timeline, std::uint64_t value, std::int64_t timeout_us) {
    const Timeline::Description& description = timeline.description();
    if (description.is_signaled_elsewhere) {
        return expected_outcome(NvSciError_Timeout,
                                fmt::format("the fence did not expire in {} us: it has value {}, reached is {}; "
                                            "another process may signal",
                                            timeout_us, value, timeline.counter().reached()));
    }
    if (description.vulkan_signals) {
        return expected_outcome(NvSciError_Timeout,
                                fmt::format("the fence did not expire in {} us: it has value {}, reached is {}; a "
                                            "Vulkan queue may signal",
                                            timeout_us, value, timeline.counter().reached()));
    }
    const bool may_cpu = description.cpu_signals && timeline.signaler() != Signaler::Kind::streams;
    const char* const who = may_cpu ? timeline.may_streams_signal() ? "the CPU or a stream" : "the CPU" : "a stream";
    return expected_outcome(NvSciError_Timeout,
                            fmt::format("the fence did not expire in {} us: it has value {}, reached is {}; {} "
                                        "may signal",
                                        timeout_us, value, timeline.counter().reached(), who));
}

Result<> wait_for(Timeline& timeline, std::uint64_t value, std::int64_t timeout_us, WaitMode mode) {
    const auto start = Clock::now();
    constexpr auto kMostUs =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::hours(24 * 365)).count();
    const auto end = timeout_us == kForever || timeout_us > kMostUs ? Clock::time_point::max()
                                                                    : start + std::chrono::microseconds(timeout_us);
    const bool looks_always = timeline.is_known_by_looking();
    auto last_look = Clock::time_point::min();
    for (auto now = start;; now = Clock::now()) {
        const bool looks_now = looks_always || (now - start >= kSpin && now - kBetweenLooksAtStreams >= last_look);
        if (now >= end || looks_now) {
            timeline.look(value);
            last_look = now;
            if (timeline.is_passed(value)) return outcome(timeline, value);
        }
        if (now >= end) return timed_out(timeline, value, timeout_us);
        if (mode == WaitMode::adaptive && now - start >= kSpin) {
            const Clock::duration slice =
                timeline.may_streams_signal() || looks_always
                    ? std::clamp<Clock::duration>((now - start) / 8, kShortestSlice, kLongestSlice)
                : timeline.description().is_signaled_elsewhere ? Clock::duration(kLongestSleepForPeer)
                                                               : Clock::duration(kLongestSleep);
            timeline.counter().sleep(value, std::min<Clock::duration>(slice, end - now));
        }
        if (look_often(timeline, value, mode)) return outcome(timeline, value);
    }
}

}  // namespace

Result<> wait(const Fence& fence, const attr::Module* module, std::int64_t timeout_us, WaitMode mode) {
    if (fence.is_cleared()) return {};
    const auto timeline = Timelines::instance().acquire(fence.timeline);
    if (!timeline) {
        if (Timelines::instance().was_reached(fence.timeline, fence.value)) return {};
        return fail(NvSciError_ResourceError, "the object is gone, so nobody can signal the fence");
    }
    if ((*timeline)->module() != module) {
        return fail(NvSciError_BadParameter, {"module of the fence", "another one", "that of the wait context"},
                    "the fence belongs to another module than the wait context");
    }
    if (!(*timeline)->description().cpu_waits) {
        return fail(NvSciError_BadParameter, {"NvSciSyncAttrKey_NeedCpuAccess", "false", "true"},
                    "the CPU may not wait for the fence: no list of this process set NvSciSyncAttrKey_NeedCpuAccess "
                    "true");
    }
    trace::when_on([&] { note_wait(**timeline, fence.value); });
    if ((*timeline)->is_passed(fence.value)) return outcome(**timeline, fence.value);
    const bool may_come_at_once = timeout_us != 0 && mode != WaitMode::yielding;
    if (may_come_at_once && look_often(**timeline, fence.value, mode)) return outcome(**timeline, fence.value);
    trace::when_on([&] { trace::announce(); });
    return wait_for(**timeline, fence.value, timeout_us, mode);
}

Result<> require_timestamps(const Fence& fence) {
    OPENNVSCI_TRY(acquire_with_timestamps(fence));
    return {};
}

Result<std::uint64_t> timestamp(const Fence& fence) {
    OPENNVSCI_TRY_ASSIGN(timeline, acquire_with_timestamps(fence));
    if (!(*timeline)->is_passed(fence.value)) (*timeline)->look(fence.value);
    if (!(*timeline)->is_reached(fence.value)) {
        return fail(NvSciError_BadParameter, "the fence has not expired, so it has no timestamp yet");
    }
    return (*timeline)->counter().timestamp(fence.timestamp_slot).load(std::memory_order_acquire);
}

Result<NvSciSyncTaskStatus> task_status(const Fence& fence) {
    NvSciSyncTaskStatus status{};
    // CPUs and CUDA report nothing; that a signal was lost is known all the same.
    status.status = NvSciSyncTaskStatus_Invalid;
    const auto timeline = Timelines::instance().acquire(fence.timeline);
    if (!timeline) {
        if (Timelines::instance().was_reached(fence.timeline, fence.value)) {
            return fail(NvSciError_BadParameter, "the object is gone, and its task status with it");
        }
        status.status = NvSciSyncTaskStatus_Failure;
        return status;
    }
    if (!(*timeline)->is_passed(fence.value)) (*timeline)->look(fence.value);
    if (!outcome(**timeline, fence.value)) status.status = NvSciSyncTaskStatus_Failure;
    if ((*timeline)->description().has_timestamps && (*timeline)->is_reached(fence.value)) {
        status.timestamp = (*timeline)->counter().timestamp(fence.timestamp_slot).load(std::memory_order_acquire);
    }
    return status;
}

}  // namespace opennvsci::sync::cpu
