// SPDX-License-Identifier: Apache-2.0
//
// NvSciSync objects imported into CUDA: signal, wait, order, life and errors (cuda-interop.md 2.7 to 2.16). A stream is
// held up by a wait for a word of memory, which works on every device.
#include <algorithm>
#include <chrono>
#include <thread>

#include "sync_test.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names
using Clock = std::chrono::steady_clock;

class SyncImport : public SyncTest, public ::testing::WithParamInterface<Kind> {
  protected:
    void TearDown() override {
        EXPECT_EQ(cuda_.cuCtxSynchronize(), CUDA_SUCCESS);
        object_.reset();
        SyncTest::TearDown();
    }
    [[nodiscard]] bool has_cpu() const { return test::has_cpu(GetParam()); }
    [[nodiscard]] bool is_deterministic() const { return test::is_deterministic(GetParam()); }
    SyncObject make_object(bool timestamps = false) {
        return allocate(module_,
                        {.cpu_waits = has_cpu(), .is_deterministic = is_deterministic(), .has_timestamps = timestamps});
    }

    SyncObject object_ = make_object();
};
INSTANTIATE_TEST_SUITE_P(Objects, SyncImport,
                         ::testing::Values(Kind::gpu_only, Kind::deterministic, Kind::with_cpu,
                                           Kind::deterministic_with_cpu),
                         name_of);

TEST_P(SyncImport, WaitHoldsTheStreamUntilTheWorkBeforeTheSignalIsDone) {
    const Semaphore semaphore(object_);
    MemoryGate gate(cuda_);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    gate.hold(first_);
    ASSERT_EQ(semaphore.signal(first_, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    ASSERT_EQ(semaphore.wait(second_, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_TRUE(is_held(cuda_, second_));
    if (has_cpu()) {
        EXPECT_EQ(poll(fence), kTimeout);
    }
    gate.open();
    EXPECT_EQ(cuda_.cuStreamSynchronize(second_), CUDA_SUCCESS);
    EXPECT_EQ(poll(fence), has_cpu() ? kSuccess : kBadParameter);
}

TEST_P(SyncImport, ClearedAndExpiredFencesDoNotBlock) {
    const Semaphore semaphore(object_);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    EXPECT_EQ(semaphore.wait(second_, fence), CUDA_SUCCESS);
    EXPECT_EQ(cuda_.cuStreamSynchronize(second_), CUDA_SUCCESS);
    ASSERT_EQ(semaphore.signal(first_, &fence), CUDA_SUCCESS);
    EXPECT_EQ(cuda_.cuStreamSynchronize(first_), CUDA_SUCCESS);
    EXPECT_EQ(semaphore.wait(second_, fence), CUDA_SUCCESS);
    EXPECT_EQ(cuda_.cuStreamSynchronize(second_), CUDA_SUCCESS);
}

// The second stream could signal at once, but its fence implies the first one's.
TEST_P(SyncImport, SignalsOfTwoStreamsKeepTheirOrder) {
    const Semaphore semaphore(object_);
    MemoryGate gate(cuda_);
    NvSciSyncFence earlier = NvSciSyncFenceInitializer;
    NvSciSyncFence later = NvSciSyncFenceInitializer;
    gate.hold(first_);
    ASSERT_EQ(semaphore.signal(first_, &earlier), CUDA_SUCCESS);
    ASSERT_EQ(semaphore.signal(second_, &later), CUDA_SUCCESS);
    EXPECT_EQ(value_of(earlier), 1U);
    EXPECT_EQ(value_of(later), 2U);
    EXPECT_TRUE(is_held(cuda_, second_));
    gate.open();
    EXPECT_EQ(cuda_.cuStreamSynchronize(second_), CUDA_SUCCESS);
    if (has_cpu()) {
        EXPECT_EQ(poll(earlier), kSuccess);
        EXPECT_EQ(poll(later), kSuccess);
    }
}

// A wait takes exactly the signal it needs: a later signal of the same stream, which cannot come yet, does not delay
// it.
TEST_P(SyncImport, OldFenceDoesNotWaitForLaterSignals) {
    const Semaphore semaphore(object_);
    MemoryGate gate(cuda_);
    std::vector<NvSciSyncFence> fences(100, NvSciSyncFenceInitializer);
    for (std::size_t i = 0; i < fences.size(); ++i) {
        if (i == fences.size() / 2) gate.hold(first_);
        ASSERT_EQ(semaphore.signal(first_, &fences[i]), CUDA_SUCCESS);
    }
    for (std::size_t i = 0; i < fences.size() / 2; ++i)
        ASSERT_EQ(semaphore.wait(second_, fences[i]), CUDA_SUCCESS);
    EXPECT_EQ(cuda_.cuStreamSynchronize(second_), CUDA_SUCCESS);
    ASSERT_EQ(semaphore.wait(second_, fences.back()), CUDA_SUCCESS);
    EXPECT_TRUE(is_held(cuda_, second_));
    gate.open();
    EXPECT_EQ(cuda_.cuStreamSynchronize(second_), CUDA_SUCCESS);
}

TEST_P(SyncImport, WaitBeforeItsSignalNeedsDeterministicFences) {
    const Semaphore semaphore(object_);
    NvSciSyncFence made = NvSciSyncFenceInitializer;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    ASSERT_EQ(NvSciSyncFenceUpdateFence(object_, 0, 2, &made), kSuccess);
    if (!is_deterministic()) {
        EXPECT_EQ(semaphore.wait(second_, made), CUDA_ERROR_INVALID_VALUE);
        EXPECT_EQ(cuda_.cuStreamSynchronize(second_), CUDA_SUCCESS);
        return;
    }
    ASSERT_EQ(semaphore.wait(second_, made), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    ASSERT_EQ(semaphore.signal(first_, &fence), CUDA_SUCCESS);
    EXPECT_EQ(cuda_.cuStreamSynchronize(first_), CUDA_SUCCESS);
    EXPECT_TRUE(is_held(cuda_, second_));
    ASSERT_EQ(semaphore.signal(first_, &fence), CUDA_SUCCESS);
    EXPECT_EQ(cuda_.cuStreamSynchronize(second_), CUDA_SUCCESS);
}

TEST_P(SyncImport, EverythingMayBeFreedWithWorkOutstanding) {
    MemoryGate gate(cuda_);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    {
        const Semaphore semaphore(object_);
        gate.hold(first_);
        ASSERT_EQ(semaphore.signal(first_, &fence), CUDA_SUCCESS);
        ASSERT_EQ(semaphore.wait(second_, fence), CUDA_SUCCESS);
        object_.reset();
    }
    EXPECT_TRUE(is_held(cuda_, second_));
    if (has_cpu()) {
        EXPECT_EQ(poll(fence), kTimeout);
    }
    gate.open();
    if (has_cpu()) {
        EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, 10000000), kSuccess);
    }
    EXPECT_EQ(cuda_.cuStreamSynchronize(second_), CUDA_SUCCESS);
    object_ = make_object();  // the next object sweeps the one that has ended
}

TEST_P(SyncImport, SkipFlagsAreOfOneSideEach) {
    const Semaphore semaphore(object_);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    EXPECT_EQ(semaphore.signal(first_, &fence, 2), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(semaphore.signal(first_, &fence, 4), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(fence.payload[0], 0U);
    EXPECT_EQ(semaphore.signal(first_, &fence, 1), CUDA_SUCCESS);
    EXPECT_EQ(semaphore.wait(second_, fence, 1), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(semaphore.wait(second_, fence, 2), CUDA_SUCCESS);
}

TEST_P(SyncImport, CapturingStreamIsRefusedAndNothingIsConsumed) {
    const Semaphore semaphore(object_);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    CUgraph graph = nullptr;
    ASSERT_EQ(cuda_.cuStreamBeginCapture(first_, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_SUCCESS);
    EXPECT_EQ(semaphore.signal(first_, &fence), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    EXPECT_EQ(semaphore.wait(first_, fence), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    EXPECT_EQ(fence.payload[0], 0U);
    // Another stream goes on meanwhile, and the capture is not disturbed by what the library asks of its events.
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(semaphore.signal(second_, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_EQ(cuda_.cuStreamEndCapture(first_, &graph), CUDA_SUCCESS);
    EXPECT_EQ(cuda_.cuGraphDestroy(graph), CUDA_SUCCESS);
    EXPECT_EQ(value_of(fence), 100U);
}

TEST_P(SyncImport, EveryBadArgumentHasItsCode) {
    Semaphore semaphore(object_);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS signal{};
    CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS wait{};
    signal.params.nvSciSync.fence = &fence;
    wait.params.nvSciSync.fence = &fence;
    const CUexternalSemaphore good = semaphore.handle;
    EXPECT_EQ(nvsciCuSignalExternalSemaphoresAsync(nullptr, &signal, 1, first_), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(nvsciCuSignalExternalSemaphoresAsync(&good, nullptr, 1, first_), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(nvsciCuWaitExternalSemaphoresAsync(nullptr, &wait, 1, first_), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(nvsciCuWaitExternalSemaphoresAsync(&good, nullptr, 1, first_), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(semaphore.signal(first_, nullptr), CUDA_ERROR_INVALID_VALUE);

    SyncObject other = make_object();
    const Semaphore foreign(other);
    ASSERT_EQ(foreign.signal(first_, &fence), CUDA_SUCCESS);
    EXPECT_EQ(semaphore.wait(second_, fence), CUDA_ERROR_INVALID_VALUE);  // of another object
    fence.payload[5] = 1;
    EXPECT_EQ(foreign.wait(second_, fence), CUDA_ERROR_INVALID_VALUE);  // garbage

    CUexternalSemaphore imported = nullptr;
    CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc = semaphore_desc(nullptr);
    EXPECT_EQ(nvsciCuImportExternalSemaphore(&imported, nullptr), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(nvsciCuImportExternalSemaphore(nullptr, &desc), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(nvsciCuImportExternalSemaphore(&imported, &desc), CUDA_ERROR_INVALID_HANDLE);
    desc.handle.nvSciSyncObj = module_.get();
    EXPECT_EQ(nvsciCuImportExternalSemaphore(&imported, &desc), CUDA_ERROR_INVALID_HANDLE);
    desc.handle.nvSciSyncObj = object_.get();
    desc.flags = 1;
    EXPECT_EQ(nvsciCuImportExternalSemaphore(&imported, &desc), CUDA_ERROR_INVALID_VALUE);
    desc.flags = 0;
    EXPECT_EQ(cuda_.cuCtxSetCurrent(nullptr), CUDA_SUCCESS);
    EXPECT_EQ(nvsciCuImportExternalSemaphore(&imported, &desc), CUDA_ERROR_INVALID_CONTEXT);
    device_.make_current();

    EXPECT_EQ(semaphore.destroy(), CUDA_SUCCESS);
    EXPECT_EQ(nvsciCuSignalExternalSemaphoresAsync(&good, &signal, 1, first_), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(nvsciCuWaitExternalSemaphoresAsync(&good, &wait, 1, first_), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(nvsciCuDestroyExternalSemaphore(good), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(nvsciCuDestroyExternalSemaphore(nullptr), CUDA_ERROR_INVALID_VALUE);
}

// One semaphore twice in a call: two values, in the order of the array. A bad element refuses the whole call.
TEST_P(SyncImport, ArraysAreCheckedAsAWhole) {
    const Semaphore semaphore(object_);
    NvSciSyncFence fences[2] = {NvSciSyncFenceInitializer, NvSciSyncFenceInitializer};
    CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS parameters[2] = {};
    parameters[0].params.nvSciSync.fence = &fences[0];
    parameters[1].params.nvSciSync.fence = &fences[1];
    parameters[1].flags = 8;
    const CUexternalSemaphore semaphores[2] = {semaphore.handle, semaphore.handle};
    EXPECT_EQ(nvsciCuSignalExternalSemaphoresAsync(semaphores, parameters, 2, first_), CUDA_ERROR_INVALID_VALUE);
    EXPECT_EQ(fences[0].payload[0], 0U);
    parameters[1].flags = 0;
    ASSERT_EQ(nvsciCuSignalExternalSemaphoresAsync(semaphores, parameters, 2, first_), CUDA_SUCCESS);
    EXPECT_EQ(value_of(fences[0]), 1U);
    EXPECT_EQ(value_of(fences[1]), 2U);
}

TEST_P(SyncImport, TwoContextsHandOver) {
    Semaphore semaphore(object_);
    OwnContext other;
    Stream stream;
    device_.make_current();
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    for (int i = 0; i < 20; ++i) {
        ASSERT_EQ(semaphore.signal(first_, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        ASSERT_EQ(semaphore.wait(stream, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        ASSERT_EQ(semaphore.signal(stream, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        ASSERT_EQ(semaphore.wait(first_, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    }
    EXPECT_EQ(cuda_.cuStreamSynchronize(first_), CUDA_SUCCESS);
    other.make_current();
    stream.destroy();
    EXPECT_EQ(semaphore.destroy(), CUDA_SUCCESS);
    object_.reset();
}

// A stream may be destroyed with a signal outstanding: the work goes on, and so do waits for it.
TEST_P(SyncImport, DestroyedStreamStillSignals) {
    const Semaphore semaphore(object_);
    MemoryGate gate(cuda_);
    Stream stream;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    gate.hold(stream);
    ASSERT_EQ(semaphore.signal(stream, &fence), CUDA_SUCCESS);
    stream.destroy();
    ASSERT_EQ(semaphore.wait(second_, fence), CUDA_SUCCESS);
    gate.open();
    EXPECT_EQ(cuda_.cuStreamSynchronize(second_), CUDA_SUCCESS);
}

class SyncWithCpu : public SyncImport {};
INSTANTIATE_TEST_SUITE_P(Objects, SyncWithCpu, ::testing::Values(Kind::with_cpu), name_of);

// The context is destroyed before the signal can run. Only for the software device: what a GPU's driver does with the
// wait that holds the stream is not documented.
// On the software device the context is destroyed while its stream waits; on a GPU a kernel's fault ends it, in a
// process of its own, because a driver ends no context whose stream waits for memory.
TEST_P(SyncWithCpu, KilledContextGivesAnErrorNotAHang) {
    if (!device_.driver().is_software) {
        const auto wait_for_a_signal_behind_a_fault = [&] {
            const Semaphore semaphore(object_);
            NvSciSyncFence fence = NvSciSyncFenceInitializer;
            constexpr CUdeviceptr kNowhere = CUdeviceptr{1} << 44;
            device_.store_later(kNowhere, 1, 20, first_);
            EXPECT_EQ(semaphore.signal(first_, &fence), CUDA_SUCCESS);
            EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, -1), kResourceError);
            EXPECT_EQ(task_status(fence), NvSciSyncTaskStatus_Failure);
            EXPECT_EQ(semaphore.wait(second_, fence), CUDA_ERROR_ILLEGAL_ADDRESS);
            EXPECT_EQ(semaphore.signal(second_, &fence), CUDA_ERROR_ILLEGAL_ADDRESS);
            object_.reset();
        };
        EXPECT_EXIT(
            {
                wait_for_a_signal_behind_a_fault();
                _exit(HasFailure() ? 1 : 0);
            },
            ::testing::ExitedWithCode(0), "");
        return;
    }
    const Semaphore semaphore(object_);
    CUcontext other = nullptr;
    ASSERT_EQ(cuda_.cuCtxCreate(&other, 0, device_.device().handle), CUDA_SUCCESS);
    CUstream stream = nullptr;
    ASSERT_EQ(cuda_.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    device_.make_current();
    MemoryGate gate(cuda_);
    gate.hold(stream);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    ASSERT_EQ(semaphore.signal(stream, &fence), CUDA_SUCCESS);
    std::thread kills([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        EXPECT_EQ(cuda_.cuCtxDestroy(other), CUDA_SUCCESS);
    });
    EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, -1), kResourceError) << opennvsciGetLastErrorText();
    kills.join();
    EXPECT_EQ(task_status(fence), NvSciSyncTaskStatus_Failure);
    EXPECT_EQ(semaphore.wait(second_, fence), CUDA_ERROR_CONTEXT_IS_DESTROYED);
    EXPECT_EQ(semaphore.signal(second_, &fence), CUDA_ERROR_CONTEXT_IS_DESTROYED);
    expect_differences("events +1; ");
}

TEST_P(SyncWithCpu, CpuWaitsForAGpuSignalWithTimeout) {
    const Semaphore semaphore(object_);
    MemoryGate gate(cuda_);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    gate.hold(first_);
    ASSERT_EQ(semaphore.signal(first_, &fence), CUDA_SUCCESS);
    auto best = std::chrono::microseconds::max();
    const auto end = Clock::now() + std::chrono::seconds(10);  // a busy machine takes the processor away
    while (best.count() >= 5000 && Clock::now() < end) {
        const auto start = Clock::now();
        EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, 3000), kTimeout);
        best = std::min(best, std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start));
    }
    EXPECT_GE(best.count(), 3000);
    EXPECT_LT(best.count(), 5000);
    std::thread opens([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        gate.open();
    });
    EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, -1), kSuccess);
    opens.join();
}

TEST_P(SyncWithCpu, StreamWaitsForACpuSignal) {
    SyncList cpu = cpu_list(module_, NvSciSyncAccessPerm_SignalOnly);
    SyncList gpu = gpu_list(module_, 2);
    SyncObject object = allocate({cpu, gpu});
    const Semaphore semaphore(object);
    for (int i = 0; i < 20; ++i) {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        ASSERT_EQ(NvSciSyncObjGenerateFence(object, &fence), kSuccess);
        ASSERT_EQ(semaphore.wait(first_, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        if (i == 0) {
            EXPECT_TRUE(is_held(cuda_, first_));
        }
        ASSERT_EQ(NvSciSyncObjSignal(object), kSuccess);
        EXPECT_EQ(cuda_.cuStreamSynchronize(first_), CUDA_SUCCESS);
    }
}

TEST_P(SyncWithCpu, TimestampsOfTheDeviceGrow) {
    SyncObject object = make_object(true);
    const Semaphore semaphore(object);
    std::uint64_t last = 0;
    for (int i = 0; i < 5; ++i) {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        ASSERT_EQ(semaphore.signal(first_, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        ASSERT_EQ(NvSciSyncFenceWait(&fence, context_, 10000000), kSuccess);
        std::uint64_t time = 0;
        ASSERT_EQ(NvSciSyncFenceGetTimestamp(&fence, &time), kSuccess) << opennvsciGetLastErrorText();
        EXPECT_GT(time, 0U);
        EXPECT_GE(time, last);
        last = time;
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
}

}  // namespace
}  // namespace opennvsci::test
