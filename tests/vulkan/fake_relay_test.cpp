// SPDX-License-Identifier: Apache-2.0
//
// Fences between Vulkan and a CUDA that cannot have its semaphores, in one process: on a Vulkan that exports none, and
// with CUDA on another GPU than Vulkan. A thread of the library carries the values.
#include <array>
#include <chrono>
#include <optional>
#include <thread>

#include "doomed_context.h"
#include "fake_fence.h"
#include "own_process.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names
using namespace vk;  // NOLINT(google-build-using-namespace): Vulkan's own names

constexpr std::int64_t kLongUs = 10'000'000;

class FakeRelay : public FakeFenceTest {
  protected:
    void SetUp() override {
        FakeFenceTest::SetUp();
        semaphores_.are_exported = false;
    }
    [[nodiscard]] bool comes_to(const NvSciVkSemaphoreValue& awaited) const { return semaphores_.comes_to(awaited); }
    static void sleep_a_while() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }
};

TEST_F(FakeRelay, StreamsWaitForWhatVulkanSignals) {
    const SyncObject object = signaled_by_vulkan();
    const Pool pool(fake_.device(), object);
    const Semaphore semaphore(object);
    const Stream stream;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    const NvSciVkSemaphoreValue signal = pool.signal(&fence);
    ASSERT_EQ(semaphore.wait(stream, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    sleep_a_while();
    EXPECT_TRUE(is_held(cuda_, stream));
    submit(signal);
    EXPECT_TRUE(comes_to_its_end(cuda_, stream));
    EXPECT_EQ(poll(fence), kSuccess);
    EXPECT_EQ(FakeImports::alive(), 0);
}

TEST_F(FakeRelay, VulkanWaitsForWhatStreamsSignal) {
    const SyncObject object = signaled_by_cuda();
    const Semaphore semaphore(object);
    const Stream stream;
    NvSciSyncFence before = NvSciSyncFenceInitializer;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    ASSERT_EQ(semaphore.signal(stream, &before), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    MemoryGate gate(cuda_);
    gate.hold(stream);
    ASSERT_EQ(semaphore.signal(stream, &fence), CUDA_SUCCESS);
    const Pool pool(fake_.device(), object);  // signals that are under way are no matter
    EXPECT_TRUE(comes_to(pool.wait(before)));
    const NvSciVkSemaphoreValue awaited = pool.wait(fence);
    sleep_a_while();
    EXPECT_EQ(reached(awaited), 1U);
    gate.open();
    EXPECT_TRUE(comes_to(awaited));
    EXPECT_TRUE(comes_to_its_end(cuda_, stream));
}

TEST_F(FakeRelay, OnAnotherGpuToo) {
    semaphores_.are_exported = true;
    in_new_process([&] {  // whose context ends with it
        const SyncList other_gpu = create_list(module_);
        const CUdevice other = device_.driver().devices.at(1).handle;
        ASSERT_EQ(nvsciCuDeviceGetNvSciSyncAttributes(other_gpu, other, 2), CUDA_SUCCESS);
        const SyncObject object = allocate({vulkan(kSignaler), other_gpu});
        const Pool pool(fake_.device(), object);
        const Pool twin(other_device(), object);
        CUcontext context = nullptr;
        ASSERT_EQ(cuda_.cuCtxCreate(&context, 0, other), CUDA_SUCCESS);
        const Semaphore semaphore(object);
        const Stream stream;
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        const NvSciVkSemaphoreValue signal = pool.signal(&fence);
        ASSERT_EQ(semaphore.wait(stream, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        EXPECT_TRUE(is_held(cuda_, stream));
        submit(signal);
        EXPECT_TRUE(comes_to_its_end(cuda_, stream));
    });
}

TEST_F(FakeRelay, EachSideGoesOnAThousandTimes) {
    const SyncObject to_cuda = signaled_by_vulkan();
    const SyncObject to_vulkan = signaled_by_cuda();
    const Pool signals(fake_.device(), to_cuda);
    const Pool waits(fake_.device(), to_vulkan);
    const Semaphore takes(to_cuda);
    const Semaphore gives(to_vulkan);
    const Stream stream;
    for (int i = 0; i < 1000; ++i) {
        NvSciSyncFence there = NvSciSyncFenceInitializer;
        NvSciSyncFence back = NvSciSyncFenceInitializer;
        const NvSciVkSemaphoreValue signal = signals.signal(&there);
        ASSERT_EQ(takes.wait(stream, there), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        ASSERT_EQ(gives.signal(stream, &back), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        const NvSciVkSemaphoreValue awaited = waits.wait(back);
        ASSERT_EQ(reached(awaited), static_cast<std::uint64_t>(i));
        submit(signal);
        ASSERT_TRUE(comes_to(awaited)) << "round " << i;
    }
}

// A value that is left out is reached with the next one.
TEST_F(FakeRelay, ValuesMayBeLeftOut) {
    const SyncObject object = signaled_by_vulkan();
    const Pool pool(fake_.device(), object);
    std::array<NvSciSyncFence, 3> fences{};
    NvSciVkSemaphoreValue signal{};
    for (NvSciSyncFence& fence : fences)
        signal = pool.signal(&fence);
    submit(signal);
    for (const NvSciSyncFence& fence : fences)
        EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, kLongUs), kSuccess);
}

// What a program signals of its own accord, whatever it is.
TEST_F(FakeRelay, AGreatValueCostsNoTime) {
    const SyncObject object = signaled_by_vulkan();
    const Pool pool(fake_.device(), object);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    submit({pool.signal(&fence).semaphore, std::uint64_t{1} << 62});
    EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, kLongUs), kSuccess);
    const NvSciSyncFence far = fence_of(object, std::uint64_t{1} << 62);
    EXPECT_EQ(NvSciSyncFenceWait(&far, context_, kLongUs), kSuccess);
}

TEST_F(FakeRelay, WhatAPoolDidNotSignalIsLostWithIt) {
    const SyncObject object = signaled_by_vulkan();
    Pool pool(fake_.device(), object);
    const Semaphore semaphore(object);
    const Stream stream;
    NvSciSyncFence reached = NvSciSyncFenceInitializer;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    submit(pool.signal(&reached));
    (void)pool.signal(&fence);
    ASSERT_EQ(semaphore.wait(stream, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    pool.destroy();
    EXPECT_TRUE(comes_to_its_end(cuda_, stream));
    EXPECT_EQ(poll(reached), kSuccess);
    EXPECT_EQ(poll(fence), kResourceError);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "pool that signaled the object is destroyed"));
}

TEST_F(FakeRelay, ADeviceThatIsLostLetsStreamsGoThoughNobodyLooks) {
    const SyncObject object = signaled_by_vulkan();
    const Pool pool(fake_.device(), object);
    const Semaphore semaphore(object);
    const Stream stream;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    (void)pool.signal(&fence);
    ASSERT_EQ(semaphore.wait(stream, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    semaphores_.lost_device = fake_.device();
    EXPECT_TRUE(comes_to_its_end(cuda_, stream));
    EXPECT_EQ(poll(fence), kResourceError);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "Vulkan device that signals is lost"));
}

// The signal before the lost one is still to come: no queue goes on for it.
TEST_F(FakeRelay, AContextThatIsLostLetsVulkanGoWhenAllBeforeIsReached) {
    in_new_process([&] {
        DoomedContext doomed;
        const SyncObject object = signaled_by_cuda();
        const Semaphore semaphore(object);
        const Pool pool(fake_.device(), object);
        const Stream stream;
        MemoryGate gate(cuda_);
        NvSciSyncFence before = NvSciSyncFenceInitializer;
        NvSciSyncFence lost = NvSciSyncFenceInitializer;
        gate.hold(stream);
        ASSERT_EQ(semaphore.signal(stream, &before), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        doomed.hold();
        ASSERT_EQ(semaphore.signal(doomed.stream(), &lost), CUDA_SUCCESS);
        const NvSciVkSemaphoreValue first = pool.wait(before);
        const NvSciVkSemaphoreValue second = pool.wait(lost);
        doomed.lose();
        EXPECT_EQ(poll(lost), kResourceError);
        sleep_a_while();
        EXPECT_EQ(reached(first), 0U) << "a fence that is not lost would have been passed";
        gate.open();
        EXPECT_TRUE(comes_to(second));
        EXPECT_TRUE(comes_to_its_end(cuda_, stream));
        EXPECT_EQ(poll(before), kSuccess);
        NvSciVkSemaphoreValue unused{};
        EXPECT_EQ(pool.wait(lost, &unused), VK_ERROR_DEVICE_LOST);
    });
}

// They have one semaphore, in which one waits for what the other signals.
TEST_F(FakeRelay, AnotherDeviceGoesOnWhenTheOneThatSignalsIsGone) {
    for (const bool is_lost : {false, true}) {
        semaphores_.are_exported = true;
        const SyncList other_gpu = create_list(module_);
        ASSERT_EQ(nvsciCuDeviceGetNvSciSyncAttributes(other_gpu, device_.driver().devices.at(1).handle, 2),
                  CUDA_SUCCESS);
        const SyncObject object = allocate({vulkan(kSignalerAndWaiter), other_gpu});
        std::optional<Pool> signals(std::in_place, fake_.device(), object);
        const Pool waits(other_device(), object);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        (void)signals->signal(&fence);
        const NvSciVkSemaphoreValue awaited = waits.wait(fence);
        if (is_lost) {
            semaphores_.lost_device = fake_.device();
        } else {
            signals.reset();
        }
        EXPECT_TRUE(comes_to(awaited)) << (is_lost ? "lost" : "destroyed");
    }
}

TEST_F(FakeRelay, ADeviceThatIsLostIsAskedNoMore) {
    const SyncObject object = signaled_by_cuda();
    const Semaphore semaphore(object);
    const Pool pool(fake_.device(), object);
    const Stream stream;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    MemoryGate gate(cuda_);
    gate.hold(stream);
    ASSERT_EQ(semaphore.signal(stream, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    (void)pool.wait(fence);
    semaphores_.lost_device = fake_.device();
    gate.open();
    EXPECT_TRUE(comes_to_its_end(cuda_, stream));
    EXPECT_EQ(poll(fence), kSuccess) << "CUDA has signaled it";
    NvSciVkSemaphoreValue unused{};
    VkResult result = VK_SUCCESS;
    for (int i = 0; i < 1000 && result == VK_SUCCESS; ++i) {
        sleep_a_while();
        result = pool.wait(fence, &unused);
    }
    EXPECT_EQ(result, VK_ERROR_DEVICE_LOST);
}

// Vulkan may refuse for a while; what it did not take comes later.
TEST_F(FakeRelay, ARefusalIsMadeUpForLater) {
    const SyncObject object = signaled_by_cuda();
    const Semaphore semaphore(object);
    const Pool pool(fake_.device(), object);
    const Stream stream;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    semaphores_.signal_result = VK_ERROR_OUT_OF_HOST_MEMORY;
    ASSERT_EQ(semaphore.signal(stream, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    const NvSciVkSemaphoreValue awaited = pool.wait(fence);
    EXPECT_TRUE(comes_to_its_end(cuda_, stream));
    sleep_a_while();
    EXPECT_EQ(reached(awaited), 0U);
    semaphores_.signal_result = VK_SUCCESS;
    EXPECT_TRUE(comes_to(awaited));
}

TEST_F(FakeRelay, TheyGoInAnyOrder) {
    constexpr int kOrders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (const bool is_by_vulkan : {true, false}) {
        for (const auto& order : kOrders) {
            SyncObject object = is_by_vulkan ? signaled_by_vulkan() : signaled_by_cuda();
            std::optional<Semaphore> semaphore(std::in_place, object);
            std::optional<Pool> pool(std::in_place, fake_.device(), object);
            const Stream stream;
            NvSciSyncFence fence = NvSciSyncFenceInitializer;
            if (is_by_vulkan) {
                (void)pool->signal(&fence);
                ASSERT_EQ(semaphore->wait(stream, fence), CUDA_SUCCESS);
            } else {
                (void)pool->wait(fence_of(object, 2));
                ASSERT_EQ(semaphore->signal(stream, &fence), CUDA_SUCCESS);
            }
            for (const int which : order) {
                if (which == 0) object.reset();
                if (which == 1) semaphore.reset();
                if (which == 2) pool.reset();
            }
            EXPECT_TRUE(comes_to_its_end(cuda_, stream));
            EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, kLongUs), is_by_vulkan ? kResourceError : kSuccess);
        }
    }
}

// Pools come and go while others signal; the thread ends with the last of them, and another one comes.
TEST_F(FakeRelay, PoolsComeAndGoInThreads) {
    std::array<std::thread, 4> threads;
    for (std::thread& thread : threads) {
        thread = std::thread([&] {
            for (int i = 0; i < 50; ++i) {
                const SyncObject object = allocate(
                    {cpu_list(module_, NvSciSyncAccessPerm_WaitSignal), vulkan(kWaiter), gpu_list(module_, 2)});
                const Pool pool(fake_.device(), object);
                const NvSciSyncFence fence = generate(object);
                const NvSciVkSemaphoreValue awaited = pool.wait(fence);
                EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
                EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, kLongUs), kSuccess);
                (void)awaited;
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_TRUE(semaphores_.alive.empty());
}

// A child has no thread, and its parent goes on.
TEST_F(FakeRelay, AForkedChildCarriesNothing) {
    SKIP_WHERE_FORKS_STAND_STILL();
    const SyncObject object = signaled_by_vulkan();
    const Pool pool(fake_.device(), object);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    const NvSciVkSemaphoreValue signal = pool.signal(&fence);
    EXPECT_EQ(findings_of_forked_child([&](Findings& findings) {
                  findings.check(poll(fence) != kSuccess, "the fence of the parent passed");
              }),
              "");
    submit(signal);
    EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, kLongUs), kSuccess);
}

}  // namespace
}  // namespace opennvsci::test
