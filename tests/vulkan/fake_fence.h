// SPDX-License-Identifier: Apache-2.0
//
// What the tests of fences on FakeVulkan share: the fake, registered, whose semaphores the software CUDA device
// imports. On a GPU they are skipped: its streams may not wait in host functions for each other.
#pragma once

#include <optional>
#include <string>

#include "fake_semaphores.h"
#include "fake_vulkan.h"
#include "fence_objects.h"
#include "sync_test.h"

namespace opennvsci::test {

inline ::testing::AssertionResult contains(const std::string& text, const std::string& part) {
    if (text.find(part) != std::string::npos) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "'" << text << "' does not contain '" << part << "'";
}

class FakeFenceTest : public LeakCheckedTest {
  protected:
    void SetUp() override {
        if (!device_.driver().is_software) GTEST_SKIP() << "for the software device";
        fake_.uuid = device_.device().uuid;
        register_all();
    }
    void TearDown() override {
        EXPECT_EQ(cuda_.cuCtxSynchronize(), cu::CUDA_SUCCESS);
        cpu_object(module_);  // the next object sweeps those that have ended
        cpu_object(module_);
        nvsciVkUnregisterInstance(fake_.instance());
        EXPECT_EQ(FakeImports::alive(), 0);
        LeakCheckedTest::TearDown();
    }
    void register_all() {
        ASSERT_EQ(nvsciVkRegisterInstance(fake_.instance(), FakeVulkan::get_instance_proc_addr), vk::VK_SUCCESS);
        ASSERT_EQ(nvsciVkRegisterDevice(fake_.physical(), fake_.device()), vk::VK_SUCCESS);
        ASSERT_EQ(nvsciVkRegisterDevice(fake_.physical(), other_device()), vk::VK_SUCCESS);
    }
    /// Another logical device of the same physical one.
    [[nodiscard]] vk::VkDevice other_device() { return reinterpret_cast<vk::VkDevice>(&fake_.enabled); }

    [[nodiscard]] SyncList vulkan(vk::VkSciSyncClientTypeNV client) {
        return vulkan_list(module_, fake_.physical(), client);
    }
    /// Streams signal, Vulkan waits; or Vulkan signals and streams wait; in both cases the CPU may wait.
    [[nodiscard]] SyncObject signaled_by_cuda() {
        return allocate({gpu_list(module_, 1), vulkan(kWaiter), cpu_list(module_, NvSciSyncAccessPerm_WaitOnly)});
    }
    [[nodiscard]] SyncObject signaled_by_vulkan() {
        return allocate({vulkan(kSignaler), gpu_list(module_, 2), cpu_list(module_, NvSciSyncAccessPerm_WaitOnly)});
    }
    [[nodiscard]] SyncObject signaled_by_cpu() {
        return allocate({cpu_list(module_, NvSciSyncAccessPerm_WaitSignal), vulkan(kWaiter)});
    }
    /// What a queue that submits the signal, or the wait, would see.
    [[nodiscard]] std::uint64_t reached(const vk::NvSciVkSemaphoreValue& value) const {
        return semaphores_.reached(value);
    }
    void submit(const vk::NvSciVkSemaphoreValue& signal) const { semaphores_.submit(signal); }
    [[nodiscard]] NvSciError poll(const NvSciSyncFence& fence) const { return NvSciSyncFenceWait(&fence, context_, 0); }

    TestDevice& device_ = TestDevice::current();
    const driver::EntryPoints& cuda_ = device_.cuda();
    FakeImports imports_;
    FakeVulkan fake_;
    FakeSemaphores semaphores_;
    SyncModule module_ = open_sync_module();
    WaitContext context_ = wait_context(module_);
};

}  // namespace opennvsci::test
