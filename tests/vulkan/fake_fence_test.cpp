// SPDX-License-Identifier: Apache-2.0
//
// Fences between CUDA, Vulkan and the CPU, every way, on a Vulkan and imports that are parts of the test.
#include <array>
#include <chrono>
#include <thread>

#include "api/inspection_document.h"
#include "fake_fence.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names
using namespace vk;  // NOLINT(google-build-using-namespace): Vulkan's own names

class FakeFence : public FakeFenceTest {};

TEST_F(FakeFence, VulkanWaitsForWhatAStreamSignals) {
    const SyncObject object = signaled_by_cuda();
    const Pool pool(fake_.device(), object);
    const Semaphore semaphore(object);
    const Stream stream;
    MemoryGate gate(cuda_);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    gate.hold(stream);
    ASSERT_EQ(semaphore.signal(stream, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    const NvSciVkSemaphoreValue awaited = pool.wait(fence);
    EXPECT_EQ(awaited.value, 1U);
    EXPECT_EQ(reached(awaited), 0U);
    EXPECT_EQ(poll(fence), kTimeout);
    gate.open();
    EXPECT_EQ(cuda_.cuStreamSynchronize(stream), CUDA_SUCCESS);
    EXPECT_EQ(reached(awaited), 1U);
    EXPECT_EQ(poll(fence), kSuccess);
}

TEST_F(FakeFence, WithoutTheCpuTooAndWithDeterministicFences) {
    for (const bool is_deterministic : {false, true}) {
        const SyncList waiter = vulkan(kWaiter);
        ASSERT_EQ(set(waiter, NvSciSyncAttrKey_RequireDeterministicFences, is_deterministic), kSuccess);
        const SyncObject object = allocate({gpu_list(module_, 3), waiter});
        const Pool pool(fake_.device(), object);
        const Semaphore semaphore(object);
        const Stream first;
        const Stream second;
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        for (std::uint64_t value = 1; value <= 100; ++value) {
            const Stream& stream = value % 2 == 0 ? first : second;
            ASSERT_EQ(semaphore.signal(stream, &fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
            EXPECT_EQ(pool.wait(fence).value, value);
        }
        EXPECT_EQ(cuda_.cuCtxSynchronize(), CUDA_SUCCESS);
        EXPECT_EQ(reached(pool.wait(fence)), 100U);
    }
}

TEST_F(FakeFence, AStreamWaitsForWhatVulkanSignals) {
    const SyncObject object = signaled_by_vulkan();
    const Semaphore semaphore(object);
    const Pool pool(fake_.device(), object);
    const Stream stream;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    const NvSciVkSemaphoreValue signal = pool.signal(&fence);
    EXPECT_EQ(signal.value, 1U);
    ASSERT_EQ(semaphore.wait(stream, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_TRUE(is_held(cuda_, stream));
    EXPECT_EQ(poll(fence), kTimeout);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "Vulkan queue"));
    submit(signal);
    EXPECT_EQ(cuda_.cuStreamSynchronize(stream), CUDA_SUCCESS);
    EXPECT_EQ(poll(fence), kSuccess);
}

TEST_F(FakeFence, AStreamCannotWaitBeforeTheObjectHasASemaphore) {
    const SyncObject object = signaled_by_vulkan();
    const Semaphore semaphore(object);
    const Stream stream;
    EXPECT_EQ(semaphore.wait(stream, fence_of(object, 1)), CUDA_ERROR_ILLEGAL_STATE);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "nvsciVkCreateSemaphoreSciSyncPoolNV"));
}

// Nobody has looked at what Vulkan signaled, more than a wait may be ahead.
TEST_F(FakeFence, AWaitFarAheadLooksBeforeItIsRefused) {
    const SyncObject object = signaled_by_vulkan();
    const Semaphore semaphore(object);
    const Pool pool(fake_.device(), object);
    const Stream stream;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    constexpr std::uint64_t kFar = (std::uint64_t{1} << 31) + 5;
    EXPECT_EQ(semaphore.wait(stream, fence_of(object, kFar)), CUDA_ERROR_INVALID_VALUE);
    submit({pool.signal(&fence).semaphore, kFar});
    EXPECT_EQ(semaphore.wait(stream, fence_of(object, kFar)), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_EQ(cuda_.cuStreamSynchronize(stream), CUDA_SUCCESS);
}

TEST_F(FakeFence, TheCpuMeetsAVulkanSignalWhileItWaits) {
    const SyncObject object = signaled_by_vulkan();
    const Pool pool(fake_.device(), object);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    for (const auto mode :
         {NvSciSyncWaitMode_Default, NvSciSyncWaitMode_BusyWithYield, NvSciSyncWaitMode_BusyNoYield}) {
        const NvSciVkSemaphoreValue signal = pool.signal(&fence);
        std::thread queue([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            submit(signal);
        });
        EXPECT_EQ(NvSciSyncFenceWaitWithMode(&fence, context_, 10'000'000, mode), kSuccess);
        queue.join();
    }
}

TEST_F(FakeFence, VulkanWaitsForWhatTheCpuSignals) {
    const SyncObject object = signaled_by_cpu();
    const NvSciSyncFence first = generate(object);
    const NvSciSyncFence second = generate(object);
    const NvSciSyncFence third = generate(object);
    ASSERT_EQ(NvSciSyncObjSignal(object), kSuccess);
    const Pool pool(fake_.device(), object);
    EXPECT_EQ(reached(pool.wait(first)), 1U) << "what was reached before the pool was";
    ASSERT_EQ(NvSciSyncObjSignal(object), kSuccess);
    EXPECT_EQ(reached(pool.wait(second)), 2U);
    EXPECT_EQ(reached(pool.wait(third)), 2U);
    EXPECT_EQ(poll(second), kSuccess);
}

TEST_F(FakeFence, SignalsOfSeveralCpusReachVulkanInTheirOrder) {
    const SyncObject object = signaled_by_cpu();
    const Pool pool(fake_.device(), object);
    std::array<std::thread, 4> threads;
    for (std::thread& thread : threads) {
        thread = std::thread([&] {
            for (int i = 0; i < 250; ++i)
                EXPECT_EQ(NvSciSyncObjSignal(object), kSuccess);
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(reached(pool.wait(fence_of(object, 1000))), 1000U);
}

TEST_F(FakeFence, TwoDevicesHaveOneSemaphore) {
    const SyncObject object = allocate({vulkan(kSignaler), vulkan(kWaiter)});
    const Pool signaler(fake_.device(), object);
    const Pool waiter(other_device(), object);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    const NvSciVkSemaphoreValue signal = signaler.signal(&fence);
    const NvSciVkSemaphoreValue awaited = waiter.wait(fence);
    EXPECT_NE(signal.semaphore, awaited.semaphore);
    EXPECT_EQ(reached(awaited), 0U);
    submit(signal);
    EXPECT_EQ(reached(awaited), 1U);
    NvSciSyncFence refused = NvSciSyncFenceInitializer;
    NvSciVkSemaphoreValue unused{};
    EXPECT_EQ(waiter.signal(&refused, &unused), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "another Vulkan semaphore pool"));
    EXPECT_TRUE(is_cleared(refused));
}

TEST_F(FakeFence, APoolThatComesLaterHasWhatWasSignaledMeanwhile) {
    const SyncObject object = signaled_by_cpu();
    std::optional<Pool> pool(std::in_place, fake_.device(), object);
    pool.reset();
    ASSERT_EQ(NvSciSyncObjSignal(object), kSuccess);
    pool.emplace(other_device(), object);
    EXPECT_EQ(reached(pool->wait(fence_of(object, 1))), 1U);
}

TEST_F(FakeFence, AFirstPoolWaitsForSignalsThatAreUnderWay) {
    const SyncObject object = signaled_by_cuda();
    const Semaphore semaphore(object);
    const Stream stream;
    MemoryGate gate(cuda_);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    gate.hold(stream);
    ASSERT_EQ(semaphore.signal(stream, &fence), CUDA_SUCCESS);
    VkSemaphoreSciSyncPoolNV none = nullptr;
    EXPECT_EQ(Pool::create(fake_.device(), object, &none), VK_ERROR_INITIALIZATION_FAILED);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "under way"));
    EXPECT_EQ(none, nullptr);
    gate.open();
    const Pool pool(fake_.device(), object);
    EXPECT_EQ(reached(pool.wait(fence)), 1U);
}

TEST_F(FakeFence, AnInspectionTellsOfThePoolsThatHoldAnObject) {
    SyncObject object = signaled_by_vulkan();
    {
        const Pool pool(fake_.device(), object);
        object.reset();
        const std::string told = api::inspection_document();
        EXPECT_TRUE(contains(told, "\"handles\":[],\"imports\":[],\"semaphore_pools\":[{\"handle\":\"0x"));
        EXPECT_TRUE(contains(told, "\"object\":1,\"device\":\"fake device\""));
    }
    EXPECT_TRUE(contains(api::inspection_document(), "\"semaphore_pools\":{\"entries\":[],\"count\":0}"));
}

TEST_F(FakeFence, AClearedFenceIsTheValueZero) {
    const SyncObject object = signaled_by_cuda();
    const Pool pool(fake_.device(), object);
    EXPECT_EQ(pool.wait(NvSciSyncFenceInitializer).value, 0U);
}

TEST_F(FakeFence, WhatVulkanMayDoIsWhatItsListAsked) {
    const SyncObject by_cuda = signaled_by_cuda();
    const SyncObject by_vulkan = signaled_by_vulkan();
    const Pool waiter(fake_.device(), by_cuda);
    const Pool signaler(fake_.device(), by_vulkan);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    NvSciVkSemaphoreValue unused{};
    EXPECT_EQ(waiter.signal(&fence, &unused), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "may not signal"));
    EXPECT_EQ(signaler.wait(fence_of(by_vulkan, 1), &unused), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "may not wait"));
    EXPECT_EQ(NvSciSyncObjSignal(by_vulkan), kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "signaled by Vulkan"));
    const Semaphore semaphore(by_vulkan);
    const Stream stream;
    EXPECT_EQ(semaphore.signal(stream, &fence), CUDA_ERROR_NOT_SUPPORTED);
}

TEST_F(FakeFence, ArgumentsThatAreWrongAreRefusedAndNothingIsLost) {
    const SyncObject object = signaled_by_vulkan();
    const SyncObject other = signaled_by_cuda();
    const SyncObject without = cpu_object(module_);
    const Pool pool(fake_.device(), object);
    const Pool waiter(fake_.device(), other);
    VkSemaphoreSciSyncPoolNV none = nullptr;
    EXPECT_EQ(Pool::create(fake_.device(), without, &none), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "no list of the object speaks for Vulkan"));
    EXPECT_EQ(Pool::create(fake_.device(), nullptr, &none), VK_ERROR_INVALID_EXTERNAL_HANDLE);
    EXPECT_EQ(Pool::create(nullptr, object, &none), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_EQ(Pool::create(fake_.device(), object, nullptr), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_EQ(nvsciVkCreateSemaphoreSciSyncPoolNV(fake_.device(), nullptr, nullptr, &none),
              VK_ERROR_VALIDATION_FAILED_EXT);

    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    NvSciVkSemaphoreValue value{};
    const NvSciSyncFence set = fence_of(object, 7);
    NvSciSyncFence given = set;
    EXPECT_EQ(pool.signal(&given, &value), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_EQ(value_of(given), 7U);
    EXPECT_EQ(pool.signal(nullptr, &value), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_EQ(pool.signal(&fence, nullptr), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_EQ(waiter.wait(set, &value), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "another object"));
    EXPECT_EQ(waiter.wait(fence_of(other, std::uint64_t{1} << 31), &value), VK_ERROR_VALIDATION_FAILED_EXT);
    const VkSemaphoreSciSyncCreateInfoNV of_other{kSemaphoreSciSyncCreateInfo, nullptr, pool.handle(), &fence};
    EXPECT_EQ(nvsciVkGetSignalSemaphore(other_device(), &of_other, &value), VK_ERROR_VALIDATION_FAILED_EXT);
    const VkSemaphoreSciSyncCreateInfoNV no_type{VkStructureType{}, nullptr, pool.handle(), &fence};
    EXPECT_EQ(nvsciVkGetSignalSemaphore(fake_.device(), &no_type, &value), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_EQ(pool.signal(&fence).value, 1U) << "no value was lost";
}

// Reconciliation

TEST_F(FakeFence, AttributesAreSetAllOrNothing) {
    const SyncList list = create_list(module_);
    ASSERT_EQ(set(list, NvSciSyncAttrKey_RequiredPerm, NvSciSyncAccessPerm_WaitOnly), kSuccess);
    EXPECT_EQ(fill_for_vulkan(list, fake_.physical(), kSignaler), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_EQ(fill_for_vulkan(nullptr, fake_.physical(), kSignaler), VK_ERROR_INVALID_EXTERNAL_HANDLE);
    const SyncList fresh = create_list(module_);
    EXPECT_EQ(fill_for_vulkan(fresh, fake_.physical(), VkSciSyncClientTypeNV{3}), VK_ERROR_VALIDATION_FAILED_EXT);
    VkSciSyncAttributesInfoNV info{kSciSyncAttributesInfo, nullptr, kSignaler, VK_SCI_SYNC_PRIMITIVE_TYPE_FENCE_NV};
    EXPECT_EQ(nvsciVkGetPhysicalDeviceSciSyncAttributesNV(fake_.physical(), &info, fresh),
              VK_ERROR_FEATURE_NOT_PRESENT);
    semaphores_.has_timelines = false;
    EXPECT_EQ(fill_for_vulkan(fresh, fake_.physical(), kSignaler), VK_ERROR_FEATURE_NOT_PRESENT);
    semaphores_.has_timelines = true;
    EXPECT_EQ(fill_for_vulkan(fresh, fake_.physical(), kSignaler), VK_SUCCESS);
    EXPECT_EQ(fill_for_vulkan(fresh, fake_.physical(), kSignaler), VK_SUCCESS) << "they are there";
    EXPECT_EQ(fill_for_vulkan(fresh, fake_.physical(), kWaiter), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "NvSciSyncAttrKey_RequiredPerm"));
    SyncList appended;
    const NvSciSyncAttrList lists[] = {fresh};
    ASSERT_EQ(NvSciSyncAttrListAppendUnreconciled(lists, 1, appended.out()), kSuccess);
    EXPECT_EQ(fill_for_vulkan(appended, fake_.physical(), kSignaler), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "cannot be written"));
}

// As of buffers.
TEST_F(FakeFence, AKeyThatHasTheValueAlreadyIsLeft) {
    const SyncList list = create_list(module_);
    ASSERT_EQ(set(list, NvSciSyncAttrKey_RequiredPerm, NvSciSyncAccessPerm_WaitOnly), kSuccess);
    EXPECT_EQ(fill_for_vulkan(list, fake_.physical(), kWaiter), VK_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_EQ(Pool(fake_.device(), allocate({cpu_list(module_, NvSciSyncAccessPerm_WaitSignal), list}))
                  .wait(NvSciSyncFenceInitializer)
                  .value,
              0U);
}

TEST_F(FakeFence, FeaturesAreToldAsTheExtensionTellsThem) {
    VkPhysicalDeviceExternalSciSync2FeaturesNV features{};
    features.sType = kPhysicalDeviceSciSync2Features;
    ASSERT_EQ(nvsciVkGetPhysicalDeviceExternalSciSync2FeaturesNV(fake_.physical(), &features), VK_SUCCESS);
    EXPECT_EQ(features.sciSyncFence, 0U);
    EXPECT_EQ(features.sciSyncSemaphore2 + features.sciSyncImport + features.sciSyncExport, 3U);
    semaphores_.has_timelines = false;
    ASSERT_EQ(nvsciVkGetPhysicalDeviceExternalSciSync2FeaturesNV(fake_.physical(), &features), VK_SUCCESS);
    EXPECT_EQ(features.sciSyncSemaphore2 + features.sciSyncImport + features.sciSyncExport, 0U);
    EXPECT_EQ(nvsciVkGetPhysicalDeviceExternalSciSync2FeaturesNV(fake_.physical(), nullptr),
              VK_ERROR_VALIDATION_FAILED_EXT);
}

NvSciError reconcile_code(const std::vector<NvSciSyncAttrList>& lists) {
    NvSciSyncAttrList reconciled = nullptr;
    NvSciSyncAttrList conflict = nullptr;
    const NvSciError code = NvSciSyncAttrListReconcile(lists.data(), lists.size(), &reconciled, &conflict);
    NvSciSyncAttrListFree(reconciled);
    NvSciSyncAttrListFree(conflict);
    return code;
}

TEST_F(FakeFence, VulkanSignalsWithoutTimes) {
    const SyncList times = cpu_list(module_, NvSciSyncAccessPerm_WaitOnly);
    ASSERT_EQ(set(times, NvSciSyncAttrKey_WaiterRequireTimestamps, true), kSuccess);
    EXPECT_EQ(reconcile_code({vulkan(kSignaler), times}), NvSciError_UnsupportedConfig);
    EXPECT_EQ(reconcile_code({gpu_list(module_, 1), vulkan(kWaiter), times}), kSuccess);
}

TEST_F(FakeFence, AProcessHasOneVulkanDeviceForAnObject) {
    const SyncList first = vulkan(kSignaler);
    semaphores_.are_exported = false;  // so it is one that names no GPU
    EXPECT_EQ(reconcile_code({first, vulkan(kWaiter)}), NvSciError_UnsupportedConfig);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "different Vulkan devices")) << opennvsciGetLastErrorText();
}

TEST_F(FakeFence, AnObjectOfAnotherGpuIsRefused) {
    const SyncObject object = signaled_by_vulkan();
    nvsciVkUnregisterInstance(fake_.instance());
    fake_.uuid = device_.driver().devices.at(1).uuid;
    register_all();
    VkSemaphoreSciSyncPoolNV none = nullptr;
    EXPECT_EQ(Pool::create(fake_.device(), object, &none), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "was reconciled for the GPU"));
}

TEST_F(FakeFence, ADeviceWithoutTheExtensionsIsRefusedByName) {
    const SyncObject object = signaled_by_vulkan();
    for (const char* extension : {"VK_KHR_timeline_semaphore", "VK_KHR_external_semaphore_fd"}) {
        nvsciVkUnregisterInstance(fake_.instance());
        fake_.enabled = fake_.extensions;
        fake_.enabled.erase(extension);
        register_all();
        VkSemaphoreSciSyncPoolNV none = nullptr;
        EXPECT_EQ(Pool::create(fake_.device(), object, &none), VK_ERROR_EXTENSION_NOT_PRESENT);
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), extension));
    }
}

// A device that exports nothing needs no extension, and shares fences with the CPU.
TEST_F(FakeFence, ADeviceThatExportsNothingHasOnePoolAtATime) {
    semaphores_.are_exported = false;
    const SyncObject object = allocate({vulkan(kSignalerAndWaiter), cpu_list(module_, NvSciSyncAccessPerm_WaitOnly)});
    Pool pool(fake_.device(), object);
    VkSemaphoreSciSyncPoolNV none = nullptr;
    EXPECT_EQ(Pool::create(other_device(), object, &none), VK_ERROR_FEATURE_NOT_PRESENT);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    submit(pool.signal(&fence));
    EXPECT_EQ(poll(fence), kSuccess);
    EXPECT_EQ(reached(pool.wait(fence)), 1U);
}

}  // namespace
}  // namespace opennvsci::test
