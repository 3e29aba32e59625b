// SPDX-License-Identifier: Apache-2.0
//
// The laws of NvSciSync's fences: a random sequence of calls on a few objects that the CPU signals, in one thread,
// beside a model that counts (nvscisync.md 9). The model predicts every code and value. Fences are kept as programs
// keep them: copied by assignment, overwritten without clearing, and used after their object was freed.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <chrono>
#include <memory>
#include <ostream>

#include "generators.h"
#include "leak_check.h"
#include "sync_objects.h"

namespace opennvsci::test {
namespace {

enum class FenceCall {
    generate,
    signal,
    update,
    extract,
    duplicate,
    assign,
    clear,
    wait,
    timestamp,
    task_status,
    add_handle,
    free_handle,
    allocate,
};
constexpr const char* kFenceCallNames[] = {"generate",   "signal",      "update",  "extract",   "duplicate",
                                           "assign",     "clear",       "wait",    "timestamp", "task_status",
                                           "add_handle", "free_handle", "allocate"};

/// One call. What the numbers choose depends on what there is when its turn comes.
struct FenceStep {
    FenceCall call;
    std::size_t object;
    std::size_t handle;
    std::size_t from;
    std::size_t to;
    std::size_t variant;
};

std::ostream& operator<<(std::ostream& stream, const FenceStep& step) {
    return stream << kFenceCallNames[static_cast<std::size_t>(step.call)] << "(object " << step.object << " handle "
                  << step.handle << " from " << step.from << " to " << step.to << " variant " << step.variant << ')';
}

constexpr std::size_t kFences = 6;

rc::Gen<FenceStep> any_fence_step() {
    const auto call = rc::gen::weightedElement<FenceCall>({{8, FenceCall::generate},
                                                           {8, FenceCall::signal},
                                                           {5, FenceCall::update},
                                                           {4, FenceCall::extract},
                                                           {3, FenceCall::duplicate},
                                                           {3, FenceCall::assign},
                                                           {1, FenceCall::clear},
                                                           {12, FenceCall::wait},
                                                           {3, FenceCall::timestamp},
                                                           {2, FenceCall::task_status},
                                                           {2, FenceCall::add_handle},
                                                           {2, FenceCall::free_handle},
                                                           {2, FenceCall::allocate}});
    const auto number = [](std::size_t end) { return rc::gen::inRange<std::size_t>(0, end); };
    return rc::gen::build<FenceStep>(
        rc::gen::set(&FenceStep::call, call), rc::gen::set(&FenceStep::object, number(3)),
        rc::gen::set(&FenceStep::handle, number(4)), rc::gen::set(&FenceStep::from, number(kFences)),
        rc::gen::set(&FenceStep::to, number(kFences)), rc::gen::set(&FenceStep::variant, number(14)));
}

std::int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// An object as the model counts, with its handles.
struct CountedObject {
    bool has_32_bits;
    bool has_timestamps;
    std::uint64_t handed_out = 0;
    std::uint64_t reached = 0;
    std::vector<std::pair<std::int64_t, std::int64_t>> signal_times;  ///< before and after each signal
    std::vector<SyncObject> handles;
    NvSciSyncObj freed_handle = nullptr;

    [[nodiscard]] bool is_alive() const { return !handles.empty(); }
    /// A live handle, or one that was freed if there is none or for the last `choice`.
    [[nodiscard]] std::pair<NvSciSyncObj, bool> handle(std::size_t choice) const {
        if (!is_alive() || (choice == 3 && freed_handle != nullptr)) return {freed_handle, false};
        return {handles[choice % handles.size()], true};
    }
};

/// A fence as a program keeps it, and what it should mean.
struct CountedFence {
    NvSciSyncFence storage = NvSciSyncFenceInitializer;
    CountedObject* object = nullptr;  ///< null: cleared
    std::uint64_t value = 0;
};

class FenceProgram {
  public:
    FenceProgram() {
        for (std::size_t place = 0; place < current_.size(); ++place)
            allocate_at(place);
    }

    void perform(const FenceStep& step) {
        CountedObject& object = *current_[step.object];
        CountedFence& from = fences_[step.from];
        CountedFence& to = fences_[step.to];
        switch (step.call) {
            case FenceCall::generate:
                return generate(object, step.handle, to);
            case FenceCall::signal:
                return signal(object, step.handle);
            case FenceCall::update:
                return update(object, step, to);
            case FenceCall::extract:
                return extract(from);
            case FenceCall::duplicate:
                return duplicate(from, to);
            case FenceCall::assign:
                to = from;
                return;
            case FenceCall::clear:
                return clear(to);
            case FenceCall::wait:
                return wait(from, step.variant);
            case FenceCall::timestamp:
                return timestamp(from);
            case FenceCall::task_status:
                return task_status(from);
            case FenceCall::add_handle:
                return add_handle(object, step.handle);
            case FenceCall::free_handle:
                return free_handle(object, step.handle);
            case FenceCall::allocate:
                if (!object.is_alive()) allocate_at(step.object);
                return;
        }
    }

    /// Waits for every fence once more.
    void look_at_all() const {
        for (const CountedFence& fence : fences_)
            wait(fence, 0);
    }

  private:
    // One of each kind: 64 bits, 32 bits, and with timestamps.
    void allocate_at(std::size_t place) {
        CountedObject& object = *objects_.emplace_back(std::make_unique<CountedObject>());
        object.has_32_bits = place == 1;
        object.has_timestamps = place == 2;
        const SyncList list = cpu_list(module_, NvSciSyncAccessPerm_WaitSignal);
        if (object.has_32_bits) {
            RC_ASSERT(set(list, NvSciSyncAttrKey_PrimitiveInfo, NvSciSyncAttrValPrimitiveType_SysmemSemaphore) ==
                      kSuccess);
        }
        if (object.has_timestamps) {
            RC_ASSERT(set(list, NvSciSyncAttrKey_WaiterRequireTimestamps, true) == kSuccess);
        }
        object.handles.push_back(test::allocate({list}));
        current_[place] = &object;
    }

    static NvSciError expect_fence(NvSciError code, const CountedFence& expected, CountedFence& fence,
                                   const NvSciSyncFence& before) {
        if (code == kSuccess) {
            fence.object = expected.object;
            fence.value = expected.value;
        } else {
            RC_ASSERT(std::memcmp(&fence.storage, &before, sizeof(before)) == 0);
        }
        return code;
    }

    static void generate(CountedObject& object, std::size_t choice, CountedFence& to) {
        const auto [handle, is_alive] = object.handle(choice);
        const NvSciSyncFence before = to.storage;
        const NvSciError code = NvSciSyncObjGenerateFence(handle, &to.storage);
        RC_ASSERT(code == (is_alive ? kSuccess : kBadParameter));
        if (is_alive) ++object.handed_out;
        expect_fence(code, {{}, &object, object.handed_out}, to, before);
    }

    static void signal(CountedObject& object, std::size_t choice) {
        const auto [handle, is_alive] = object.handle(choice);
        const std::int64_t before = now_us();
        RC_ASSERT(NvSciSyncObjSignal(handle) == (is_alive ? kSuccess : kBadParameter));
        if (!is_alive) return;
        ++object.reached;
        object.signal_times.emplace_back(before, now_us());
    }

    static void update(CountedObject& object, const FenceStep& step, CountedFence& to) {
        const auto [handle, is_alive] = object.handle(step.handle);
        const std::uint64_t values[] = {0,
                                        object.reached,
                                        object.reached + 1,
                                        object.handed_out,
                                        object.handed_out + 1,
                                        1,
                                        2,
                                        std::uint64_t{1} << 31,
                                        UINT32_MAX,
                                        std::uint64_t{1} << 32,
                                        object.reached + (std::uint64_t{1} << 63) - 1,
                                        object.reached + (std::uint64_t{1} << 63),
                                        UINT64_MAX,
                                        3};
        const std::uint64_t value = values[step.variant % std::size(values)];
        const std::uint64_t id = step.from == 0 ? step.variant : 0;
        constexpr std::uint64_t kTooFar = std::uint64_t{1} << 63;  // ahead of what is reached
        const bool is_in_range =
            id == 0 && (object.has_32_bits ? value <= UINT32_MAX : value < kTooFar + object.reached);
        const NvSciSyncFence before = to.storage;
        const NvSciError code = NvSciSyncFenceUpdateFence(handle, id, value, &to.storage);
        RC_ASSERT(code == (!is_alive ? kBadParameter : is_in_range ? kSuccess : kOverflow));
        // No timeline here comes near 2^31, so the value of 32 bits that is nearest is always the value itself.
        expect_fence(code, {{}, &object, value}, to, before);
    }

    static void extract(const CountedFence& fence) {
        std::uint64_t id = 77;
        std::uint64_t value = 77;
        const NvSciError code = NvSciSyncFenceExtractFence(&fence.storage, &id, &value);
        const bool is_set = fence.object != nullptr;
        RC_ASSERT(code == (is_set ? kSuccess : kClearedFence));
        RC_ASSERT(id == (is_set ? 0U : 77U));
        RC_ASSERT(value == (is_set ? fence.value : 77U));
    }

    static void duplicate(const CountedFence& from, CountedFence& to) {
        const NvSciSyncFence before = to.storage;
        const NvSciError code = NvSciSyncFenceDup(&from.storage, &to.storage);
        RC_ASSERT(code == (&from == &to ? kBadParameter : kSuccess));
        expect_fence(code, from, to, before);
    }

    static void clear(CountedFence& fence) {
        NvSciSyncFenceClear(&fence.storage);
        RC_ASSERT(std::memcmp(&fence.storage, &NvSciSyncFenceInitializer, sizeof(fence.storage)) == 0);
        fence = CountedFence{};
    }

    // Without ever blocking.
    void wait(const CountedFence& fence, std::size_t variant) const {
        const NvSciSyncFence* storage = &fence.storage;
        switch (variant) {
            case 6:
                RC_ASSERT(NvSciSyncFenceWait(storage, context_, -2) == kBadParameter);
                return;
            case 7:
                RC_ASSERT(NvSciSyncFenceWait(storage, context_, NvSciSyncFenceMaxTimeout + 1) == kBadParameter);
                return;
            case 8:
                RC_ASSERT(NvSciSyncFenceWaitWithMode(storage, context_, 0, NvSciSyncWaitMode_Blocking) ==
                          kUnsupportedConfig);
                return;
            case 9:
                RC_ASSERT(NvSciSyncFenceWait(storage, nullptr, 0) == kBadParameter);
                return;
            case 10:
                if (fence.object == nullptr || !fence.object->is_alive()) return;  // its module is not known any more
                RC_ASSERT(NvSciSyncFenceWait(storage, foreign_context_, 0) == kBadParameter);
                return;
            default:
                break;
        }
        const NvSciError expected = expected_of_a_look(fence);
        // What has expired is not waited for, however long a wait may take.
        const std::int64_t timeout = variant == 5 && expected == kSuccess ? -1 : 0;
        RC_ASSERT(NvSciSyncFenceWait(storage, context_, timeout) == expected);
        constexpr NvSciSyncWaitMode kModes[] = {NvSciSyncWaitMode_Default, NvSciSyncWaitMode_BusyWithYield,
                                                NvSciSyncWaitMode_BusyNoYield};
        RC_ASSERT(NvSciSyncFenceWaitWithMode(storage, context_, timeout, kModes[variant % 3]) == expected);
    }

    static NvSciError expected_of_a_look(const CountedFence& fence) {
        if (fence.object == nullptr || fence.value <= fence.object->reached) return kSuccess;
        return fence.object->is_alive() ? kTimeout : kResourceError;
    }

    static void timestamp(const CountedFence& fence) {
        std::uint64_t time = 77;
        const NvSciError code = NvSciSyncFenceGetTimestamp(&fence.storage, &time);
        const CountedObject* object = fence.object;
        const bool has_time =
            object != nullptr && object->is_alive() && object->has_timestamps && fence.value <= object->reached;
        RC_ASSERT(code == (object == nullptr ? kClearedFence : has_time ? kSuccess : kBadParameter));
        if (!has_time) RC_ASSERT(time == 77U);
        if (!has_time || fence.value == 0) return;  // nobody signaled the value that a timeline begins with
        const auto& [before, after] = object->signal_times.at(fence.value - 1);
        RC_ASSERT(static_cast<std::int64_t>(time) >= before);
        RC_ASSERT(static_cast<std::int64_t>(time) <= after);
    }

    static void task_status(const CountedFence& fence) {
        NvSciSyncTaskStatus status{1, 1, 1, 1};
        const NvSciError code = NvSciSyncFenceGetTaskStatus(&fence.storage, &status);
        const bool is_set = fence.object != nullptr;
        const bool is_alive = is_set && fence.object->is_alive();
        const bool is_lost = is_set && !is_alive && fence.value > fence.object->reached;
        RC_ASSERT(code == (is_alive || is_lost ? kSuccess : is_set ? kBadParameter : kClearedFence));
        RC_ASSERT(std::uint16_t{status.status} == (is_alive  ? std::uint16_t{NvSciSyncTaskStatus_Invalid}
                                                   : is_lost ? std::uint16_t{NvSciSyncTaskStatus_Failure}
                                                             : 1U));
    }

    static void add_handle(CountedObject& object, std::size_t choice) {
        const auto [handle, is_alive] = object.handle(choice);
        NvSciSyncObj duplicate = nullptr;
        const NvSciError code = NvSciSyncObjDup(handle, &duplicate);
        RC_ASSERT(code == (is_alive ? kSuccess : kBadParameter));
        RC_ASSERT((duplicate != nullptr) == is_alive);
        if (is_alive) object.handles.emplace_back(duplicate);
    }

    static void free_handle(CountedObject& object, std::size_t choice) {
        if (!object.is_alive()) return;
        const auto which = object.handles.begin() + static_cast<std::ptrdiff_t>(choice % object.handles.size());
        object.freed_handle = *which;
        object.handles.erase(which);
    }

    SyncModule module_ = open_sync_module();
    SyncModule foreign_module_ = open_sync_module();
    WaitContext context_ = wait_context(module_);
    WaitContext foreign_context_ = wait_context(foreign_module_);
    std::vector<std::unique_ptr<CountedObject>> objects_;  // all that ever were
    std::array<CountedObject*, 3> current_{};
    std::array<CountedFence, kFences> fences_;
};

RC_GTEST_PROP(SyncFenceLaws, EveryCallGivesWhatCountingSays, ()) {
    const auto steps = *rc::gen::container<std::vector<FenceStep>>(any_fence_step()).as("steps");
    const LeakCheck leaks;
    {
        FenceProgram program;
        for (const FenceStep& step : steps)
            program.perform(step);
        program.look_at_all();
    }
    RC_ASSERT(leaks.differences() == "");
}

// The n-th signal expires the n-th generated fence, whatever the order of generating and signaling, and none before.
RC_GTEST_PROP(SyncFenceLaws, TheNthSignalExpiresTheNthFence, ()) {
    const auto signals = *rc::gen::container<std::vector<bool>>(rc::gen::arbitrary<bool>()).as("signals");
    const bool has_32_bits = *rc::gen::arbitrary<bool>().as("32 bits");
    const SyncModule module = open_sync_module();
    const WaitContext context = wait_context(module);
    const SyncList list = cpu_list(module, NvSciSyncAccessPerm_WaitSignal);
    if (has_32_bits) {
        RC_ASSERT(set(list, NvSciSyncAttrKey_PrimitiveInfo, NvSciSyncAttrValPrimitiveType_SysmemSemaphore) == kSuccess);
    }
    const SyncObject object = test::allocate({list});
    std::vector<NvSciSyncFence> fences;
    std::size_t signaled = 0;
    for (const bool signal : signals) {
        if (signal) {
            RC_ASSERT(NvSciSyncObjSignal(object) == kSuccess);
            ++signaled;
        } else {
            NvSciSyncFence& fence = fences.emplace_back(NvSciSyncFenceInitializer);
            RC_ASSERT(NvSciSyncObjGenerateFence(object, &fence) == kSuccess);
        }
        for (std::size_t i = 0; i < fences.size(); ++i) {
            RC_ASSERT(NvSciSyncFenceWait(&fences[i], context, 0) == (i < signaled ? kSuccess : kTimeout));
        }
    }
}

}  // namespace
}  // namespace opennvsci::test
