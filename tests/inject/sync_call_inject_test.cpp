// SPDX-License-Identifier: Apache-2.0
//
// Failure paths of NvSciSync, one call at a time: what stands around it is made before, and looked at after. A call
// that met a failure gives an error or works, and leaves no half of itself behind: the next signals and waits work,
// their fences have the values that come next, and none expires before its work. Half a signal can hold a stream for
// ever, so all of this is done in processes of their own.
#include <cstdio>
#include <ios>
#include <optional>
#include <string>

#include "doomed_context.h"
#include "failure_walk.h"
#include "sync_test.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

/// An object that streams signal, with the CPU as one of the waiters, and signals that are outstanding.
class CallScene : public StreamScene {
  public:
    struct Shape {
        bool is_deterministic;
        bool has_timestamps;
        int outstanding;  ///< signals behind the gate
    };

    explicit CallScene(const Shape& shape)
        : StreamScene({.is_deterministic = shape.is_deterministic, .has_timestamps = shape.has_timestamps}) {
        done = signal(first);
        EXPECT_TRUE(comes_to_its_end(cuda, first));
        if (shape.outstanding != 0) gate->hold(first);
        for (int i = 0; i < shape.outstanding; ++i)
            pending = signal(first);
    }

    NvSciSyncFence signal(CUstream stream) {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        EXPECT_EQ(semaphore->signal(stream, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        ++signaled;
        EXPECT_EQ(value_of(fence), signaled);
        return fence;
    }
    [[nodiscard]] bool pends() const { return !is_cleared(pending); }

    /// The object is whole.
    void expect_whole() {
        EXPECT_EQ(poll(done), kSuccess);
        if (pends()) {
            EXPECT_EQ(poll(pending), kTimeout) << opennvsciGetLastErrorText();
        }
        MemoryGate later(cuda);
        later.hold(second);
        const NvSciSyncFence next = signal(second);
        const NvSciSyncFence last = signal(first);
        gate->open();
        const Stream third;
        EXPECT_EQ(semaphore->wait(third, next), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        if (pends()) {
            EXPECT_EQ(NvSciSyncFenceWait(&pending, context, 10000000), kSuccess);
        }
        EXPECT_TRUE(is_held(cuda, third)) << "a stream has passed a signal before its work";
        EXPECT_EQ(poll(next), kTimeout) << "expired before its work";
        EXPECT_EQ(poll(last), kTimeout) << "expired before its work";
        later.open();
        EXPECT_EQ(NvSciSyncFenceWait(&last, context, 10000000), kSuccess) << opennvsciGetLastErrorText();
        EXPECT_EQ(poll(next), kSuccess);
        for (const CUstream stream : std::initializer_list<CUstream>{first, second, third})
            EXPECT_TRUE(comes_to_its_end(cuda, stream));
    }

    NvSciSyncFence done = NvSciSyncFenceInitializer;
    NvSciSyncFence pending = NvSciSyncFenceInitializer;
    std::uint64_t signaled = 0;
};

/// Runs `call` on a new scene, with a failure at the n-th point of a kind, until none is hit; then looks at the scene
/// with `check`, which learns whether the call worked.
template <class Call, class Check>
void walk_call_here(const CallScene::Shape& shape, Call&& call, Check&& check) {
    {
        CallScene warm(shape);  // once per process is now
        const CallOutcome outcome = call(warm);
        ASSERT_FALSE(outcome) << std::hex << outcome->code << ": " << opennvsciGetLastErrorText();
        check(warm, true);
        warm.expect_whole();
    }
    for (const auto only : {kEveryPoint, kHeapAlone}) {
        expect_failures_come_back(only, [&](FailurePoint& point) {
            CallOutcome outcome;
            {
                CallScene scene(shape);
                point.arm();
                outcome = call(scene);
                point.disarm();
                check(scene, !outcome);
                scene.expect_whole();
            }
            cpu_object(open_sync_module());  // something that a library may use to tidy up
            return outcome;
        });
    }
}

template <class Call, class Check>
void walk_call(const CallScene::Shape& shape, Call&& call, Check&& check) {
    in_new_process([&] { walk_call_here(shape, call, check); });
}

constexpr CallScene::Shape kCallShapes[] = {{false, false, 0}, {true, false, 1},   {false, true, 1},
                                            {true, true, 0},   {false, false, 64}, {false, true, 64}};

class SyncCallInject : public ::testing::TestWithParam<CallScene::Shape> {};
INSTANTIATE_TEST_SUITE_P(Shapes, SyncCallInject, ::testing::ValuesIn(kCallShapes),
                         [](const ::testing::TestParamInfo<CallScene::Shape>& parameter) {
                             const CallScene::Shape& shape = parameter.param;
                             return std::string(shape.is_deterministic ? "Deterministic" : "") +
                                    (shape.has_timestamps ? "Timestamps" : "") + "Outstanding" +
                                    std::to_string(shape.outstanding);
                         });

// In the stream of the signal before, and in another one, which has to wait for that.
TEST_P(SyncCallInject, Signal) {
    for (const bool is_same_stream : {true, false}) {
        SCOPED_TRACE(is_same_stream);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        walk_call(
            GetParam(),
            [&](CallScene& scene) {
                fence = NvSciSyncFenceInitializer;
                return outcome_of(scene.semaphore->signal(is_same_stream ? scene.first : scene.second, &fence));
            },
            [&](CallScene& scene, bool has_worked) {
                EXPECT_EQ(fence.payload[0] != 0, has_worked);
                if (!has_worked) return;
                ++scene.signaled;
                EXPECT_EQ(value_of(fence), scene.signaled);
                if (!scene.pends()) {
                    EXPECT_EQ(NvSciSyncFenceWait(&fence, scene.context, 10000000), kSuccess);
                }
            });
        if (HasFailure()) return;
    }
}

TEST_P(SyncCallInject, Wait) {
    walk_call(
        GetParam(),
        [](CallScene& scene) {
            const bool pends = scene.pends();
            return outcome_of(scene.semaphore->wait(scene.second, pends ? scene.pending : scene.done));
        },
        [](CallScene&, bool) {});
}

// A wait in memory, for a signal that is yet to come. If its call failed the stream may be held all the same, but no
// longer than until that signal.
TEST_P(SyncCallInject, WaitBeforeItsSignal) {
    if (!GetParam().is_deterministic) return;
    NvSciSyncFence ahead = NvSciSyncFenceInitializer;
    walk_call(
        GetParam(),
        [&](CallScene& scene) {
            if (NvSciSyncFenceUpdateFence(scene.object, 0, scene.signaled + 1, &ahead) != kSuccess) {
                return outcome_of(kResourceError);
            }
            return outcome_of(scene.semaphore->wait(scene.second, ahead));
        },
        [&](CallScene& scene, bool has_worked) {
            if (has_worked) {
                EXPECT_TRUE(is_held(scene.cuda, scene.second));
            }
            (void)scene.signal(scene.first);
            scene.gate->open();
            EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.second));
            scene.pending = NvSciSyncFenceInitializer;
        });
}

// Into the context that has an import already, and into one that is new to the object.
TEST_P(SyncCallInject, Import) {
    const OwnContext other;
    TestDevice::instance().make_current();
    for (const bool is_new_context : {false, true}) {
        SCOPED_TRACE(is_new_context);
        CUexternalSemaphore imported = nullptr;
        walk_call(
            GetParam(),
            [&](CallScene& scene) {
                imported = nullptr;
                const CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc = semaphore_desc(scene.object);
                if (is_new_context) (void)scene.cuda.cuCtxSetCurrent(other.handle());
                const CUresult result = nvsciCuImportExternalSemaphore(&imported, &desc);
                if (is_new_context) scene.device.make_current();
                return outcome_of(result);
            },
            [&](CallScene& scene, bool has_worked) {
                if (!has_worked) return;
                NvSciSyncFence fence = NvSciSyncFenceInitializer;
                CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS signal{};
                signal.params.nvSciSync.fence = &fence;
                EXPECT_EQ(nvsciCuSignalExternalSemaphoresAsync(&imported, &signal, 1, scene.first), CUDA_SUCCESS);
                ++scene.signaled;
                EXPECT_EQ(value_of(fence), scene.signaled);
                EXPECT_EQ(nvsciCuDestroyExternalSemaphore(imported), CUDA_SUCCESS);
            });
        if (HasFailure()) break;
    }
}

// A driver that fails to answer has not lost a context: what pends goes on pending.
TEST_P(SyncCallInject, LooksOfTheCpu) {
    walk_call(
        GetParam(),
        [](CallScene& scene) -> CallOutcome {
            const bool pends = scene.pends();
            const NvSciSyncFence& fence = pends ? scene.pending : scene.done;
            for (const std::int64_t timeout : {0, 2000}) {
                const NvSciError code = NvSciSyncFenceWait(&fence, scene.context, timeout);
                if (code != (pends ? kTimeout : kSuccess)) return outcome_of(code);
            }
            NvSciSyncTaskStatus status{};
            TRY_CALL(NvSciSyncFenceGetTaskStatus(&fence, &status));
            NvSciSyncFence other = NvSciSyncFenceInitializer;
            TRY_CALL(NvSciSyncFenceUpdateFence(scene.object, 0, 1, &other));
            std::uint64_t time = 0;
            const NvSciError code = NvSciSyncFenceGetTimestamp(&scene.done, &time);
            return outcome_of(code == kBadParameter ? kSuccess : code);
        },
        [](CallScene&, bool) {});
}

// The object and its import are freed with work outstanding; what cannot be done for want of anything is done later.
void walk_ends(const CallScene::Shape& shape, bool has_an_heir, std::optional<FailurePoint::Kind> only) {
    expect_failures_come_back(only, [&](FailurePoint& point) -> CallOutcome {
        CallScene scene(shape);
        const SyncList list = cpu_list(scene.module, NvSciSyncAccessPerm_WaitSignal);
        const NvSciSyncFence beyond = fence_of(scene.object, scene.signaled + 1);
        point.arm();
        scene.end_object();
        if (has_an_heir) {
            NvSciSyncObj heir = nullptr;
            NvSciSyncAttrList conflict = nullptr;
            NvSciSyncAttrList lists[] = {list};
            (void)NvSciSyncAttrListReconcileAndObjAlloc(lists, 1, &heir, &conflict);
            NvSciSyncAttrListFree(conflict);
            NvSciSyncObjFree(heir);
        }
        point.disarm();
        if (scene.pends()) {
            EXPECT_EQ(scene.poll(scene.pending), kTimeout) << opennvsciGetLastErrorText();
        }
        scene.gate->open();
        EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.first));
        for (int i = 0; i < 20; ++i)
            cpu_object(scene.module);
        EXPECT_EQ(scene.poll(scene.done), kSuccess) << opennvsciGetLastErrorText();
        if (scene.pends()) {
            EXPECT_EQ(scene.poll(scene.pending), kSuccess) << opennvsciGetLastErrorText();
        }
        EXPECT_EQ(scene.poll(beyond), kResourceError) << opennvsciGetLastErrorText();
        return std::nullopt;
    });
}

TEST_P(SyncCallInject, End) {
    in_new_process([] {
        { const CallScene warm(GetParam()); }
        for (const bool has_an_heir : {false, true}) {
            SCOPED_TRACE(has_an_heir);
            for (const auto only : {kEveryPoint, kHeapAlone})
                walk_ends(GetParam(), has_an_heir, only);
        }
    });
}

/// The look that meets the failure.
enum class Look { cpu_wait, task_status, stream_wait, stream_signal, free_all };

void walk_breaks(Look look, std::optional<FailurePoint::Kind> only) {
    SCOPED_TRACE(::testing::Message() << "look " << static_cast<int>(look));
    walk_failure_points(only, [&](FailurePoint& point) {
        CallScene scene({true, false, 0});
        DoomedContext doomed;
        doomed.hold();
        const NvSciSyncFence lost[] = {scene.signal(doomed.stream()), scene.signal(doomed.stream())};
        const NvSciSyncFence ahead = fence_of(scene.object, 10);
        ASSERT_EQ(scene.semaphore->wait(scene.second, ahead), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        doomed.lose();
        NvSciSyncFence untouched = NvSciSyncFenceInitializer;
        NvSciSyncTaskStatus status{};
        point.arm();
        switch (look) {
            case Look::cpu_wait:
                (void)NvSciSyncFenceWait(&lost[1], scene.context, 0);
                break;
            case Look::task_status:
                (void)NvSciSyncFenceGetTaskStatus(&lost[1], &status);
                break;
            case Look::stream_wait:
                (void)scene.semaphore->wait(scene.first, lost[0]);
                break;
            case Look::stream_signal:
                (void)scene.semaphore->signal(scene.first, &untouched);
                break;
            case Look::free_all:
                scene.end_object();
        }
        const bool is_hit = point.disarm();
        // A signal that could not learn of the loss may be taken, and is lost with the others.
        const bool is_taken = !is_cleared(untouched);
        EXPECT_FALSE(is_taken && !is_hit);
        for (const NvSciSyncFence& fence : {lost[0], lost[1], ahead, is_taken ? untouched : ahead}) {
            EXPECT_EQ(NvSciSyncFenceWait(&fence, scene.context, 1000), kResourceError) << opennvsciGetLastErrorText();
            EXPECT_EQ(task_status(fence), NvSciSyncTaskStatus_Failure);
        }
        EXPECT_EQ(scene.poll(scene.done), kSuccess);
        cpu_object(scene.module);
        EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.second));
        if (::testing::Test::HasFailure()) end_new_process();  // what follows may hang
    });
}

// The look that finds a context lost meets a failure itself. Then the next one finds it, and everything is as if the
// first had.
TEST(SyncLossInject, Break) {
    if (!TestDevice::instance().driver().is_software) {
        std::printf("a GPU's driver ends no context while a stream waits for memory: not walked\n");
        return;
    }
    in_new_process([] {
        for (const Look look :
             {Look::cpu_wait, Look::task_status, Look::stream_wait, Look::stream_signal, Look::free_all}) {
            for (const auto only : {kEveryPoint, kHeapAlone})
                walk_breaks(look, only);
        }
    });
}

}  // namespace
}  // namespace opennvsci::test
