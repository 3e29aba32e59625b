// SPDX-License-Identifier: Apache-2.0
//
// Failure paths of NvSciSync: the whole way of an object and its fences, with a failure at the n-th driver call, system
// call or heap allocation, for n = 1, 2, … until none is hit. Each failure must come back as a documented code with a
// text, and leave nothing behind.
#include "cuda_objects.h"
#include "failure_walk.h"
#include "sync_objects.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

class SyncWay {
  public:
    SyncWay(const TestDevice& device, CUstream first, CUstream second, bool with_cpu)
        : device_(device), streams_{first, second}, with_cpu_(with_cpu) {}
    SyncWay(const SyncWay&) = delete;
    SyncWay& operator=(const SyncWay&) = delete;
    ~SyncWay() {
        // A wait whose signal failed would wait for ever: the way that put it there signals once more.
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

    CallOutcome run() {
        TRY_CALL(make_lists());
        TRY_CALL(make_object());
        return use_streams();
    }

  private:
    CallOutcome make_lists() {
        TRY_CALL(NvSciSyncModuleOpen(module_.out()));
        TRY_CALL(NvSciSyncCpuWaitContextAlloc(module_, context_.out()));
        TRY_CALL(NvSciSyncAttrListCreate(module_, signaler_.out()));
        TRY_CALL(nvsciCuDeviceGetNvSciSyncAttributes(signaler_, device_.device().handle, 1));
        TRY_CALL(opennvsciSyncAttrListSetName(signaler_, "a signaler with a name too long for a small string"));
        TRY_CALL(NvSciSyncAttrListCreate(module_, waiter_.out()));
        TRY_CALL(nvsciCuDeviceGetNvSciSyncAttributes(waiter_, device_.device().handle, 2));
        TRY_CALL(set(waiter_, NvSciSyncAttrKey_RequireDeterministicFences, true));
        TRY_CALL(set(waiter_, NvSciSyncAttrKey_NeedCpuAccess, with_cpu_));
        TRY_CALL(set(waiter_, NvSciSyncAttrKey_WaiterRequireTimestamps, with_cpu_));
        NvSciSyncAttrList both[] = {signaler_, waiter_};
        TRY_CALL(NvSciSyncAttrListAppendUnreconciled(both, 2, appended_.out()));
        TRY_CALL(NvSciSyncAttrListClone(appended_, clone_.out()));
        NvSciSyncAttrList all[] = {clone_};
        NvSciSyncAttrList conflict = nullptr;
        TRY_CALL(NvSciSyncAttrListReconcile(all, 1, reconciled_.out(), &conflict));
        bool valid = false;
        TRY_CALL(NvSciSyncAttrListValidateReconciled(reconciled_, all, 1, &valid));
        const OpenNvSciDecision* decisions = nullptr;
        size_t count = 0;
        return outcome_of(opennvsciSyncAttrListGetDecisions(reconciled_, &decisions, &count));
    }

    CallOutcome make_object() {
        TRY_CALL(NvSciSyncObjAlloc(reconciled_, object_.out()));
        TRY_CALL(NvSciSyncObjDup(object_, duplicate_.out()));
        NvSciSyncAttrList list = nullptr;
        TRY_CALL(NvSciSyncObjGetAttrList(object_, &list));
        const CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc = semaphore_desc(object_);
        return outcome_of(nvsciCuImportExternalSemaphore(&semaphore_, &desc));
    }

    CallOutcome use_streams() {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS signal{};
        CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS wait{};
        signal.params.nvSciSync.fence = &fence;
        wait.params.nvSciSync.fence = &fence;
        const CUexternalSemaphore twice[] = {semaphore_, semaphore_};
        const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS signals[] = {signal, signal};
        TRY_CALL(nvsciCuSignalExternalSemaphoresAsync(&semaphore_, &signal, 1, streams_[0]));
        TRY_CALL(nvsciCuWaitExternalSemaphoresAsync(&semaphore_, &wait, 1, streams_[1]));
        TRY_CALL(nvsciCuSignalExternalSemaphoresAsync(twice, signals, 2, streams_[1]));
        std::uint64_t id = 0;
        std::uint64_t value = 0;
        TRY_CALL(NvSciSyncFenceExtractFence(&fence, &id, &value));
        TRY_CALL(NvSciSyncFenceUpdateFence(object_, id, value + 1, &fence));
        waits_ahead_ = true;
        TRY_CALL(nvsciCuWaitExternalSemaphoresAsync(&semaphore_, &wait, 1, streams_[1]));  // before its signal
        return outcome_of(nvsciCuSignalExternalSemaphoresAsync(&semaphore_, &signal, 1, streams_[0]));
    }

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

class SyncInject : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Memory, SyncInject, ::testing::Bool(), [](const ::testing::TestParamInfo<bool>& parameter) {
    return parameter.param ? "SystemMemory" : "VideoMemory";
});

TEST_P(SyncInject, EveryFailureOnTheWayIsReportedAndLeavesNothing) {
    const TestDevice& device = TestDevice::current();
    const Stream first;
    const Stream second;
    ASSERT_FALSE(SyncWay(device, first, second, GetParam()).run());  // once per process is now
    const long failures = expect_failures_come_back(kEveryPoint, [&](FailurePoint& point) {
        SyncWay way(device, first, second, GetParam());
        point.arm();
        // A way that succeeds is freed with the point still ahead: freeing may meet it, and must not leak.
        return way.run();
    });
    EXPECT_GT(failures, 50);
}

// Objects that the CPU signals need nothing that could fail, or say so.
TEST(SyncCpuInject, GenerateSignalAndLook) {
    for (const bool has_timestamps : {false, true}) {
        expect_failures_come_back(kEveryPoint, [&](FailurePoint& point) -> CallOutcome {
            const SyncModule module = open_sync_module();
            const WaitContext context = wait_context(module);
            const SyncList list = cpu_list(module, NvSciSyncAccessPerm_WaitSignal);
            EXPECT_EQ(set(list, NvSciSyncAttrKey_WaiterRequireTimestamps, has_timestamps), kSuccess);
            const SyncObject object = allocate({list});
            NvSciSyncFence fence = NvSciSyncFenceInitializer;
            std::uint64_t time = 0;
            point.arm();
            const NvSciError generated = NvSciSyncObjGenerateFence(object, &fence);
            const NvSciError early = NvSciSyncFenceWait(&fence, context, 1000);
            const NvSciError signaled = NvSciSyncObjSignal(object);
            const NvSciError late = NvSciSyncFenceWait(&fence, context, -1);
            const NvSciError timed = NvSciSyncFenceGetTimestamp(&fence, &time);
            point.disarm();
            EXPECT_EQ(generated, kSuccess);
            EXPECT_TRUE(early == kTimeout || early == kInsufficientMemory) << early;
            EXPECT_EQ(signaled, kSuccess);
            EXPECT_EQ(late, kSuccess);
            EXPECT_TRUE(timed == (has_timestamps ? kSuccess : kBadParameter) || timed == kInsufficientMemory) << timed;
            return std::nullopt;
        });
    }
}

}  // namespace
}  // namespace opennvsci::test
