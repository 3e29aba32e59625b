// SPDX-License-Identifier: Apache-2.0
//
// Fences with a real Vulkan: between its queue and the CPU on every device, and between its queue and CUDA's streams on
// a GPU. Where the machine has no Vulkan that fits the device, each test skips itself and says why.
#include <array>
#include <optional>
#include <thread>

#include "vulkan_program.h"
// Vulkan's own types come first.
#include "fence_objects.h"
#include "sync_test.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

constexpr std::int64_t kLongUs = 20'000'000;

class VulkanFence : public LeakCheckedTest {
  protected:
    // The first semaphores cost descriptors that the driver keeps.
    static void SetUpTestSuite() {
        if (VulkanProgram::instance() == nullptr) return;
        const SyncModule module = open_sync_module();
        const SyncList vulkan = vulkan_list(module, VulkanProgram::instance()->physical(), kSignalerAndWaiter);
        const SyncObject object = allocate({vulkan});
        const Pool pool(VulkanProgram::instance()->device(), object);
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        submit(nullptr, pool.signal(&fence));
        EXPECT_EQ(vkQueueWaitIdle(VulkanProgram::instance()->queue()), VK_SUCCESS);
    }
    void SetUp() override {
        if (VulkanProgram::instance() == nullptr) GTEST_SKIP() << "SKIPPED: " << VulkanProgram::reason();
    }
    void TearDown() override {
        EXPECT_EQ(cuda_.cuCtxSynchronize(), CUDA_SUCCESS);
        cpu_object(module_);
        LeakCheckedTest::TearDown();
    }
    static VulkanProgram& program() { return *VulkanProgram::instance(); }
    [[nodiscard]] SyncList vulkan(VkSciSyncClientTypeNV client) const {
        return vulkan_list(module_, program().physical(), client);
    }

    /// A submission that waits and signals, as far as that is said.
    static void submit(const NvSciVkSemaphoreValue* wait, const NvSciVkSemaphoreValue& signal) {
        VkTimelineSemaphoreSubmitInfo values{VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO};
        VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO, &values};
        constexpr VkPipelineStageFlags kAll = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
        if (wait != nullptr) {
            values.waitSemaphoreValueCount = info.waitSemaphoreCount = 1;
            values.pWaitSemaphoreValues = &wait->value;
            info.pWaitSemaphores = &wait->semaphore;
            info.pWaitDstStageMask = &kAll;
        }
        values.signalSemaphoreValueCount = info.signalSemaphoreCount = 1;
        values.pSignalSemaphoreValues = &signal.value;
        info.pSignalSemaphores = &signal.semaphore;
        ASSERT_EQ(vkQueueSubmit(program().queue(), 1, &info, VK_NULL_HANDLE), VK_SUCCESS);
    }
    [[nodiscard]] NvSciError wait(const NvSciSyncFence& fence) const {
        return NvSciSyncFenceWait(&fence, context_, kLongUs);
    }

    TestDevice& device_ = TestDevice::current();
    const driver::EntryPoints& cuda_ = device_.cuda();
    SyncModule module_ = open_sync_module();
    WaitContext context_ = wait_context(module_);
};

// The queue takes what the CPU gives, and gives it back.
TEST_F(VulkanFence, TheCpuAndAQueueHandOverToEachOther) {
    const SyncObject to_vulkan = allocate({cpu_list(module_, NvSciSyncAccessPerm_SignalOnly), vulkan(kWaiter)});
    const SyncObject to_cpu = allocate({vulkan(kSignaler), cpu_list(module_, NvSciSyncAccessPerm_WaitOnly)});
    const Pool waits(program().device(), to_vulkan);
    const Pool signals(program().device(), to_cpu);
    for (int i = 0; i < 200; ++i) {
        const NvSciVkSemaphoreValue awaited = waits.wait(generate(to_vulkan));
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        const NvSciVkSemaphoreValue signal = signals.signal(&fence);
        submit(&awaited, signal);
        EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, 0), kTimeout);
        ASSERT_EQ(NvSciSyncObjSignal(to_vulkan), kSuccess);
        ASSERT_EQ(wait(fence), kSuccess) << opennvsciGetLastErrorText();
    }
    EXPECT_EQ(vkQueueWaitIdle(program().queue()), VK_SUCCESS);
}

TEST_F(VulkanFence, AQueueWaitsForItself) {
    const SyncObject object = allocate({vulkan(kSignalerAndWaiter), cpu_list(module_, NvSciSyncAccessPerm_WaitOnly)});
    const Pool pool(program().device(), object);
    std::array<NvSciSyncFence, 2> fences{};
    submit(nullptr, pool.signal(&fences[0]));
    const NvSciVkSemaphoreValue awaited = pool.wait(fences[0]);
    submit(&awaited, pool.signal(&fences[1]));
    EXPECT_EQ(wait(fences[1]), kSuccess);
    EXPECT_EQ(vkQueueWaitIdle(program().queue()), VK_SUCCESS);
}

TEST_F(VulkanFence, WhatAQueueHasNotSignaledIsLostWithThePool) {
    const SyncObject object = allocate({vulkan(kSignaler), cpu_list(module_, NvSciSyncAccessPerm_WaitOnly)});
    Pool pool(program().device(), object);
    std::array<NvSciSyncFence, 2> fences{};
    submit(nullptr, pool.signal(&fences[0]));
    (void)pool.signal(&fences[1]);
    EXPECT_EQ(vkQueueWaitIdle(program().queue()), VK_SUCCESS);
    pool.destroy();
    EXPECT_EQ(wait(fences[0]), kSuccess);
    EXPECT_EQ(wait(fences[1]), kResourceError);
}

// With streams of CUDA: directly on a GPU, carried on a device of the CPU.
class VulkanFenceWithCuda : public VulkanFence {};

// Nothing waits in between: the stream for the queue, the queue for the stream, a thousand times.
TEST_F(VulkanFenceWithCuda, AStreamAndAQueueHandOverToEachOther) {
    const SyncObject to_vulkan = allocate({gpu_list(module_, 1), vulkan(kWaiter)});
    const SyncList cpu = cpu_list(module_, NvSciSyncAccessPerm_WaitOnly);
    const SyncObject to_cuda = allocate({vulkan(kSignaler), gpu_list(module_, 2), cpu});
    const Pool waits(program().device(), to_vulkan);
    const Pool signals(program().device(), to_cuda);
    const Semaphore gives(to_vulkan);
    const Semaphore takes(to_cuda);
    const Stream stream;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    for (int i = 0; i < 1000; ++i) {
        NvSciSyncFence given = NvSciSyncFenceInitializer;
        ASSERT_EQ(gives.signal(stream, &given), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        const NvSciVkSemaphoreValue awaited = waits.wait(given);
        submit(&awaited, signals.signal(&fence));
        ASSERT_EQ(takes.wait(stream, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    }
    EXPECT_TRUE(comes_to_its_end(cuda_, stream));
    EXPECT_EQ(wait(fence), kSuccess);
    EXPECT_EQ(value_of(fence), 1000U);
    EXPECT_EQ(vkQueueWaitIdle(program().queue()), VK_SUCCESS);
}

// The queue does not pass before the stream has come to its signal, nor the stream before the queue has.
TEST_F(VulkanFenceWithCuda, NobodyPassesBeforeTheSignal) {
    const SyncList cpu = cpu_list(module_, NvSciSyncAccessPerm_WaitOnly);
    const SyncObject to_vulkan = allocate({gpu_list(module_, 1), vulkan(kWaiter), cpu});
    const SyncObject to_cuda = allocate({vulkan(kSignaler), gpu_list(module_, 2), cpu});
    const Pool waits(program().device(), to_vulkan);
    const Pool signals(program().device(), to_cuda);
    const Semaphore gives(to_vulkan);
    const Semaphore takes(to_cuda);
    const Stream first;
    const Stream second;
    MemoryGate gate(cuda_);
    NvSciSyncFence given = NvSciSyncFenceInitializer;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    gate.hold(first);
    ASSERT_EQ(gives.signal(first, &given), CUDA_SUCCESS);
    const NvSciVkSemaphoreValue awaited = waits.wait(given);
    submit(&awaited, signals.signal(&fence));
    ASSERT_EQ(takes.wait(second, fence), CUDA_SUCCESS);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_TRUE(is_held(cuda_, second));
    EXPECT_EQ(NvSciSyncFenceWait(&given, context_, 0), kTimeout);
    EXPECT_EQ(NvSciSyncFenceWait(&fence, context_, 0), kTimeout);
    gate.open();
    EXPECT_TRUE(comes_to_its_end(cuda_, second));
    EXPECT_EQ(wait(given), kSuccess);
    EXPECT_EQ(wait(fence), kSuccess);
    EXPECT_EQ(vkQueueWaitIdle(program().queue()), VK_SUCCESS);
}

TEST_F(VulkanFenceWithCuda, APoolThatGoesLetsStreamsGo) {
    const SyncList cpu = cpu_list(module_, NvSciSyncAccessPerm_WaitOnly);
    const SyncObject object = allocate({vulkan(kSignaler), gpu_list(module_, 2), cpu});
    Pool pool(program().device(), object);
    const Semaphore semaphore(object);
    const Stream stream;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    (void)pool.signal(&fence);
    ASSERT_EQ(semaphore.wait(stream, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_TRUE(is_held(cuda_, stream));
    pool.destroy();
    EXPECT_TRUE(comes_to_its_end(cuda_, stream));
    EXPECT_EQ(wait(fence), kResourceError);
}

// The program's counters of descriptors and of CUDA's objects are the fixture's.
TEST_F(VulkanFenceWithCuda, ObjectsThatComeAndGoLeaveNothing) {
    for (int i = 0; i < 50; ++i) {
        const SyncObject object = allocate({vulkan(kSignaler), gpu_list(module_, 2)});
        const Pool pool(program().device(), object);
        std::optional<Pool> twin;
        if (program().is_gpu()) twin.emplace(program().device(), object);  // a semaphore that is exported
        const Semaphore semaphore(object);
        const Stream stream;
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        submit(nullptr, pool.signal(&fence));
        ASSERT_EQ(semaphore.wait(stream, fence), CUDA_SUCCESS) << opennvsciGetLastErrorText();
        EXPECT_TRUE(comes_to_its_end(cuda_, stream));
        EXPECT_EQ(vkQueueWaitIdle(program().queue()), VK_SUCCESS);
    }
}

}  // namespace
}  // namespace opennvsci::test
