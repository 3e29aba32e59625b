// SPDX-License-Identifier: Apache-2.0
//
// What is told of Vulkan's devices, by an instance that the library makes for the question and ends again.
#include "failure_walk.h"
#include "fake_test.h"

namespace opennvsci::test {
namespace {

class VulkanDevicesTest : public FakeTest {
  protected:
    static void* functions() { return reinterpret_cast<void*>(FakeVulkan::get_instance_proc_addr); }
    /// The only device of the fake.
    static OpenNvSciVulkanDevice look() {
        const OpenNvSciVulkanDevice* devices = nullptr;
        std::size_t count = 0;
        EXPECT_EQ(opennvsciGetVulkanDevices(functions(), &devices, &count), kSuccess) << opennvsciGetLastErrorText();
        EXPECT_EQ(count, 1U);
        return count == 1 ? devices[0] : OpenNvSciVulkanDevice{};
    }
};

TEST_F(VulkanDevicesTest, WhatAGpuCanDoIsTold) {
    OpenNvSciVulkanDevice device = look();
    EXPECT_STREQ(device.name, "fake device");
    EXPECT_EQ(std::memcmp(device.deviceId.bytes, fake_.uuid.bytes.data(), vk::kUuidSize), 0);
    EXPECT_EQ(std::memcmp(device.gpuId.bytes, device_.device().uuid.bytes.data(), vk::kUuidSize), 0);
    EXPECT_STREQ(device.obstacle, "");
    EXPECT_EQ(device.hostPointerAlignment, 4096U);
    EXPECT_TRUE(device.importsDescriptors);
    EXPECT_TRUE(device.hasBlockLinearImages);
    EXPECT_TRUE(device.hasPitchLinearImages);
    EXPECT_TRUE(device.hasTimelineSemaphores);
    EXPECT_TRUE(device.sharesSemaphores);
    EXPECT_EQ(fake_.own_instances, 0);

    fake_.image_features = 0;
    device = look();
    EXPECT_FALSE(device.hasBlockLinearImages);
    EXPECT_FALSE(device.hasPitchLinearImages);

    fake_.extensions.clear();
    device = look();
    EXPECT_TRUE(contains(device.obstacle, "has no VK_KHR_external_memory_fd"));
    EXPECT_FALSE(device.importsDescriptors);
    EXPECT_EQ(device.hostPointerAlignment, 0U);
}

TEST_F(VulkanDevicesTest, ADeviceThatCudaDoesNotKnowHasSystemMemoryAndSemaphoresOfItsOwn) {
    fake_.is_cpu = true;
    const OpenNvSciVulkanDevice device = look();
    EXPECT_TRUE(Uuid::from(device.gpuId.bytes).is_null());
    EXPECT_STREQ(device.obstacle, "");
    EXPECT_FALSE(device.hasBlockLinearImages);
    EXPECT_TRUE(device.hasPitchLinearImages);
    EXPECT_TRUE(device.hasTimelineSemaphores);
    EXPECT_FALSE(device.sharesSemaphores);
}

TEST_F(VulkanDevicesTest, WhatCannotBeAskedIsAnError) {
    const OpenNvSciVulkanDevice* devices = nullptr;
    std::size_t count = 0;
    EXPECT_EQ(opennvsciGetVulkanDevices(nullptr, &devices, &count), kBadParameter);
    EXPECT_EQ(opennvsciGetVulkanDevices(functions(), nullptr, &count), kBadParameter);
    EXPECT_EQ(opennvsciGetVulkanDevices(functions(), &devices, nullptr), kBadParameter);
    fake_.absent.insert("vkGetPhysicalDeviceProperties2");
    EXPECT_EQ(opennvsciGetVulkanDevices(functions(), &devices, &count), NvSciError_NotSupported);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "must be of Vulkan 1.1"));
    fake_.absent.insert("vkCreateInstance");
    EXPECT_NE(opennvsciGetVulkanDevices(functions(), &devices, &count), kSuccess);
    EXPECT_EQ(devices, nullptr);
}

TEST_F(VulkanDevicesTest, AFailureAtEveryCallLeavesNoInstance) {
    (void)look();  // CUDA is asked once
    const long failures = expect_failures_come_back(kEveryPoint, [&](FailurePoint& point) {
        const OpenNvSciVulkanDevice* devices = nullptr;
        std::size_t count = 0;
        point.arm();
        const NvSciError code = opennvsciGetVulkanDevices(functions(), &devices, &count);
        point.disarm();
        EXPECT_EQ(fake_.own_instances, 0);
        return outcome_of(code);
    });
    EXPECT_GT(failures, 5);
}

}  // namespace
}  // namespace opennvsci::test
