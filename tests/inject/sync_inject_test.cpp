// SPDX-License-Identifier: Apache-2.0
//
// Failure paths of NvSciSync: the whole way of an object and its fences, with a failure at the n-th driver call, system
// call or heap allocation, for n = 1, 2, … until none is hit. Each failure must come back as a documented code with a
// text, and leave nothing behind.
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "cuda_objects.h"
#include "doomed_context.h"
#include "failure_point.h"
#include "leak_check.h"
#include "memory_gate.h"
#include "own_process.h"
#include "sync_objects.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

/// What ended a walk. GoogleTest is kept out, because its allocations would count.
struct SyncFailure {
    bool is_cuda;
    unsigned code;
};

class SyncWalk {
  public:
    SyncWalk(const TestDevice& device, CUstream first, CUstream second, bool with_cpu)
        : device_(device), streams_{first, second}, with_cpu_(with_cpu) {}
    SyncWalk(const SyncWalk&) = delete;
    SyncWalk& operator=(const SyncWalk&) = delete;
    ~SyncWalk() {
        // A wait whose signal failed would wait for ever: the walk that put it there signals once more.
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS signal{};
        signal.params.nvSciSync.fence = &fence;
        while (waits_ahead_ &&
               nvsciCuSignalExternalSemaphoresAsync(&semaphore_, &signal, 1, streams_[0]) != CUDA_SUCCESS) {
        }
        // The heap of the software device may be what fails next, so this too is tried again.
        for (CUstream stream : streams_) {
            while (device_.cuda().cuStreamSynchronize(stream) != CUDA_SUCCESS) {
            }
        }
        if (semaphore_ != nullptr) nvsciCuDestroyExternalSemaphore(semaphore_);
    }

    std::optional<SyncFailure> run() {
        for (const auto step : {&SyncWalk::make_lists, &SyncWalk::make_object, &SyncWalk::use_streams}) {
            if (const auto failure = (this->*step)()) return failure;
        }
        return std::nullopt;
    }

  private:
    static std::optional<SyncFailure> sync_failed(NvSciError code) {
        return code == kSuccess ? std::nullopt : std::optional(SyncFailure{false, code});
    }
    static std::optional<SyncFailure> sync_failed(CUresult code) {
        return code == CUDA_SUCCESS ? std::nullopt : std::optional(SyncFailure{true, code});
    }

#define SYNC_WALK(call)                                             \
    do {                                                            \
        if (const auto failure = sync_failed(call)) return failure; \
    } while (false)

    std::optional<SyncFailure> make_lists() {
        SYNC_WALK(NvSciSyncModuleOpen(module_.out()));
        SYNC_WALK(NvSciSyncCpuWaitContextAlloc(module_, context_.out()));
        SYNC_WALK(NvSciSyncAttrListCreate(module_, signaler_.out()));
        SYNC_WALK(nvsciCuDeviceGetNvSciSyncAttributes(signaler_, device_.device().handle, 1));
        SYNC_WALK(opennvsciSyncAttrListSetName(signaler_, "a signaler with a name too long for a small string"));
        SYNC_WALK(NvSciSyncAttrListCreate(module_, waiter_.out()));
        SYNC_WALK(nvsciCuDeviceGetNvSciSyncAttributes(waiter_, device_.device().handle, 2));
        SYNC_WALK(set(waiter_, NvSciSyncAttrKey_RequireDeterministicFences, true));
        SYNC_WALK(set(waiter_, NvSciSyncAttrKey_NeedCpuAccess, with_cpu_));
        SYNC_WALK(set(waiter_, NvSciSyncAttrKey_WaiterRequireTimestamps, with_cpu_));
        NvSciSyncAttrList both[] = {signaler_, waiter_};
        SYNC_WALK(NvSciSyncAttrListAppendUnreconciled(both, 2, appended_.out()));
        SYNC_WALK(NvSciSyncAttrListClone(appended_, clone_.out()));
        NvSciSyncAttrList all[] = {clone_};
        NvSciSyncAttrList conflict = nullptr;
        SYNC_WALK(NvSciSyncAttrListReconcile(all, 1, reconciled_.out(), &conflict));
        bool valid = false;
        SYNC_WALK(NvSciSyncAttrListValidateReconciled(reconciled_, all, 1, &valid));
        const OpenNvSciDecision* decisions = nullptr;
        size_t count = 0;
        return sync_failed(opennvsciSyncAttrListGetDecisions(reconciled_, &decisions, &count));
    }

    std::optional<SyncFailure> make_object() {
        SYNC_WALK(NvSciSyncObjAlloc(reconciled_, object_.out()));
        SYNC_WALK(NvSciSyncObjDup(object_, duplicate_.out()));
        NvSciSyncAttrList list = nullptr;
        SYNC_WALK(NvSciSyncObjGetAttrList(object_, &list));
        CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc{};
        desc.type = CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC;
        desc.handle.nvSciSyncObj = object_.get();
        return sync_failed(nvsciCuImportExternalSemaphore(&semaphore_, &desc));
    }

    std::optional<SyncFailure> use_streams() {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS signal{};
        CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS wait{};
        signal.params.nvSciSync.fence = &fence;
        wait.params.nvSciSync.fence = &fence;
        const CUexternalSemaphore twice[] = {semaphore_, semaphore_};
        const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS signals[] = {signal, signal};
        SYNC_WALK(nvsciCuSignalExternalSemaphoresAsync(&semaphore_, &signal, 1, streams_[0]));
        SYNC_WALK(nvsciCuWaitExternalSemaphoresAsync(&semaphore_, &wait, 1, streams_[1]));
        SYNC_WALK(nvsciCuSignalExternalSemaphoresAsync(twice, signals, 2, streams_[1]));
        std::uint64_t id = 0;
        std::uint64_t value = 0;
        SYNC_WALK(NvSciSyncFenceExtractFence(&fence, &id, &value));
        SYNC_WALK(NvSciSyncFenceUpdateFence(object_, id, value + 1, &fence));
        waits_ahead_ = true;
        SYNC_WALK(nvsciCuWaitExternalSemaphoresAsync(&semaphore_, &wait, 1, streams_[1]));  // before its signal
        return sync_failed(nvsciCuSignalExternalSemaphoresAsync(&semaphore_, &signal, 1, streams_[0]));
    }
#undef SYNC_WALK

    const TestDevice& device_;
    const CUstream streams_[2];
    const bool with_cpu_;
    SyncModule module_;
    WaitContext context_;
    SyncList signaler_;
    SyncList waiter_;
    SyncList appended_;
    SyncList clone_;
    SyncList reconciled_;
    SyncObject object_;
    SyncObject duplicate_;
    CUexternalSemaphore semaphore_ = nullptr;
    bool waits_ahead_ = false;
};

bool is_documented_failure(const SyncFailure& failure) {
    if (failure.is_cuda) return failure.code == CUDA_ERROR_OUT_OF_MEMORY || failure.code == CUDA_ERROR_OPERATING_SYSTEM;
    return failure.code == kInsufficientMemory || failure.code == kResourceError;
}

class SyncInject : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Memory, SyncInject, ::testing::Bool(), [](const ::testing::TestParamInfo<bool>& parameter) {
    return parameter.param ? "SystemMemory" : "VideoMemory";
});

TEST_P(SyncInject, EveryFailureOnTheWayIsReportedAndLeavesNothing) {
    TestDevice& device = TestDevice::instance();
    device.make_current();
    const auto& cuda = device.cuda();
    hook_system_calls();
    CUstream streams[2] = {};
    for (CUstream& stream : streams)
        ASSERT_EQ(cuda.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    ASSERT_FALSE(SyncWalk(device, streams[0], streams[1], GetParam()).run());  // once per process is now

    bool hit = true;
    long n = 0;
    long failures = 0;
    while (hit) {
        ++n;
        const LeakCheck check;
        std::optional<SyncFailure> failure;
        {
            SyncWalk walk(device, streams[0], streams[1], GetParam());
            FailurePoint::instance().arm(n);
            failure = walk.run();
            // A walk that succeeded is freed with the point still ahead: freeing may meet it, and must not leak.
        }
        hit = FailurePoint::instance().disarm();
        ASSERT_EQ(check.differences(), "") << "after a failure at point " << n;
        if (!failure) continue;
        ++failures;
        ASSERT_TRUE(is_documented_failure(*failure))
            << (failure->is_cuda ? "CUDA " : "NvSci ") << std::hex << failure->code << " at point " << std::dec << n
            << ": " << opennvsciGetLastErrorText();
        ASSERT_NE(std::string(opennvsciGetLastErrorText()), "");
    }
    EXPECT_GT(failures, 50);
    std::printf("%ld points, %ld failures came back\n", n - 1, failures);
    for (CUstream stream : streams)
        EXPECT_EQ(cuda.cuStreamDestroy(stream), CUDA_SUCCESS);
}

// One call at a time, from here on: what stands around it is made before, and looked at after. A call that met a
// failure gives an error or works, and leaves no half of itself behind: the next signals and waits work, their fences
// have the values that come next, and none expires before its work. Half a signal can hold a stream for ever, so all of
// this is done in processes of their own.

/// An object that streams signal, with the CPU as one of the waiters, and signals that are outstanding.
class CallScene {
  public:
    struct Shape {
        bool is_deterministic;
        bool has_timestamps;
        int outstanding;  ///< signals behind a gate
    };

    explicit CallScene(const Shape& shape) {
        device.make_current();
        for (CUstream* stream : {&first, &second})
            EXPECT_EQ(cuda.cuStreamCreate(stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
        const SyncList cpu = cpu_list(module, NvSciSyncAccessPerm_WaitOnly);
        EXPECT_EQ(set(cpu, NvSciSyncAttrKey_WaiterRequireTimestamps, shape.has_timestamps), kSuccess);
        EXPECT_EQ(set(cpu, NvSciSyncAttrKey_RequireDeterministicFences, shape.is_deterministic), kSuccess);
        object = allocate({gpu_list(module, 1), gpu_list(module, 2), cpu});
        semaphore.emplace(object);
        gate.emplace(cuda);
        done = signal(first);
        EXPECT_TRUE(comes_to_its_end(cuda, first));
        if (shape.outstanding != 0) gate->hold(first);
        for (int i = 0; i < shape.outstanding; ++i)
            pending = signal(first);
    }
    CallScene(const CallScene&) = delete;
    CallScene& operator=(const CallScene&) = delete;
    ~CallScene() {
        if (::testing::Test::HasFailure()) end_new_process();  // a stream that goes on for ever cannot be waited for
        gate.reset();
        for (CUstream stream : {first, second})
            EXPECT_EQ(cuda.cuStreamDestroy(stream), CUDA_SUCCESS);
    }

    NvSciSyncFence signal(CUstream stream) {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        EXPECT_EQ(semaphore->signal(stream, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        ++signaled;
        EXPECT_EQ(value_of(fence), signaled);
        return fence;
    }
    [[nodiscard]] static std::uint64_t value_of(const NvSciSyncFence& fence) {
        std::uint64_t id = 0;
        std::uint64_t value = 0;
        EXPECT_EQ(NvSciSyncFenceExtractFence(&fence, &id, &value), kSuccess);
        return value;
    }
    [[nodiscard]] NvSciError poll(const NvSciSyncFence& fence) const { return NvSciSyncFenceWait(&fence, context, 0); }

    /// The object is whole.
    void expect_whole() {
        EXPECT_EQ(poll(done), kSuccess);
        if (pending.payload[0] != 0) {
            EXPECT_EQ(poll(pending), kTimeout) << opennvsciGetLastErrorText();
        }
        MemoryGate later(cuda);
        later.hold(second);
        const NvSciSyncFence next = signal(second);
        const NvSciSyncFence last = signal(first);
        gate->open();
        CUstream third = nullptr;
        EXPECT_EQ(cuda.cuStreamCreate(&third, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
        EXPECT_EQ(semaphore->wait(third, next), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        if (pending.payload[0] != 0) {
            EXPECT_EQ(NvSciSyncFenceWait(&pending, context, 10000000), kSuccess);
        }
        EXPECT_TRUE(is_held(cuda, third)) << "a stream has passed a signal before its work";
        EXPECT_EQ(poll(next), kTimeout) << "expired before its work";
        EXPECT_EQ(poll(last), kTimeout) << "expired before its work";
        later.open();
        EXPECT_EQ(NvSciSyncFenceWait(&last, context, 10000000), kSuccess) << opennvsciGetLastErrorText();
        EXPECT_EQ(poll(next), kSuccess);
        for (CUstream stream : {first, second, third})
            EXPECT_TRUE(comes_to_its_end(cuda, stream));
        EXPECT_EQ(cuda.cuStreamDestroy(third), CUDA_SUCCESS);
    }

    TestDevice& device = TestDevice::instance();
    const driver::EntryPoints& cuda = device.cuda();
    CUstream first = nullptr;
    CUstream second = nullptr;
    SyncModule module = open_sync_module();
    WaitContext context = wait_context(module);
    SyncObject object;
    std::optional<Semaphore> semaphore;
    std::optional<MemoryGate> gate;
    NvSciSyncFence done = NvSciSyncFenceInitializer;
    NvSciSyncFence pending = NvSciSyncFenceInitializer;
    std::uint64_t signaled = 0;
};

using Outcome = std::optional<SyncFailure>;

Outcome outcome_of(NvSciError code) {
    return code == kSuccess ? std::nullopt : std::optional(SyncFailure{false, code});
}
Outcome outcome_of(CUresult code) {
    return code == CUDA_SUCCESS ? std::nullopt : std::optional(SyncFailure{true, code});
}

void expect_documented(const SyncFailure& failure, long n) {
    EXPECT_TRUE(is_documented_failure(failure)) << (failure.is_cuda ? "CUDA " : "NvSci ") << std::hex << failure.code
                                                << " at point " << std::dec << n << ": " << opennvsciGetLastErrorText();
    EXPECT_STRNE(opennvsciGetLastErrorText(), "");
}

/// Runs `call` on a new scene, with a failure at the n-th point of a kind, until none is hit; then looks at the scene
/// with `check`, which learns whether the call worked.
template <class Call, class Check>
void walk_call_here(const CallScene::Shape& shape, Call&& call, Check&& check) {
    hook_system_calls();
    {
        CallScene warm(shape);  // once per process is now
        const Outcome outcome = call(warm);
        ASSERT_FALSE(outcome) << std::hex << outcome->code << ": " << opennvsciGetLastErrorText();
        check(warm, true);
        warm.expect_whole();
    }
    for (const auto only : {std::optional<FailurePoint::Kind>(), std::optional(FailurePoint::Kind::heap)}) {
        SCOPED_TRACE(only ? "heap alone" : "every point");
        long failures = 0;
        long n = 1;
        for (bool hit = true; hit; ++n) {
            SCOPED_TRACE(n);
            const LeakCheck leaks;
            {
                CallScene scene(shape);
                FailurePoint::instance().arm(n, only);
                const Outcome outcome = call(scene);
                hit = FailurePoint::instance().disarm();
                if (outcome) {
                    expect_documented(*outcome, n);
                    ++failures;
                }
                check(scene, !outcome);
                scene.expect_whole();
            }
            cpu_object(open_sync_module());  // something that a library may use to tidy up
            ASSERT_EQ(leaks.differences(), "");
            if (::testing::Test::HasFailure()) return;
        }
        std::printf("%ld points, %ld failures came back\n", n - 2, failures);
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
                EXPECT_EQ(CallScene::value_of(fence), scene.signaled);
                if (scene.pending.payload[0] == 0) {
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
            const bool pends = scene.pending.payload[0] != 0;
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
                return Outcome(SyncFailure{false, kResourceError});
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
    TestDevice& device = TestDevice::instance();
    CUcontext other = nullptr;
    ASSERT_EQ(device.cuda().cuCtxCreate(&other, 0, device.device().handle), CUDA_SUCCESS);
    device.make_current();
    for (const bool is_new_context : {false, true}) {
        SCOPED_TRACE(is_new_context);
        CUexternalSemaphore imported = nullptr;
        walk_call(
            GetParam(),
            [&](CallScene& scene) {
                imported = nullptr;
                CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc{};
                desc.type = CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC;
                desc.handle.nvSciSyncObj = scene.object.get();
                if (is_new_context) (void)scene.cuda.cuCtxSetCurrent(other);
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
                EXPECT_EQ(CallScene::value_of(fence), scene.signaled);
                EXPECT_EQ(nvsciCuDestroyExternalSemaphore(imported), CUDA_SUCCESS);
            });
        if (HasFailure()) break;
    }
    EXPECT_EQ(device.cuda().cuCtxDestroy(other), CUDA_SUCCESS);
    device.make_current();
}

// A driver that fails to answer has not lost a context: what pends goes on pending.
TEST_P(SyncCallInject, LooksOfTheCpu) {
    walk_call(
        GetParam(),
        [](CallScene& scene) {
            const bool pends = scene.pending.payload[0] != 0;
            const NvSciSyncFence& fence = pends ? scene.pending : scene.done;
            for (const std::int64_t timeout : {0, 2000}) {
                const NvSciError code = NvSciSyncFenceWait(&fence, scene.context, timeout);
                if (code != (pends ? kTimeout : kSuccess)) return outcome_of(code);
            }
            NvSciSyncTaskStatus status{};
            if (const auto failure = outcome_of(NvSciSyncFenceGetTaskStatus(&fence, &status))) return failure;
            NvSciSyncFence other = NvSciSyncFenceInitializer;
            if (const auto failure = outcome_of(NvSciSyncFenceUpdateFence(scene.object, 0, 1, &other))) return failure;
            std::uint64_t time = 0;
            const NvSciError code = NvSciSyncFenceGetTimestamp(&scene.done, &time);
            return code == kBadParameter ? std::nullopt : outcome_of(code);
        },
        [](CallScene&, bool) {});
}

// The object and its import are freed with work outstanding; what cannot be done for want of anything is done later.
void walk_ends(const CallScene::Shape& shape) {
    for (const bool has_an_heir : {false, true}) {
        SCOPED_TRACE(has_an_heir);
        hook_system_calls();
        { const CallScene warm(shape); }
        for (const auto only : {std::optional<FailurePoint::Kind>(), std::optional(FailurePoint::Kind::heap)}) {
            long n = 1;
            for (bool hit = true; hit; ++n) {
                SCOPED_TRACE(n);
                const LeakCheck leaks;
                {
                    CallScene scene(shape);
                    const SyncList list = cpu_list(scene.module, NvSciSyncAccessPerm_WaitSignal);
                    NvSciSyncFence beyond = NvSciSyncFenceInitializer;
                    ASSERT_EQ(NvSciSyncFenceUpdateFence(scene.object, 0, scene.signaled + 1, &beyond), kSuccess);
                    FailurePoint::instance().arm(n, only);
                    scene.object.reset();
                    scene.semaphore.reset();
                    if (has_an_heir) {
                        NvSciSyncObj heir = nullptr;
                        NvSciSyncAttrList conflict = nullptr;
                        NvSciSyncAttrList lists[] = {list};
                        (void)NvSciSyncAttrListReconcileAndObjAlloc(lists, 1, &heir, &conflict);
                        NvSciSyncAttrListFree(conflict);
                        NvSciSyncObjFree(heir);
                    }
                    hit = FailurePoint::instance().disarm();
                    if (scene.pending.payload[0] != 0) {
                        EXPECT_EQ(scene.poll(scene.pending), kTimeout) << opennvsciGetLastErrorText();
                    }
                    scene.gate->open();
                    EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.first));
                    for (int i = 0; i < 20; ++i)
                        cpu_object(scene.module);
                    EXPECT_EQ(scene.poll(scene.done), kSuccess) << opennvsciGetLastErrorText();
                    if (scene.pending.payload[0] != 0) {
                        EXPECT_EQ(scene.poll(scene.pending), kSuccess) << opennvsciGetLastErrorText();
                    }
                    EXPECT_EQ(scene.poll(beyond), kResourceError) << opennvsciGetLastErrorText();
                }
                ASSERT_EQ(leaks.differences(), "");
                if (::testing::Test::HasFailure()) return;
            }
        }
    }
}

TEST_P(SyncCallInject, End) {
    in_new_process([] { walk_ends(GetParam()); });
}

// Objects that the CPU signals need nothing that could fail, or say so.
TEST(SyncCpuInject, GenerateSignalAndLook) {
    hook_system_calls();
    for (const bool has_timestamps : {false, true}) {
        long n = 1;
        for (bool hit = true; hit; ++n) {
            SCOPED_TRACE(n);
            const LeakCheck leaks;
            {
                const SyncModule module = open_sync_module();
                const WaitContext context = wait_context(module);
                const SyncList list = cpu_list(module, NvSciSyncAccessPerm_WaitSignal);
                ASSERT_EQ(set(list, NvSciSyncAttrKey_WaiterRequireTimestamps, has_timestamps), kSuccess);
                const SyncObject object = allocate({list});
                NvSciSyncFence fence = NvSciSyncFenceInitializer;
                std::uint64_t time = 0;
                FailurePoint::instance().arm(n);
                const NvSciError generated = NvSciSyncObjGenerateFence(object, &fence);
                const NvSciError early = NvSciSyncFenceWait(&fence, context, 1000);
                const NvSciError signaled = NvSciSyncObjSignal(object);
                const NvSciError late = NvSciSyncFenceWait(&fence, context, -1);
                const NvSciError timed = NvSciSyncFenceGetTimestamp(&fence, &time);
                hit = FailurePoint::instance().disarm();
                EXPECT_EQ(generated, kSuccess);
                EXPECT_TRUE(early == kTimeout || early == kInsufficientMemory) << early;
                EXPECT_EQ(signaled, kSuccess);
                EXPECT_EQ(late, kSuccess);
                EXPECT_TRUE(timed == (has_timestamps ? kSuccess : kBadParameter) || timed == kInsufficientMemory)
                    << timed;
            }
            ASSERT_EQ(leaks.differences(), "");
        }
    }
}

// The look that finds a context lost meets a failure itself. Then the next one finds it, and everything is as if the
// first had.
void walk_breaks() {
    hook_system_calls();
    enum Look { cpu_wait, task_status, stream_wait, stream_signal, free_all, kLooks };
    for (int look = 0; look < kLooks; ++look) {
        for (const auto only : {std::optional<FailurePoint::Kind>(), std::optional(FailurePoint::Kind::heap)}) {
            long n = 1;
            for (bool hit = true; hit; ++n) {
                SCOPED_TRACE(testing::Message() << "look " << look << " point " << n);
                CallScene scene({true, false, 0});
                DoomedContext doomed;
                doomed.hold();
                const NvSciSyncFence lost[] = {scene.signal(doomed.stream()), scene.signal(doomed.stream())};
                NvSciSyncFence ahead = NvSciSyncFenceInitializer;
                ASSERT_EQ(NvSciSyncFenceUpdateFence(scene.object, 0, 10, &ahead), kSuccess);
                ASSERT_EQ(scene.semaphore->wait(scene.second, ahead), CUDA_SUCCESS) << opennvsciGetLastErrorText();
                doomed.lose();
                NvSciSyncFence untouched = NvSciSyncFenceInitializer;
                NvSciSyncTaskStatus status{};
                FailurePoint::instance().arm(n, only);
                switch (look) {
                    case cpu_wait:
                        (void)NvSciSyncFenceWait(&lost[1], scene.context, 0);
                        break;
                    case task_status:
                        (void)NvSciSyncFenceGetTaskStatus(&lost[1], &status);
                        break;
                    case stream_wait:
                        (void)scene.semaphore->wait(scene.first, lost[0]);
                        break;
                    case stream_signal:
                        (void)scene.semaphore->signal(scene.first, &untouched);
                        break;
                    default:
                        scene.object.reset();
                        scene.semaphore.reset();
                }
                hit = FailurePoint::instance().disarm();
                // A signal that could not learn of the loss may be taken, and is lost with the others.
                const bool is_taken = untouched.payload[0] != 0;
                EXPECT_FALSE(is_taken && !hit);
                for (const NvSciSyncFence& fence : {lost[0], lost[1], ahead, is_taken ? untouched : ahead}) {
                    EXPECT_EQ(NvSciSyncFenceWait(&fence, scene.context, 1000), kResourceError)
                        << opennvsciGetLastErrorText();
                    EXPECT_EQ(NvSciSyncFenceGetTaskStatus(&fence, &status), kSuccess);
                    EXPECT_EQ(status.status, NvSciSyncTaskStatus_Failure);
                }
                EXPECT_EQ(scene.poll(scene.done), kSuccess);
                cpu_object(scene.module);
                EXPECT_TRUE(comes_to_its_end(scene.cuda, scene.second));
                if (::testing::Test::HasFailure()) end_new_process();  // what follows may hang
            }
        }
    }
}

TEST(SyncLossInject, Break) {
    if (!TestDevice::instance().driver().is_software) {
        std::printf("a GPU's driver ends no context while a stream waits for memory: not walked\n");
        return;
    }
    in_new_process([] { walk_breaks(); });
}

}  // namespace
}  // namespace opennvsci::test
