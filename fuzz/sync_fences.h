// SPDX-License-Identifier: Apache-2.0
//
// SyncFences: the fences of the NvSciSync fuzz target, which a program keeps as bytes and may spoil.
#pragma once

#include <array>
#include <memory>

#include "sync_handles.h"

namespace opennvsci::fuzz {

inline constexpr std::size_t kFences = 8;
inline constexpr std::uint32_t kSlots = 1024;

// Programs may pass any number as the mode.
__attribute__((no_sanitize("undefined"))) inline NvSciError wait_with_mode(const NvSciSyncFence* fence,
                                                                           NvSciSyncCpuWaitContext context,
                                                                           std::int64_t timeout_us,
                                                                           std::uint32_t number) {
    NvSciSyncWaitMode mode{};
    std::memcpy(&mode, &number, sizeof(number));
    return NvSciSyncFenceWaitWithMode(fence, context, timeout_us, mode);
}

struct KnownFence {
    enum class State { cleared, set, garbage };
    // In heap memory of its exact size.
    std::unique_ptr<NvSciSyncFence> storage = std::make_unique<NvSciSyncFence>();
    State state = State::cleared;
    std::size_t timeline = 0;
    std::uint64_t value = 0;

    [[nodiscard]] bool is_set() const { return state == State::set; }
    [[nodiscard]] bool is_cleared() const { return state == State::cleared; }
    [[nodiscard]] bool holds(const NvSciSyncFence& bytes) const {
        return std::memcmp(storage.get(), &bytes, sizeof(bytes)) == 0;
    }
    void copy_meaning(const KnownFence& other) {
        state = other.state;
        timeline = other.timeline;
        value = other.value;
    }
    void set(std::size_t new_timeline, std::uint64_t new_value) {
        state = State::set;
        timeline = new_timeline;
        value = new_value;
    }
};

class SyncFences : protected SyncHandles {
  protected:
    using SyncHandles::SyncHandles;

    KnownFence& any_fence() { return fences_[in_.ConsumeIntegralInRange<std::size_t>(0, kFences - 1)]; }

    // The code of a call of the signaler, which depends on who signals the object.
    void check_signaler(const KnownObject& object, NvSciError error) {
        REQUIRE(error == kSuccess || error == kBadParameter);
        if (!object.alive) {
            REQUIRE(error == kBadParameter);
            return;
        }
        KnownTimeline& timeline = timelines_[object.timeline];
        const bool succeeded = error == kSuccess;
        if (!timeline.cpu_signals) timeline.cpu_signals = succeeded;
        REQUIRE(*timeline.cpu_signals == succeeded && (!succeeded || timeline.has_cpu));
    }

    void generate() {
        if (objects_.empty()) return;
        const KnownObject& object = objects_[pick(objects_)];
        KnownFence& fence = any_fence();
        const NvSciSyncFence before = *fence.storage;
        const NvSciError error = NvSciSyncObjGenerateFence(object.handle, fence.storage.get());
        check_signaler(object, error);
        if (error == kSuccess) {
            fence.set(object.timeline, ++timelines_[object.timeline].handed_out);
        } else {
            REQUIRE(fence.holds(before));
        }
    }

    void signal() {
        if (objects_.empty()) return;
        const KnownObject& object = objects_[pick(objects_)];
        const NvSciError error = NvSciSyncObjSignal(object.handle);
        check_signaler(object, error);
        if (error == kSuccess) ++timelines_[object.timeline].reached;
    }

    void update() {
        if (objects_.empty()) return;
        const KnownObject& object = objects_[pick(objects_)];
        const KnownTimeline& timeline = timelines_[object.timeline];
        KnownFence& fence = any_fence();
        const NvSciSyncFence before = *fence.storage;
        const auto id = in_.ConsumeIntegralInRange(0, 7) == 0 ? in_.ConsumeIntegral<std::uint64_t>() : 0;
        const auto value = in_.ConsumeBool() ? in_.ConsumeIntegral<std::uint64_t>()
                                             : in_.ConsumeIntegralInRange<std::uint64_t>(0, timeline.reached + 2);
        const bool is_in_range = id == 0 && value <= timeline.greatest_value &&
                                 (value < timeline.reached || value - timeline.reached < std::uint64_t{1} << 63);
        const NvSciError error = NvSciSyncFenceUpdateFence(object.handle, id, value, fence.storage.get());
        REQUIRE(error == (!object.alive ? kBadParameter : is_in_range ? kSuccess : kOverflow));
        if (error == kSuccess) {
            fence.set(object.timeline, value);
        } else {
            REQUIRE(fence.holds(before));
        }
    }

    void extract() {
        const KnownFence& fence = any_fence();
        std::uint64_t id = 77;
        std::uint64_t value = 77;
        const NvSciError error = NvSciSyncFenceExtractFence(fence.storage.get(), &id, &value);
        check_code_for(fence, error, fence.is_set());
        if (error != kSuccess) REQUIRE(id == 77 && value == 77);
        if (fence.is_set()) REQUIRE(id == 0 && value == fence.value);
    }

    // A call that succeeds for a fence that the library wrote if `is_possible`, and for no cleared one.
    static void check_code_for(const KnownFence& fence, NvSciError error, bool is_possible) {
        if (fence.is_cleared()) REQUIRE(error == kClearedFence);
        if (fence.is_set()) REQUIRE(error == (is_possible ? kSuccess : kBadParameter));
        REQUIRE(error == kSuccess || error == kBadParameter || error == kClearedFence);
    }

    void duplicate_fence() {
        const KnownFence& from = any_fence();
        KnownFence& to = any_fence();
        const NvSciSyncFence before = *to.storage;
        const NvSciError error = NvSciSyncFenceDup(from.storage.get(), to.storage.get());
        if (&from == &to) REQUIRE(error == kBadParameter);
        if (&from != &to && from.state != KnownFence::State::garbage) REQUIRE(error == kSuccess);
        if (error == kSuccess) {
            to.copy_meaning(from);
        } else {
            REQUIRE(error == kBadParameter && to.holds(before));
        }
    }

    void clear_or_assign() {
        KnownFence& to = any_fence();
        if (in_.ConsumeBool()) {
            const KnownFence& from = any_fence();
            *to.storage = *from.storage;
            return to.copy_meaning(from);
        }
        NvSciSyncFenceClear(to.storage.get());
        to.state = KnownFence::State::cleared;
        REQUIRE(to.holds(NvSciSyncFence{}));
    }

    // Garbage, or what was a fence with one bit turned.
    void corrupt() {
        KnownFence& fence = any_fence();
        if (in_.ConsumeBool()) {
            in_.ConsumeData(fence.storage.get(), sizeof(NvSciSyncFence));
        } else {
            fence.storage->payload[in_.ConsumeIntegralInRange(0, 5)] ^= std::uint64_t{1}
                                                                        << in_.ConsumeIntegralInRange(0, 63);
        }
        fence.state = fence.holds(NvSciSyncFence{}) ? KnownFence::State::cleared : KnownFence::State::garbage;
    }

    // Never blocks: the timeout is 0, or one that no wait may have.
    void wait() {
        const KnownFence& fence = any_fence();
        const KnownContext& context = contexts_[pick(contexts_)];
        const NvSciSyncFence before = *fence.storage;
        std::int64_t timeout = 0;
        if (in_.ConsumeIntegralInRange(0, 3) == 0) {
            timeout = in_.ConsumeIntegral<std::int64_t>();
            if (timeout >= -1 && timeout <= NvSciSyncFenceMaxTimeout) timeout = NvSciSyncFenceMaxTimeout + 1;
        }
        const auto mode = in_.ConsumeIntegralInRange<std::uint32_t>(0, 7);
        const bool uses_mode = in_.ConsumeBool();
        const NvSciError error = uses_mode ? wait_with_mode(fence.storage.get(), context.handle, timeout, mode)
                                           : NvSciSyncFenceWait(fence.storage.get(), context.handle, timeout);
        REQUIRE(error == kSuccess || error == kTimeout || error == kBadParameter || error == kResourceError ||
                error == kUnsupportedConfig);
        REQUIRE(fence.holds(before));
        if (mode != NvSciSyncWaitMode_Blocking) REQUIRE(error != kUnsupportedConfig);
        if (error == kUnsupportedConfig) return;
        if (uses_mode && mode > NvSciSyncWaitMode_Blocking) {
            REQUIRE(error == kBadParameter);
            return;
        }
        if (!context.alive || timeout != 0) REQUIRE(error == kBadParameter);
        if (!context.alive || timeout != 0) return;
        check_wait(fence, context, error);
    }

    void look_at_fences() const {
        for (const KnownFence& fence : fences_) {
            for (const KnownContext& context : contexts_) {
                const NvSciError error = NvSciSyncFenceWait(fence.storage.get(), context.handle, 0);
                if (!context.alive) REQUIRE(error == kBadParameter);
                if (context.alive) check_wait(fence, context, error);
            }
        }
    }

    void check_wait(const KnownFence& fence, const KnownContext& context, NvSciError error) const {
        if (fence.is_cleared()) REQUIRE(error == kSuccess);
        if (!fence.is_set()) return;
        const KnownTimeline& timeline = timelines_[fence.timeline];
        const bool is_reached = fence.value <= timeline.reached;
        if (timeline.handles == 0) {
            REQUIRE(error == (is_reached ? kSuccess : kResourceError));
        } else if (timeline.module != context.module) {
            REQUIRE(error == kBadParameter);
        } else if (!timeline.has_cpu) {
            REQUIRE(error == kBadParameter);
        } else {
            REQUIRE(error == (is_reached ? kSuccess : kTimeout));
        }
    }

    void timestamp() {
        const KnownFence& fence = any_fence();
        std::uint64_t time = 77;
        NvSciSyncTaskStatus status{1, 1, 1, 1};
        const NvSciError timed = NvSciSyncFenceGetTimestamp(fence.storage.get(), &time);
        const NvSciError told = NvSciSyncFenceGetTaskStatus(fence.storage.get(), &status);
        const KnownTimeline* timeline = fence.is_set() ? &timelines_[fence.timeline] : nullptr;
        const bool is_alive = timeline != nullptr && timeline->handles != 0;
        check_code_for(fence, timed, is_alive && timeline->has_timestamps && fence.value <= timeline->reached);
        check_code_for(fence, told, is_alive || (timeline != nullptr && fence.value > timeline->reached));
        if (timed != kSuccess) REQUIRE(time == 77);
        if (told != kSuccess) REQUIRE(status.status == 1);
    }

    void slots() {
        KnownFence& fence = any_fence();
        const bool is_alive = fence.is_set() && timelines_[fence.timeline].handles != 0;
        const bool has_timestamps = is_alive && timelines_[fence.timeline].has_timestamps;
        const auto slot = in_.ConsumeIntegral<std::uint32_t>() >> in_.ConsumeIntegralInRange(0, 31);
        NvSciSyncFence before = *fence.storage;
        NvSciError error = NvSciSyncFenceAddTimestampSlot(fence.storage.get(), slot);
        check_code_for(fence, error, has_timestamps && slot < kSlots);
        if (error != kSuccess) REQUIRE(fence.holds(before));
        std::uint32_t found = 77;
        const NvSciError extracted = NvSciSyncFenceExtractTimestampSlot(fence.storage.get(), &found);
        check_code_for(fence, extracted, has_timestamps);
        if (extracted != kSuccess) REQUIRE(found == 77);
        if (error == kSuccess) REQUIRE(extracted == kSuccess && found == slot);
        before = *fence.storage;
        error = NvSciSyncFenceAddTaskStatusSlot(fence.storage.get(), slot);
        check_code_for(fence, error, slot < kSlots);
        if (error != kSuccess) REQUIRE(fence.holds(before));
    }

    std::array<KnownFence, kFences> fences_;
};

}  // namespace opennvsci::fuzz
