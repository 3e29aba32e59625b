// SPDX-License-Identifier: Apache-2.0
//
// Who may do what. An object has one kind of signaler: where the lists let both the CPU and streams signal, the first
// signal or generated fence decides, and the other kind is refused. A stream may signal, or wait, only if a list that
// speaks for CUDA asked to: one that names a GPU, or one that names nobody. What is refused has no effect.
#include <atomic>
#include <cstdio>
#include <optional>
#include <thread>
#include <vector>

#include "sync_test.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

class SyncRights : public SyncTest {
  protected:
    /// A list that names the device in GpuId with its own hands.
    [[nodiscard]] SyncList list(NvSciSyncAccessPerm permission, std::optional<bool> has_cpu, bool has_gpu) const {
        SyncList made = create_list(module_);
        EXPECT_EQ(set(made, NvSciSyncAttrKey_RequiredPerm, permission), kSuccess);
        if (has_cpu) {
            EXPECT_EQ(set(made, NvSciSyncAttrKey_NeedCpuAccess, *has_cpu), kSuccess);
        }
        if (has_gpu) {
            EXPECT_EQ(set(made, NvSciSyncAttrKey_GpuId, device_.gpu_id()), kSuccess);
        }
        return made;
    }
    /// An object that the CPU and streams may signal and wait for.
    [[nodiscard]] SyncObject for_both() const {
        return allocate(
            {list(NvSciSyncAccessPerm_SignalOnly, true, true), list(NvSciSyncAccessPerm_WaitOnly, true, true)});
    }

    void expect_cpu_refused(NvSciSyncObj object) const {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        EXPECT_NE(NvSciSyncObjGenerateFence(object, &fence), kSuccess);
        EXPECT_STRNE(opennvsciGetLastErrorText(), "");
        EXPECT_TRUE(is_cleared(fence));
        EXPECT_NE(NvSciSyncObjSignal(object), kSuccess);
        EXPECT_STRNE(opennvsciGetLastErrorText(), "");
    }
    void expect_stream_refused(const Semaphore& semaphore) const {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        EXPECT_NE(semaphore.signal(first_, &fence), CUDA_SUCCESS);
        EXPECT_STRNE(opennvsciGetLastErrorText(), "");
        EXPECT_TRUE(is_cleared(fence));
        EXPECT_EQ(cuda_.cuStreamQuery(first_), CUDA_SUCCESS) << "a refused signal has left something in the stream";
    }
    /// The CPU is the signaler, and has signaled and generated as often as told.
    void expect_cpus(NvSciSyncObj object, const Semaphore& semaphore, std::uint64_t generated,
                     std::uint64_t signaled) const {
        expect_stream_refused(semaphore);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        ASSERT_EQ(NvSciSyncObjGenerateFence(object, &fence), kSuccess) << opennvsciGetLastErrorText();
        EXPECT_EQ(value_of(fence), generated + 1);
        for (std::uint64_t i = signaled; i <= generated; ++i) {
            EXPECT_EQ(poll(fence), kTimeout);
            EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess) << opennvsciGetLastErrorText();
        }
        EXPECT_EQ(poll(fence), kSuccess);
        expect_stream_refused(semaphore);
        EXPECT_EQ(semaphore.wait(first_, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        EXPECT_TRUE(comes_to_its_end(cuda_, first_));
    }
    /// Streams are the signaler, with as many signals as told.
    void expect_streams(NvSciSyncObj object, const Semaphore& semaphore, std::uint64_t signaled) const {
        expect_cpu_refused(object);
        MemoryGate gate(cuda_);
        gate.hold(first_);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        ASSERT_EQ(semaphore.signal(first_, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        EXPECT_EQ(value_of(fence), signaled + 1);
        expect_cpu_refused(object);
        EXPECT_EQ(poll(fence), kTimeout);
        ASSERT_EQ(semaphore.wait(second_, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        EXPECT_TRUE(is_held(cuda_, second_));
        gate.open();
        EXPECT_TRUE(comes_to_its_end(cuda_, second_));
        EXPECT_EQ(poll(fence), kSuccess);
        expect_cpu_refused(object);
    }
    CUresult signal_in_one_call(const Semaphore& first, const Semaphore& second, Fences& fences) const {
        const CUexternalSemaphore semaphores[] = {first.handle, second.handle};
        CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS parameters[2] = {};
        for (std::size_t i = 0; i < 2; ++i)
            parameters[i].params.nvSciSync.fence = &fences[i];
        return nvsciCuSignalExternalSemaphoresAsync(semaphores, parameters, 2, first_);
    }
    /// A stream signals and waits, and what it must not do is 801 and no more.
    void expect_rights(const std::vector<NvSciSyncAttrList>& lists, bool signals, bool waits) const {
        const SyncObject object = allocate(lists);
        const Semaphore semaphore(object);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        EXPECT_EQ(semaphore.signal(first_, &fence), signals ? CUDA_SUCCESS : CUDA_ERROR_NOT_SUPPORTED)
            << opennvsciGetLastErrorText();
        EXPECT_EQ(is_cleared(fence), !signals);
        if (!signals) {
            EXPECT_STRNE(opennvsciGetLastErrorText(), "");
            ASSERT_EQ(NvSciSyncFenceUpdateFence(object, 0, 0, &fence), kSuccess);
        }
        EXPECT_EQ(semaphore.wait(second_, fence), waits ? CUDA_SUCCESS : CUDA_ERROR_NOT_SUPPORTED)
            << opennvsciGetLastErrorText();
        if (!waits) {
            EXPECT_STRNE(opennvsciGetLastErrorText(), "");
        }
        EXPECT_TRUE(comes_to_its_end(cuda_, first_));
        EXPECT_TRUE(comes_to_its_end(cuda_, second_));
    }
};

// One kind of signaler

TEST_F(SyncRights, AGeneratedFenceMakesTheCpuTheSignaler) {
    const SyncObject object = for_both();
    const Semaphore semaphore(object);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    ASSERT_EQ(NvSciSyncObjGenerateFence(object, &fence), kSuccess) << opennvsciGetLastErrorText();
    expect_cpus(object, semaphore, 1, 0);
}

TEST_F(SyncRights, ASignalOfTheCpuMakesItTheSignaler) {
    const SyncObject object = for_both();
    const Semaphore semaphore(object);
    ASSERT_EQ(NvSciSyncObjSignal(object), kSuccess) << opennvsciGetLastErrorText();
    expect_stream_refused(semaphore);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    ASSERT_EQ(NvSciSyncObjGenerateFence(object, &fence), kSuccess);
    EXPECT_EQ(value_of(fence), 1U);
    EXPECT_EQ(poll(fence), kSuccess);
    expect_cpus(object, semaphore, 1, 1);
}

TEST_F(SyncRights, ASignalOfAStreamMakesStreamsTheSignaler) {
    const SyncObject object = for_both();
    const Semaphore semaphore(object);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    ASSERT_EQ(semaphore.signal(first_, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    expect_streams(object, semaphore, 1);
}

// Handles and imports share the decision, whether they were made before or after.
TEST_F(SyncRights, AllHandlesShareTheSignaler) {
    const SyncObject object = for_both();
    const Semaphore before(object);
    const SyncObject theirs = handed_over(object);
    (void)generate(theirs);
    const Semaphore after(object);
    expect_stream_refused(before);
    expect_stream_refused(after);
    expect_cpus(object, before, 1, 0);
}

// What is refused, and what signals nothing, decides nothing.
TEST_F(SyncRights, OnlyASignalDecides) {
    for (const bool cpu_is_next : {true, false}) {
        SCOPED_TRACE(cpu_is_next);
        const SyncObject object = for_both();
        const Semaphore semaphore(object);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        ASSERT_EQ(NvSciSyncFenceUpdateFence(object, 0, 1, &fence), kSuccess);
        EXPECT_EQ(poll(fence), kTimeout);
        EXPECT_EQ(NvSciSyncObjGenerateFence(object, nullptr), kBadParameter);
        EXPECT_EQ(semaphore.signal(first_, nullptr), CUDA_ERROR_INVALID_VALUE);
        EXPECT_EQ(semaphore.signal(first_, &fence, 8), CUDA_ERROR_INVALID_VALUE);
        CUgraph graph = nullptr;
        ASSERT_EQ(cuda_.cuStreamBeginCapture(first_, CU_STREAM_CAPTURE_MODE_RELAXED), CUDA_SUCCESS);
        EXPECT_EQ(semaphore.signal(first_, &fence), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
        EXPECT_EQ(cuda_.cuStreamEndCapture(first_, &graph), CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuGraphDestroy(graph), CUDA_SUCCESS);
        if (cpu_is_next) {
            ASSERT_EQ(NvSciSyncObjSignal(object), kSuccess) << opennvsciGetLastErrorText();
            EXPECT_EQ(poll(fence), kSuccess);
            expect_stream_refused(semaphore);
        } else {
            NvSciSyncFence first = NvSciSyncFenceInitializer;
            ASSERT_EQ(semaphore.signal(first_, &first), CUDA_SUCCESS) << opennvsciGetLastErrorText();
            EXPECT_EQ(value_of(first), 1U);
            expect_streams(object, semaphore, 1);
            EXPECT_EQ(poll(fence), kSuccess);
        }
    }
}

// Both kinds at once, at the first use: exactly one wins, and the other has done nothing.
TEST_F(SyncRights, OneKindWinsARace) {
    int wins_of_the_cpu = 0;
    constexpr int kRounds = 200;
    for (int round = 0; round < kRounds; ++round) {
        SCOPED_TRACE(round);
        const SyncObject object = for_both();
        const Semaphore semaphore(object);
        const bool generates = round % 2 == 0;
        std::atomic<int> ready{0};
        const auto start_together = [&] {
            ++ready;
            while (ready < 2) {
            }
        };
        NvSciSyncFence of_stream = NvSciSyncFenceInitializer;
        NvSciSyncFence of_cpu = NvSciSyncFenceInitializer;
        CUresult stream_result = CUDA_SUCCESS;
        std::thread streams([&] {
            device_.make_current();
            start_together();
            stream_result = semaphore.signal(first_, &of_stream);
        });
        start_together();
        const NvSciError cpu_result =
            generates ? NvSciSyncObjGenerateFence(object, &of_cpu) : NvSciSyncObjSignal(object);
        streams.join();
        ASSERT_TRUE(comes_to_its_end(cuda_, first_));
        ASSERT_NE(cpu_result == kSuccess, stream_result == CUDA_SUCCESS) << cpu_result << " and " << stream_result;
        if (cpu_result == kSuccess) {
            ++wins_of_the_cpu;
            EXPECT_TRUE(is_cleared(of_stream));
            if (generates) {
                EXPECT_EQ(poll(of_cpu), kTimeout);
                EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
                EXPECT_EQ(poll(of_cpu), kSuccess);
            }
            expect_stream_refused(semaphore);
        } else {
            EXPECT_TRUE(is_cleared(of_cpu));
            EXPECT_EQ(value_of(of_stream), 1U);
            EXPECT_EQ(poll(of_stream), kSuccess);
            expect_cpu_refused(object);
        }
    }
    std::printf("the CPU won %d of %d races\n", wins_of_the_cpu, kRounds);
}

// Rights of the participant

TEST_F(SyncRights, AStreamSignalsOnlyIfAListOfCudaAskedTo) {
    const SyncObject object = allocate({cpu_list(module_, NvSciSyncAccessPerm_SignalOnly),
                                        cpu_list(module_, NvSciSyncAccessPerm_WaitOnly), gpu_list(module_, 2)});
    const Semaphore semaphore(object);
    NvSciSyncFence of_cpu = NvSciSyncFenceInitializer;
    ASSERT_EQ(NvSciSyncObjGenerateFence(object, &of_cpu), kSuccess);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    EXPECT_EQ(semaphore.signal(first_, &fence), CUDA_ERROR_NOT_SUPPORTED);
    EXPECT_STRNE(opennvsciGetLastErrorText(), "");
    EXPECT_TRUE(is_cleared(fence));
    EXPECT_TRUE(comes_to_its_end(cuda_, first_));
    EXPECT_EQ(poll(of_cpu), kTimeout) << "expired by somebody who may not signal";
    ASSERT_EQ(semaphore.wait(first_, of_cpu), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    ASSERT_EQ(NvSciSyncObjGenerateFence(object, &fence), kSuccess);
    EXPECT_EQ(value_of(fence), 2U) << "the refused signal took a value";
    EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
    EXPECT_TRUE(comes_to_its_end(cuda_, first_));
    EXPECT_EQ(poll(fence), kTimeout);
    EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
    EXPECT_EQ(poll(fence), kSuccess);
}

TEST_F(SyncRights, AStreamWaitsOnlyIfAListOfCudaAskedTo) {
    const SyncObject object = allocate({gpu_list(module_, 1), cpu_list(module_, NvSciSyncAccessPerm_WaitOnly)});
    const Semaphore semaphore(object);
    MemoryGate gate(cuda_);
    gate.hold(first_);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    ASSERT_EQ(semaphore.signal(first_, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_EQ(semaphore.wait(second_, fence), CUDA_ERROR_NOT_SUPPORTED);
    EXPECT_STRNE(opennvsciGetLastErrorText(), "");
    EXPECT_EQ(cuda_.cuStreamQuery(second_), CUDA_SUCCESS) << "a refused wait has held up the stream";
    gate.open();
    EXPECT_TRUE(comes_to_its_end(cuda_, first_));
    EXPECT_EQ(semaphore.wait(second_, fence), CUDA_ERROR_NOT_SUPPORTED) << "an expired fence changes no right";
    EXPECT_EQ(poll(fence), kSuccess);
    ASSERT_EQ(semaphore.signal(first_, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_EQ(value_of(fence), 2U);
}

// Which lists speak for CUDA: whoever names a GPU, with or without the CPU, and whoever names nobody.
TEST_F(SyncRights, ListsThatSpeakForCuda) {
    constexpr auto kSignals = NvSciSyncAccessPerm_SignalOnly;
    constexpr auto kWaits = NvSciSyncAccessPerm_WaitOnly;
    constexpr auto kBoth = NvSciSyncAccessPerm_WaitSignal;
    const SyncList of_cpu_waits = cpu_list(module_, kWaits);
    const SyncList of_cpu_signals = cpu_list(module_, kSignals);
    struct Case {
        const char* name;
        SyncList list;
    };
    const auto lists_of_cuda = [&](NvSciSyncAccessPerm permission) {
        std::vector<Case> cases;
        cases.push_back({"filled by the device", gpu_list(module_, permission == kSignals ? 1 : 2)});
        SyncList with_cpu = gpu_list(module_, permission == kSignals ? 1 : 2);
        EXPECT_EQ(set(with_cpu, NvSciSyncAttrKey_NeedCpuAccess, true), kSuccess);
        cases.push_back({"filled by the device, and the CPU", std::move(with_cpu)});
        cases.push_back({"GpuId", list(permission, std::nullopt, true)});
        cases.push_back({"GpuId, and the CPU", list(permission, true, true)});
        cases.push_back({"nobody", list(permission, std::nullopt, false)});
        cases.push_back({"nobody, and not the CPU", list(permission, false, false)});
        return cases;
    };
    for (const Case& signaler : lists_of_cuda(kSignals)) {
        SCOPED_TRACE(signaler.name);
        expect_rights({signaler.list, of_cpu_waits}, true, false);
        for (const Case& waiter : lists_of_cuda(kWaits)) {
            SCOPED_TRACE(waiter.name);
            expect_rights({signaler.list, waiter.list}, true, true);
        }
    }
    for (const Case& waiter : lists_of_cuda(kWaits)) {
        SCOPED_TRACE(waiter.name);
        expect_rights({of_cpu_signals, waiter.list}, false, true);
        expect_rights({of_cpu_signals, of_cpu_waits, waiter.list}, false, true);
    }
    expect_rights({of_cpu_signals, of_cpu_waits}, false, false);
    expect_rights({cpu_list(module_, kBoth)}, false, false);
    expect_rights({cpu_list(module_, kBoth), gpu_list(module_, 2)}, false, true);
    expect_rights({gpu_list(module_, 3)}, true, true);
}

// Slots of one list are participants of their own, in whatever list they travel.
TEST_F(SyncRights, SlotsOfOneListKeepTheirRights) {
    const SyncList signaler = cpu_list(module_, NvSciSyncAccessPerm_SignalOnly);
    const SyncList waiter = gpu_list(module_, 2);
    NvSciSyncAttrList both[] = {signaler, waiter};
    SyncList appended;
    ASSERT_EQ(NvSciSyncAttrListAppendUnreconciled(both, 2, appended.out()), kSuccess);
    expect_rights({appended}, false, true);
    SyncList clone;
    ASSERT_EQ(NvSciSyncAttrListClone(appended, clone.out()), kSuccess);
    expect_rights({clone}, false, true);
    // The rights go into the reconciled list, and with its clones to the objects.
    auto outcome = reconcile({appended});
    ASSERT_EQ(outcome.code, kSuccess);
    SyncList reconciled_clone;
    ASSERT_EQ(NvSciSyncAttrListClone(outcome.reconciled, reconciled_clone.out()), kSuccess);
    SyncObject object;
    ASSERT_EQ(NvSciSyncObjAlloc(reconciled_clone, object.out()), kSuccess);
    const Semaphore semaphore(object);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    EXPECT_EQ(semaphore.signal(first_, &fence), CUDA_ERROR_NOT_SUPPORTED);
    EXPECT_TRUE(is_cleared(fence));
}

// One semaphore without the right refuses the whole call, before anything has happened.
TEST_F(SyncRights, ARefusedElementRefusesTheArray) {
    const SyncObject may = allocate({gpu_list(module_, 1), cpu_list(module_, NvSciSyncAccessPerm_WaitOnly)});
    const SyncObject may_not = allocate({cpu_list(module_, NvSciSyncAccessPerm_WaitSignal), gpu_list(module_, 2)});
    const Semaphore first(may);
    const Semaphore second(may_not);
    Fences fences(2, NvSciSyncFenceInitializer);
    EXPECT_EQ(signal_in_one_call(first, second, fences), CUDA_ERROR_NOT_SUPPORTED);
    EXPECT_TRUE(is_cleared(fences[0]));
    EXPECT_TRUE(is_cleared(fences[1]));
    ASSERT_EQ(first.signal(first_, &fences[0]), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_EQ(value_of(fences[0]), 1U);
    EXPECT_TRUE(comes_to_its_end(cuda_, first_));
}

// The same for an object that both kinds may signal, whose signaler is the CPU by now.
TEST_F(SyncRights, AnElementOfTheCpuRefusesTheArray) {
    const SyncObject of_streams = for_both();
    const SyncObject of_cpu = for_both();
    const Semaphore first(of_streams);
    const Semaphore second(of_cpu);
    ASSERT_EQ(NvSciSyncObjSignal(of_cpu), kSuccess);
    Fences fences(2, NvSciSyncFenceInitializer);
    EXPECT_NE(signal_in_one_call(first, second, fences), CUDA_SUCCESS);
    EXPECT_TRUE(is_cleared(fences[0]));
    EXPECT_TRUE(is_cleared(fences[1]));
    EXPECT_TRUE(comes_to_its_end(cuda_, first_));
    expect_cpus(of_cpu, second, 0, 1);
}

}  // namespace
}  // namespace opennvsci::test
