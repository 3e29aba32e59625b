// SPDX-License-Identifier: Apache-2.0
//
// The ends of fences between CUDA, Vulkan and the CPU: objects, pools and devices that go in any order, devices and
// contexts that are lost, and failures at every call.
#include <atomic>
#include <functional>
#include <optional>
#include <thread>

#include "doomed_context.h"
#include "failure_walk.h"
#include "fake_fence.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names
using namespace vk;  // NOLINT(google-build-using-namespace): Vulkan's own names

class FakeFenceEnd : public FakeFenceTest {};

TEST_F(FakeFenceEnd, ThePoolHoldsTheObject) {
    SyncObject object = signaled_by_cuda();
    std::optional<Semaphore> semaphore(std::in_place, object);
    const Pool pool(fake_.device(), object);
    const Stream stream;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    ASSERT_EQ(semaphore->signal(stream, &fence), CUDA_SUCCESS);
    object.reset();
    semaphore.reset();
    EXPECT_EQ(cuda_.cuStreamSynchronize(stream), CUDA_SUCCESS);
    EXPECT_EQ(reached(pool.wait(fence)), 1U);
}

TEST_F(FakeFenceEnd, StreamsSignalOnWithoutAPool) {
    const SyncObject object = signaled_by_cuda();
    const Semaphore semaphore(object);
    const Stream stream;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    {
        const Pool pool(fake_.device(), object);
        ASSERT_EQ(semaphore.signal(stream, &fence), CUDA_SUCCESS);
    }
    ASSERT_EQ(semaphore.signal(stream, &fence), CUDA_SUCCESS);
    EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, 10'000'000), kSuccess);
    const Pool later(other_device(), object);
    EXPECT_EQ(reached(later.wait(fence)), 2U);
}

TEST_F(FakeFenceEnd, WhatAPoolDidNotSignalIsLostWithIt) {
    const SyncObject object = signaled_by_vulkan();
    const Semaphore semaphore(object);
    Pool pool(fake_.device(), object);
    const Stream stream;
    NvSciSyncFence reached = NvSciSyncFenceInitializer;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    submit(pool.signal(&reached));
    (void)pool.signal(&fence);
    ASSERT_EQ(semaphore.wait(stream, fence), CUDA_SUCCESS);
    EXPECT_TRUE(is_held(cuda_, stream));
    pool.destroy();
    EXPECT_TRUE(comes_to_its_end(cuda_, stream));
    EXPECT_EQ(poll(reached), kSuccess);
    EXPECT_EQ(poll(fence), kResourceError);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "pool that signaled the object is destroyed"));
    EXPECT_EQ(task_status(fence), NvSciSyncTaskStatus_Failure);
    EXPECT_EQ(semaphore.wait(stream, fence), CUDA_ERROR_ILLEGAL_STATE);
    for (int i = 0; i < 20; ++i) {  // wherever its memory lies
        const Pool later(fake_.device(), object);
        NvSciSyncFence none = NvSciSyncFenceInitializer;
        NvSciVkSemaphoreValue unused{};
        EXPECT_EQ(later.signal(&none, &unused), VK_ERROR_VALIDATION_FAILED_EXT);
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "another Vulkan semaphore pool"));
        EXPECT_TRUE(is_cleared(none));
    }
}

TEST_F(FakeFenceEnd, FencesOfADeviceThatIsLostAreLost) {
    const SyncObject object = signaled_by_vulkan();
    const Semaphore semaphore(object);
    const Pool pool(fake_.device(), object);
    const Stream stream;
    NvSciSyncFence reached = NvSciSyncFenceInitializer;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    submit(pool.signal(&reached));
    EXPECT_EQ(poll(reached), kSuccess);
    (void)pool.signal(&fence);
    ASSERT_EQ(semaphore.wait(stream, fence), CUDA_SUCCESS);
    semaphores_.lost_device = fake_.device();
    EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, -1), kResourceError);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "Vulkan device that signals is lost"));
    EXPECT_TRUE(comes_to_its_end(cuda_, stream)) << "CUDA raises what Vulkan cannot";
    EXPECT_EQ(poll(reached), kSuccess);
    NvSciSyncFence none = NvSciSyncFenceInitializer;
    NvSciVkSemaphoreValue unused{};
    EXPECT_EQ(pool.signal(&none, &unused), VK_ERROR_DEVICE_LOST);
}

TEST_F(FakeFenceEnd, ALostDeviceDoesNotSpeakForAnother) {
    const SyncObject object = allocate({vulkan(kSignalerAndWaiter), cpu_list(module_, NvSciSyncAccessPerm_WaitOnly)});
    const Pool waiter(other_device(), object);
    const Pool signaler(fake_.device(), object);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    const NvSciVkSemaphoreValue signal = signaler.signal(&fence);
    semaphores_.lost_device = other_device();
    EXPECT_EQ(poll(fence), kTimeout);
    submit(signal);
    EXPECT_EQ(poll(fence), kSuccess);

    const SyncObject by_cpu = signaled_by_cpu();
    const Pool lost(other_device(), by_cpu);
    const Pool alive(fake_.device(), by_cpu);
    ASSERT_EQ(NvSciSyncObjSignal(by_cpu), kSuccess);
    EXPECT_EQ(reached(alive.wait(fence_of(by_cpu, 1))), 1U);
}

TEST_F(FakeFenceEnd, OnlyADeviceThatIsLostLosesFences) {
    const SyncObject object = signaled_by_vulkan();
    const Pool pool(fake_.device(), object);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    const NvSciVkSemaphoreValue signal = pool.signal(&fence);
    semaphores_.value_result = VK_ERROR_OUT_OF_HOST_MEMORY;
    EXPECT_EQ(poll(fence), kTimeout);
    submit(signal);
    EXPECT_EQ(poll(fence), kTimeout) << "Vulkan does not say";
    semaphores_.value_result = VK_SUCCESS;
    EXPECT_EQ(poll(fence), kSuccess);
}

TEST_F(FakeFenceEnd, UnregisteringADeviceDestroysItsPools) {
    const SyncObject object = signaled_by_vulkan();
    Pool pool(fake_.device(), object);
    Pool other(other_device(), object);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    (void)pool.signal(&fence);
    nvsciVkUnregisterDevice(fake_.device());
    EXPECT_EQ(semaphores_.alive.size(), 1U);
    EXPECT_EQ(poll(fence), kResourceError);
    NvSciVkSemaphoreValue unused{};
    EXPECT_EQ(other.wait(NvSciSyncFenceInitializer, &unused), VK_ERROR_VALIDATION_FAILED_EXT);
    nvsciVkUnregisterInstance(fake_.instance());
    EXPECT_TRUE(semaphores_.alive.empty());
    pool.forget();
    other.forget();
}

TEST_F(FakeFenceEnd, APoolUnderWayEndsWithItsDevice) {
    const std::function<void()> ends[] = {[&] { nvsciVkUnregisterDevice(fake_.device()); },
                                          [&] { nvsciVkUnregisterInstance(fake_.instance()); }};
    for (const auto& end : ends) {
        const SyncObject object = signaled_by_cpu();
        semaphores_.allocator = end;
        VkSemaphoreSciSyncPoolNV none = nullptr;
        EXPECT_EQ(Pool::create(fake_.device(), object, &none), VK_ERROR_VALIDATION_FAILED_EXT);
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "nvsciVkRegisterDevice"));
        EXPECT_EQ(none, nullptr);
        EXPECT_TRUE(semaphores_.alive.empty());
        semaphores_.allocator = nullptr;
        register_all();
        ASSERT_EQ(NvSciSyncObjSignal(object), kSuccess);
        const Pool pool(fake_.device(), object);
        EXPECT_EQ(reached(pool.wait(fence_of(object, 1))), 1U);
    }
}

// Wherever the other thread is: what it has been given is gone, or it was given nothing.
TEST_F(FakeFenceEnd, APoolThatAnotherThreadMakesEndsWithItsDevice) {
    for (int i = 0; i < 300; ++i) {
        const SyncObject object = signaled_by_cpu();
        std::atomic<bool> has_begun = false;
        std::thread maker([&] {
            has_begun = true;
            VkSemaphoreSciSyncPoolNV pool = nullptr;
            (void)Pool::create(fake_.device(), object, &pool);
        });
        while (!has_begun) {
        }
        for (int looks = i % 50 * 40; looks > 0; --looks)
            EXPECT_TRUE(has_begun);
        nvsciVkUnregisterDevice(fake_.device());
        maker.join();
        ASSERT_TRUE(semaphores_.alive.empty()) << i;
        ASSERT_EQ(nvsciVkRegisterDevice(fake_.physical(), fake_.device()), VK_SUCCESS);
    }
}

TEST_F(FakeFenceEnd, AContextThatIsLostLetsVulkanGo) {
    in_new_process([&] {
        DoomedContext doomed;
        const SyncObject object = signaled_by_cuda();
        const Semaphore semaphore(object);
        const Pool pool(fake_.device(), object);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        doomed.hold();
        ASSERT_EQ(semaphore.signal(doomed.stream(), &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        const NvSciVkSemaphoreValue awaited = pool.wait(fence);
        EXPECT_EQ(reached(awaited), 0U);
        doomed.lose();
        EXPECT_EQ(poll(fence), kResourceError);
        EXPECT_GE(reached(awaited), awaited.value);
        NvSciVkSemaphoreValue unused{};
        EXPECT_EQ(pool.wait(fence, &unused), VK_ERROR_DEVICE_LOST);
    });
}

// What is reached may be more than anybody waits for: the payload only grows, which the fake checks.
TEST_F(FakeFenceEnd, LettingGoNeverLowersThePayload) {
    in_new_process([&] {
        DoomedContext doomed;
        const SyncObject object = signaled_by_cuda();
        const Semaphore semaphore(object);
        const Pool pool(fake_.device(), object);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        for (int i = 0; i < 5; ++i)
            ASSERT_EQ(semaphore.signal(doomed.stream(), &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, 10'000'000), kSuccess);
        const NvSciVkSemaphoreValue awaited = pool.wait(fence_of(object, 3));
        doomed.hold();
        ASSERT_EQ(semaphore.signal(doomed.stream(), &fence), CUDA_SUCCESS);
        doomed.lose();
        EXPECT_EQ(poll(fence), kResourceError);
        EXPECT_EQ(reached(awaited), 5U);
    });
}

// A lost signal in another context comes after the loss is known, and would lower what was raised.
TEST_F(FakeFenceEnd, SignalsOfLostValuesComeBeforeThePayloadIsRaised) {
    in_new_process([&] {
        DoomedContext doomed;
        const SyncObject object = signaled_by_cuda();
        const Semaphore semaphore(object);
        const Pool pool(fake_.device(), object);
        const Stream stream;
        MemoryGate gate(cuda_);
        NvSciSyncFence lost = NvSciSyncFenceInitializer;
        NvSciSyncFence after = NvSciSyncFenceInitializer;
        doomed.hold();
        ASSERT_EQ(semaphore.signal(doomed.stream(), &lost), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        gate.hold(stream);
        for (int i = 0; i < 2; ++i)
            ASSERT_EQ(semaphore.signal(stream, &after), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        const NvSciVkSemaphoreValue awaited = pool.wait(after);
        doomed.lose();
        EXPECT_EQ(poll(lost), kResourceError);
        EXPECT_EQ(reached(awaited), 0U) << "signals of smaller values are still to come";
        gate.open();
        EXPECT_TRUE(comes_to_its_end(cuda_, stream));
        EXPECT_EQ(poll(after), kResourceError);
        EXPECT_GE(reached(awaited), awaited.value);
    });
}

// A signal that is lost hides none before it that the pool would miss.
TEST_F(FakeFenceEnd, AFirstPoolWaitsForWhatIsNotLost) {
    in_new_process([&] {
        DoomedContext doomed;
        const SyncObject object = signaled_by_cuda();
        const Semaphore semaphore(object);
        const Stream stream;
        MemoryGate gate(cuda_);
        NvSciSyncFence first = NvSciSyncFenceInitializer;
        NvSciSyncFence lost = NvSciSyncFenceInitializer;
        gate.hold(stream);
        ASSERT_EQ(semaphore.signal(stream, &first), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        doomed.hold();
        ASSERT_EQ(semaphore.signal(doomed.stream(), &lost), CUDA_SUCCESS);
        doomed.lose();
        EXPECT_EQ(poll(lost), kResourceError);
        VkSemaphoreSciSyncPoolNV none = nullptr;
        EXPECT_EQ(Pool::create(fake_.device(), object, &none), VK_ERROR_INITIALIZATION_FAILED);
        gate.open();
        const Pool pool(fake_.device(), object);
        EXPECT_EQ(reached(pool.wait(first)), 1U);
    });
}

TEST_F(FakeFenceEnd, ARefusalToLetGoIsMadeUpForLater) {
    in_new_process([&] {
        DoomedContext doomed;
        const SyncObject object = signaled_by_cuda();
        const Semaphore semaphore(object);
        const Pool pool(fake_.device(), object);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        doomed.hold();
        ASSERT_EQ(semaphore.signal(doomed.stream(), &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        const NvSciVkSemaphoreValue awaited = pool.wait(fence);
        semaphores_.signal_result = VK_ERROR_OUT_OF_HOST_MEMORY;
        doomed.lose();
        EXPECT_EQ(poll(fence), kResourceError);
        EXPECT_EQ(reached(awaited), 0U);
        semaphores_.signal_result = VK_SUCCESS;
        EXPECT_EQ(poll(fence), kResourceError);
        EXPECT_GE(reached(awaited), awaited.value);
    });
}

// The program's allocator, which Vulkan calls, may do what it likes with the object.
TEST_F(FakeFenceEnd, AnAllocatorMaySignalAndWaitWhileAPoolIsMade) {
    const SyncObject object = allocate({gpu_list(module_, 3), vulkan(kWaiter)});
    const Semaphore semaphore(object);
    const Stream stream;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    CUcontext context = nullptr;
    ASSERT_EQ(cuda_.cuCtxGetCurrent(&context), CUDA_SUCCESS);
    const auto use = [&] {
        std::thread([&] {
            ASSERT_EQ(cuda_.cuCtxSetCurrent(context), CUDA_SUCCESS);
            EXPECT_EQ(semaphore.signal(stream, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        }).join();
        EXPECT_EQ(semaphore.wait(stream, fence), CUDA_SUCCESS);
        EXPECT_EQ(cuda_.cuStreamSynchronize(stream), CUDA_SUCCESS);
    };
    semaphores_.allocator = use;
    const Pool pool(fake_.device(), object);
    EXPECT_EQ(reached(pool.wait(fence)), 1U);
    semaphores_.allocator = use;
    const Pool second(other_device(), object);
    EXPECT_EQ(reached(second.wait(fence)), 2U);
    std::optional<Pool> inner;
    semaphores_.allocator = [&] { inner.emplace(fake_.device(), object); };
    const Pool third(other_device(), object);
    EXPECT_EQ(reached(inner->wait(fence)), 2U);
}

TEST_F(FakeFenceEnd, AnAllocatorMayUseThePoolThatIsDestroyed) {
    const SyncObject object = signaled_by_vulkan();
    Pool pool(fake_.device(), object);
    const VkSemaphoreSciSyncPoolNV handle = pool.handle();
    bool is_called = false;
    semaphores_.allocator = [&] {
        NvSciVkSemaphoreValue unused{};
        EXPECT_NE(pool.wait(NvSciSyncFenceInitializer, &unused), VK_SUCCESS);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        EXPECT_NE(pool.signal(&fence, &unused), VK_SUCCESS);
        nvsciVkDestroySemaphoreSciSyncPoolNV(fake_.device(), handle, nullptr);
        is_called = true;
    };
    nvsciVkUnregisterDevice(fake_.device());
    EXPECT_TRUE(is_called);
    pool.forget();
}

TEST_F(FakeFenceEnd, WhatVulkanRefusedIsTriedAgain) {
    const SyncObject object = signaled_by_cpu();
    const Pool pool(fake_.device(), object);
    const NvSciSyncFence fence = generate(object);
    semaphores_.signal_result = VK_ERROR_OUT_OF_HOST_MEMORY;
    ASSERT_EQ(NvSciSyncObjSignal(object), kSuccess);
    EXPECT_EQ(poll(fence), kSuccess);
    semaphores_.signal_result = VK_SUCCESS;
    EXPECT_EQ(reached(pool.wait(fence)), 1U);
}

// Every order in which object, import and pool can go, with a fence pending that the stream waits for.
TEST_F(FakeFenceEnd, TheyGoInAnyOrder) {
    constexpr int kOrders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (const auto& order : kOrders) {
        SyncObject object = signaled_by_vulkan();
        std::optional<Semaphore> semaphore(std::in_place, object);
        std::optional<Pool> pool(std::in_place, fake_.device(), object);
        const Stream stream;
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        (void)pool->signal(&fence);
        ASSERT_EQ(semaphore->wait(stream, fence), CUDA_SUCCESS);
        for (const int which : order) {
            if (which == 0) object.reset();
            if (which == 1) semaphore.reset();
            if (which == 2) pool.reset();
        }
        EXPECT_TRUE(comes_to_its_end(cuda_, stream));
        EXPECT_EQ(poll(fence), kResourceError);
    }
}

// What is refused leaves nothing behind, and can be tried again.
TEST_F(FakeFenceEnd, AFailureAtEveryCallLosesNothing) {
    walk_failure_points(FailurePoint::Kind::call, [&](FailurePoint& point) {
        const SyncObject by_vulkan = signaled_by_vulkan();
        const SyncObject by_cuda = signaled_by_cuda();
        const Stream stream;
        const LeakCheck leaks;
        point.arm();
        VkSemaphoreSciSyncPoolNV handles[3] = {};
        const bool is_made = Pool::create(fake_.device(), by_vulkan, &handles[0]) == VK_SUCCESS &&
                             Pool::create(other_device(), by_vulkan, &handles[1]) == VK_SUCCESS &&
                             Pool::create(fake_.device(), by_cuda, &handles[2]) == VK_SUCCESS;
        if (!is_made) {
            EXPECT_NE(*opennvsciGetLastErrorText(), '\0');
        }
        CUexternalSemaphore semaphores[2] = {};
        const auto waits_desc = semaphore_desc(by_vulkan);
        const auto signals_desc = semaphore_desc(by_cuda);
        const bool is_imported = nvsciCuImportExternalSemaphore(&semaphores[0], &waits_desc) == CUDA_SUCCESS &&
                                 nvsciCuImportExternalSemaphore(&semaphores[1], &signals_desc) == CUDA_SUCCESS;
        NvSciSyncFence fences[2] = {NvSciSyncFenceInitializer, NvSciSyncFenceInitializer};
        if (is_made && is_imported) {
            const VkSemaphoreSciSyncCreateInfoNV info{kSemaphoreSciSyncCreateInfo, nullptr, handles[0], &fences[0]};
            NvSciVkSemaphoreValue value{};
            ASSERT_EQ(nvsciVkGetSignalSemaphore(fake_.device(), &info, &value), VK_SUCCESS);
            CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS wait{};
            wait.params.nvSciSync.fence = &fences[0];
            (void)nvsciCuWaitExternalSemaphoresAsync(&semaphores[0], &wait, 1, stream);
            submit(value);
            CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS signal{};
            signal.params.nvSciSync.fence = &fences[1];
            (void)nvsciCuSignalExternalSemaphoresAsync(&semaphores[1], &signal, 1, stream);
        }
        point.disarm();
        EXPECT_TRUE(comes_to_its_end(cuda_, stream));
        if (!is_cleared(fences[1])) {
            EXPECT_EQ(NvSciSyncFenceWait(&fences[1], context_, 10'000'000), kSuccess);
        }
        for (const CUexternalSemaphore semaphore : semaphores) {
            if (semaphore == nullptr) continue;
            EXPECT_EQ(nvsciCuDestroyExternalSemaphore(semaphore), CUDA_SUCCESS);
        }
        for (const VkSemaphoreSciSyncPoolNV pool : handles)
            nvsciVkDestroySemaphoreSciSyncPoolNV(fake_.device(), pool, nullptr);
        EXPECT_TRUE(semaphores_.alive.empty());
    });
}

}  // namespace
}  // namespace opennvsci::test
