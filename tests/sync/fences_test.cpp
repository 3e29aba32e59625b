// SPDX-License-Identifier: Apache-2.0
//
// NvSciSync objects and fences on the CPU (nvscisync.md 8.4, 8.6 and 9).
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "leak_check.h"
#include "sync_objects.h"

namespace opennvsci::test {
namespace {

using Clock = std::chrono::steady_clock;

class SyncFences : public LeakCheckedTest {
  protected:
    void TearDown() override {
        object_.reset();
        LeakCheckedTest::TearDown();
    }
    [[nodiscard]] NvSciError poll(const NvSciSyncFence& fence) const { return NvSciSyncFenceWait(&fence, context_, 0); }

    SyncModule module_ = open_sync_module();
    WaitContext context_ = wait_context(module_);
    SyncObject object_ = cpu_object(module_);
};

TEST_F(SyncFences, NthSignalExpiresTheNthFence) {
    NvSciSyncFence fences[3];
    for (NvSciSyncFence& fence : fences)
        fence = generate(object_);
    for (int signaled = 0; signaled <= 3; ++signaled) {
        for (int i = 0; i < 3; ++i)
            EXPECT_EQ(poll(fences[i]), i < signaled ? kSuccess : kTimeout) << i << " after " << signaled;
        EXPECT_EQ(NvSciSyncObjSignal(object_), kSuccess);
    }
    EXPECT_EQ(poll(generate(object_)), kSuccess);  // the fourth signal had nothing outstanding
    EXPECT_EQ(poll(generate(object_)), kTimeout);
    EXPECT_EQ(NvSciSyncObjSignal(object_), kSuccess);
}

TEST_F(SyncFences, AreValuesThatAssignmentCopies) {
    const NvSciSyncFence first = generate(object_);
    NvSciSyncFence assigned = first;
    NvSciSyncFence duplicate = NvSciSyncFenceInitializer;
    ASSERT_EQ(NvSciSyncFenceDup(&first, &duplicate), kSuccess);
    ASSERT_EQ(NvSciSyncObjSignal(object_), kSuccess);
    EXPECT_EQ(poll(assigned), kSuccess);
    EXPECT_EQ(poll(duplicate), kSuccess);
    assigned = generate(object_);  // overwritten without clearing
    EXPECT_EQ(poll(assigned), kTimeout);
    NvSciSyncFenceClear(&assigned);
    EXPECT_EQ(std::memcmp(&assigned, &NvSciSyncFenceInitializer, sizeof(assigned)), 0);
    EXPECT_EQ(poll(assigned), kSuccess);
    NvSciSyncFenceClear(nullptr);
    EXPECT_EQ(NvSciSyncFenceDup(&first, const_cast<NvSciSyncFence*>(&first)), kBadParameter);
    EXPECT_EQ(NvSciSyncFenceDup(nullptr, &duplicate), kBadParameter);
    EXPECT_EQ(NvSciSyncFenceDup(&first, nullptr), kBadParameter);
    EXPECT_EQ(NvSciSyncObjSignal(object_), kSuccess);
}

TEST_F(SyncFences, OutliveObjectAndModule) {
    NvSciSyncFence expired = generate(object_);
    NvSciSyncFence pending = generate(object_);
    ASSERT_EQ(NvSciSyncObjSignal(object_), kSuccess);
    SyncObject duplicate;
    ASSERT_EQ(NvSciSyncObjDup(object_, duplicate.out()), kSuccess);
    object_.reset();
    EXPECT_EQ(poll(pending), kTimeout);  // the duplicate may still signal
    duplicate.reset();
    module_.reset();
    EXPECT_EQ(poll(expired), kSuccess);
    EXPECT_EQ(poll(pending), kResourceError) << opennvsciGetLastErrorText();
    SyncModule other = open_sync_module();
    SyncObject reuses_the_place = cpu_object(other);
    EXPECT_EQ(poll(expired), kSuccess);
    EXPECT_EQ(poll(pending), kResourceError);
    NvSciSyncFenceClear(&pending);
    EXPECT_EQ(poll(pending), kSuccess);
}

TEST_F(SyncFences, WaiterIsReleasedWhenTheObjectGoes) {
    const NvSciSyncFence pending = generate(object_);
    std::thread frees([this] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        object_.reset();
    });
    EXPECT_EQ(NvSciSyncFenceWait(&pending, context_, -1), kResourceError);
    frees.join();
}

// A fence of a value that nobody generated is as lost as the others when its object goes.
TEST_F(SyncFences, MadeOfAValueAreLostWithTheObject) {
    NvSciSyncFence made = NvSciSyncFenceInitializer;
    ASSERT_EQ(NvSciSyncFenceUpdateFence(object_, 0, 5, &made), kSuccess);
    EXPECT_EQ(poll(made), kTimeout);
    std::thread frees([this] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        object_.reset();
    });
    EXPECT_EQ(NvSciSyncFenceWait(&made, context_, -1), kResourceError);
    frees.join();
    EXPECT_EQ(poll(made), kResourceError);
}

TEST_F(SyncFences, WithoutCpuAccessTheCpuMayNotWait) {
    SyncList signaler = create_list(module_);
    SyncList waiter = create_list(module_);
    EXPECT_EQ(set(signaler, NvSciSyncAttrKey_RequiredPerm, NvSciSyncAccessPerm_SignalOnly), kSuccess);
    EXPECT_EQ(set(waiter, NvSciSyncAttrKey_RequiredPerm, NvSciSyncAccessPerm_WaitOnly), kSuccess);
    SyncObject object = allocate({signaler, waiter});
    NvSciSyncFence made = NvSciSyncFenceInitializer;
    ASSERT_EQ(NvSciSyncFenceUpdateFence(object, 0, 5, &made), kSuccess);
    EXPECT_EQ(poll(made), kBadParameter) << opennvsciGetLastErrorText();
}

TEST_F(SyncFences, DuplicatesAreOneTimeline) {
    SyncObject duplicate;
    ASSERT_EQ(NvSciSyncObjDup(object_, duplicate.out()), kSuccess);
    const NvSciSyncFence fence = generate(object_);
    EXPECT_EQ(NvSciSyncObjSignal(duplicate), kSuccess);
    EXPECT_EQ(poll(fence), kSuccess);
    NvSciSyncAttrList list = nullptr;
    EXPECT_EQ(NvSciSyncObjGetAttrList(duplicate, &list), kSuccess);
    EXPECT_EQ(get<std::uint64_t>(list, NvSciSyncAttrKey_ActualPerm), std::vector<std::uint64_t>{3});
    NvSciSyncAttrListFree(list);  // belongs to the object: no effect
    EXPECT_EQ(get<std::uint64_t>(list, NvSciSyncAttrKey_ActualPerm), std::vector<std::uint64_t>{3});
    EXPECT_EQ(NvSciSyncObjValidate(duplicate), kSuccess);
    SyncList fits = cpu_list(module_, NvSciSyncAccessPerm_WaitOnly);
    SyncList does_not = cpu_list(module_, NvSciSyncAccessPerm_WaitOnly);
    EXPECT_EQ(set(does_not, NvSciSyncAttrKey_RequireDeterministicFences, true), kSuccess);
    NvSciSyncAttrList lists[] = {fits, does_not};
    EXPECT_EQ(NvSciSyncObjAttachPeer(duplicate, lists, 1), kSuccess);
    EXPECT_EQ(NvSciSyncObjAttachPeer(duplicate, lists, 2), kBadParameter);
}

TEST_F(SyncFences, BadArgumentsOfWaits) {
    const NvSciSyncFence fence = generate(object_);
    const NvSciSyncFence cleared = NvSciSyncFenceInitializer;
    EXPECT_EQ(NvSciSyncFenceWait(nullptr, context_, 0), kBadParameter);
    for (const NvSciSyncFence* any : {&fence, &cleared}) {
        EXPECT_EQ(NvSciSyncFenceWait(any, nullptr, 0), kBadParameter);
        EXPECT_EQ(NvSciSyncFenceWait(any, context_, -2), kBadParameter);
        EXPECT_EQ(NvSciSyncFenceWait(any, context_, NvSciSyncFenceMaxTimeout + 1), kBadParameter);
        EXPECT_EQ(NvSciSyncFenceWaitWithMode(any, context_, 0, static_cast<NvSciSyncWaitMode>(3)), kUnsupportedConfig);
    }
    EXPECT_EQ(NvSciSyncFenceWait(&cleared, context_, NvSciSyncFenceMaxTimeout), kSuccess);
    SyncModule other = open_sync_module();
    WaitContext foreign = wait_context(other);
    EXPECT_EQ(NvSciSyncFenceWait(&fence, foreign, 0), kBadParameter);
    for (int word = 0; word < 6; ++word) {
        NvSciSyncFence garbage = NvSciSyncFenceInitializer;
        garbage.payload[word] = 0xDEADBEEF;
        EXPECT_EQ(NvSciSyncFenceWait(&garbage, context_, 0), kBadParameter) << word;
    }
    EXPECT_EQ(NvSciSyncObjSignal(object_), kSuccess);
    EXPECT_EQ(NvSciSyncObjGenerateFence(object_, nullptr), kBadParameter);
    EXPECT_EQ(NvSciSyncObjSignal(nullptr), kBadParameter);
}

TEST_F(SyncFences, TimeoutIsKeptWithinTwoMilliseconds) {
    const NvSciSyncFence fence = generate(object_);
    for (const auto mode :
         {NvSciSyncWaitMode_Default, NvSciSyncWaitMode_BusyWithYield, NvSciSyncWaitMode_BusyNoYield}) {
        for (const std::int64_t timeout : {0, 10, 1000, 20000}) {
            // A busy machine may take the processor away for long; one wait on time shows the scheme.
            auto best = std::chrono::microseconds::max();
            const auto end = Clock::now() + std::chrono::seconds(10);
            while (best.count() >= timeout + 2000 && Clock::now() < end) {
                const auto start = Clock::now();
                EXPECT_EQ(NvSciSyncFenceWaitWithMode(&fence, context_, timeout, mode), kTimeout);
                best = std::min(best, std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start));
            }
            EXPECT_GE(best.count(), timeout);
            EXPECT_LT(best.count(), timeout + 2000);
        }
    }
    EXPECT_EQ(NvSciSyncObjSignal(object_), kSuccess);
}

// A waiter that sleeps uses next to no processor time, and is woken.
TEST_F(SyncFences, SleepingWaiterIsWokenByTheSignal) {
    const NvSciSyncFence fence = generate(object_);
    std::thread signals([this] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        EXPECT_EQ(NvSciSyncObjSignal(object_), kSuccess);
    });
    const auto processor_time = [] {
        rusage usage{};
        getrusage(RUSAGE_THREAD, &usage);
        return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000L + usage.ru_utime.tv_usec +
               usage.ru_stime.tv_usec;
    };
    const long before = processor_time();
    EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, -1), kSuccess);
    EXPECT_LT(processor_time() - before, 20000);
    signals.join();
}

TEST_F(SyncFences, ManyWaitersOfOneFence) {
    const NvSciSyncFence fence = generate(object_);
    std::vector<std::thread> waiters;
    for (int i = 0; i < 8; ++i) {
        waiters.emplace_back([&, i] {
            WaitContext own = wait_context(module_);
            EXPECT_EQ(NvSciSyncFenceWaitWithMode(&fence, own, -1, static_cast<NvSciSyncWaitMode>(i % 2)), kSuccess);
        });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(NvSciSyncObjSignal(object_), kSuccess);
    for (std::thread& waiter : waiters)
        waiter.join();
}

TEST_F(SyncFences, ExtractAndUpdateKeepTheValue) {
    NvSciSyncFence fence = generate(object_);
    std::uint64_t id = 7;
    std::uint64_t value = 7;
    EXPECT_EQ(NvSciSyncFenceExtractFence(&fence, &id, &value), kSuccess);
    EXPECT_EQ(id, 0U);
    EXPECT_EQ(value, 1U);
    NvSciSyncFence made = NvSciSyncFenceInitializer;
    EXPECT_EQ(NvSciSyncFenceUpdateFence(object_, id, value, &made), kSuccess);
    EXPECT_EQ(poll(made), kTimeout);
    EXPECT_EQ(NvSciSyncObjSignal(object_), kSuccess);
    EXPECT_EQ(poll(made), kSuccess);
    // The object has reached 1. Hardware compares cyclically, so no fence may be 2^63 or more ahead.
    EXPECT_EQ(NvSciSyncFenceUpdateFence(object_, 0, (std::uint64_t{1} << 63), &made), kSuccess);
    EXPECT_EQ(poll(made), kTimeout);
    EXPECT_EQ(NvSciSyncFenceUpdateFence(object_, 0, (std::uint64_t{1} << 63) + 1, &made), kOverflow);
    EXPECT_EQ(NvSciSyncFenceUpdateFence(object_, 0, UINT64_MAX, &made), kOverflow);
    EXPECT_EQ(NvSciSyncFenceUpdateFence(object_, 1, 0, &made), kOverflow);
    EXPECT_EQ(NvSciSyncFenceUpdateFence(nullptr, 0, 0, &made), kBadParameter);
    EXPECT_EQ(NvSciSyncFenceUpdateFence(object_, 0, 0, nullptr), kBadParameter);
    NvSciSyncFenceClear(&fence);
    EXPECT_EQ(NvSciSyncFenceExtractFence(&fence, &id, &value), kClearedFence);
    EXPECT_EQ(NvSciSyncFenceExtractFence(nullptr, &id, &value), kBadParameter);
    EXPECT_EQ(NvSciSyncFenceExtractFence(&made, nullptr, &value), kBadParameter);
}

TEST_F(SyncFences, ThirtyTwoBitValuesEndAtTheirRange) {
    SyncList list = cpu_list(module_, NvSciSyncAccessPerm_WaitSignal);
    EXPECT_EQ(set(list, NvSciSyncAttrKey_PrimitiveInfo, {NvSciSyncAttrValPrimitiveType_SysmemSemaphore}), kSuccess);
    SyncObject object = allocate({list});
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    EXPECT_EQ(NvSciSyncFenceUpdateFence(object, 0, std::uint64_t{1} << 32, &fence), kOverflow);
    EXPECT_EQ(NvSciSyncFenceUpdateFence(object, 0, 1, &fence), kSuccess);
    EXPECT_EQ(poll(fence), kTimeout);
    EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
    EXPECT_EQ(poll(fence), kSuccess);
}

TEST_F(SyncFences, OnlyTheSignalerSignals) {
    SyncList signaler = create_list(module_);
    EXPECT_EQ(set(signaler, NvSciSyncAttrKey_RequiredPerm, NvSciSyncAccessPerm_SignalOnly), kSuccess);
    SyncList waiter = cpu_list(module_, NvSciSyncAccessPerm_WaitOnly);
    SyncObject object = allocate({signaler, waiter});
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    EXPECT_EQ(NvSciSyncObjGenerateFence(object, &fence), kBadParameter);  // though NeedCpuAccess is true in its list
    EXPECT_EQ(NvSciSyncObjSignal(object), kBadParameter);
}

TEST_F(SyncFences, TimestampsOfTheCpu) {
    SyncList list = cpu_list(module_, NvSciSyncAccessPerm_WaitSignal);
    EXPECT_EQ(set(list, NvSciSyncAttrKey_WaiterRequireTimestamps, true), kSuccess);
    SyncObject object = allocate({list});
    NvSciSyncFence fence = generate(object);
    std::uint64_t time = 0;
    std::uint32_t slot = 0;
    EXPECT_EQ(NvSciSyncFenceGetTimestamp(&fence, &time), kBadParameter);  // not expired
    const auto now_us = [] {
        return static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch()).count());
    };
    const std::uint64_t before = now_us();
    EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
    EXPECT_EQ(NvSciSyncFenceGetTimestamp(&fence, &time), kSuccess);
    EXPECT_GE(time, before);
    EXPECT_LE(time, now_us());
    EXPECT_EQ(NvSciSyncFenceExtractTimestampSlot(&fence, &slot), kSuccess);
    EXPECT_EQ(slot, 1U);
    EXPECT_EQ(NvSciSyncFenceAddTimestampSlot(&fence, 1023), kSuccess);
    EXPECT_EQ(NvSciSyncFenceExtractTimestampSlot(&fence, &slot), kSuccess);
    EXPECT_EQ(slot, 1023U);
    EXPECT_EQ(NvSciSyncFenceAddTimestampSlot(&fence, 1024), kBadParameter);
    for (const std::uint64_t slots : {std::uint64_t{1024}, std::uint64_t{1024} << 32, ~std::uint64_t{0}}) {
        NvSciSyncFence garbage = fence;
        garbage.payload[2] = slots;
        NvSciSyncTaskStatus status{};
        EXPECT_EQ(NvSciSyncFenceGetTimestamp(&garbage, &time), kBadParameter) << slots;
        EXPECT_EQ(NvSciSyncFenceGetTaskStatus(&garbage, &status), kBadParameter) << slots;
    }
    NvSciSyncFence without = generate(object_);
    EXPECT_EQ(NvSciSyncFenceGetTimestamp(&without, &time), kBadParameter);
    EXPECT_EQ(NvSciSyncFenceAddTimestampSlot(&without, 0), kBadParameter);
    NvSciSyncFenceClear(&fence);
    EXPECT_EQ(NvSciSyncFenceGetTimestamp(&fence, &time), kClearedFence);
    EXPECT_EQ(NvSciSyncFenceAddTimestampSlot(&fence, 0), kClearedFence);
    EXPECT_EQ(NvSciSyncObjSignal(object_), kSuccess);
}

TEST_F(SyncFences, TaskStatusSaysThatNothingWasReported) {
    NvSciSyncFence fence = generate(object_);
    NvSciSyncTaskStatus status{1, 1, 1, 1};
    EXPECT_EQ(NvSciSyncFenceGetTaskStatus(&fence, &status), kSuccess);
    EXPECT_EQ(status.status, NvSciSyncTaskStatus_Invalid);
    EXPECT_EQ(status.timestamp, 0U);
    EXPECT_EQ(NvSciSyncFenceAddTaskStatusSlot(&fence, 3), kSuccess);
    EXPECT_EQ(NvSciSyncFenceAddTaskStatusSlot(&fence, 1024), kBadParameter);
    EXPECT_EQ(NvSciSyncFenceGetTaskStatus(&fence, nullptr), kBadParameter);
    EXPECT_EQ(NvSciSyncObjSignal(object_), kSuccess);
    object_.reset();
    EXPECT_EQ(NvSciSyncFenceGetTaskStatus(&fence, &status), kBadParameter);
}

TEST_F(SyncFences, AreExportedAndImportedWithAnEndpointAndAnObjectOnly) {
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    NvSciSyncFenceIpcExportDescriptor descriptor{};
    EXPECT_EQ(NvSciSyncIpcExportFence(&fence, 0, &descriptor), kBadParameter);
    EXPECT_EQ(NvSciSyncIpcImportFence(nullptr, &descriptor, &fence), kBadParameter);
    NvSciSyncAttrListFreeDesc(nullptr);
    NvSciSyncAttrListAndObjFreeDesc(nullptr);
}

}  // namespace
}  // namespace opennvsci::test
