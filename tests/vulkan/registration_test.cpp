// SPDX-License-Identifier: Apache-2.0
//
// How Vulkan is found: through what the program hands in, or has loaded; and what is said where it is not.
#include "fake_test.h"

namespace opennvsci::test {
namespace {

using namespace vk;  // NOLINT(google-build-using-namespace): Vulkan's own names

class RegistrationTest : public FakeTest {};

TEST_F(RegistrationTest, AnInstanceAndADeviceAreKnownUntilTheyAreUnregistered) {
    EXPECT_EQ(nvsciVkRegisterDevice(fake_.physical(), fake_.device()), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "nvsciVkRegisterInstance"));
    register_all();
    register_all();  // once more is the same
    nvsciVkUnregisterDevice(fake_.device());
    nvsciVkUnregisterDevice(fake_.device());
    nvsciVkUnregisterInstance(fake_.instance());
    nvsciVkUnregisterInstance(nullptr);
    EXPECT_EQ(nvsciVkRegisterDevice(fake_.physical(), fake_.device()), VK_ERROR_VALIDATION_FAILED_EXT);
}

TEST_F(RegistrationTest, NullIsRefused) {
    EXPECT_EQ(nvsciVkRegisterInstance(nullptr, FakeVulkan::get_instance_proc_addr), VK_ERROR_VALIDATION_FAILED_EXT);
    ASSERT_EQ(register_instance(), VK_SUCCESS);
    EXPECT_EQ(nvsciVkRegisterDevice(nullptr, fake_.device()), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_EQ(nvsciVkRegisterDevice(fake_.physical(), nullptr), VK_ERROR_VALIDATION_FAILED_EXT);
}

// This program is not linked with Vulkan.
TEST_F(RegistrationTest, WithoutAVulkanInTheProcessTheProgramHasToPassIt) {
    EXPECT_EQ(nvsciVkRegisterInstance(fake_.instance(), nullptr), VK_ERROR_INITIALIZATION_FAILED);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "libvulkan.so.1"));
}

TEST_F(RegistrationTest, AFunctionOfVulkanThatIsMissingIsNamed) {
    for (const char* function : {"vkGetPhysicalDeviceProperties2", "vkGetDeviceProcAddr"}) {
        fake_.absent = {function};
        EXPECT_EQ(register_instance(), VK_ERROR_INCOMPATIBLE_DRIVER);
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), function));
    }
    fake_.absent.clear();
    ASSERT_EQ(register_instance(), VK_SUCCESS);
    fake_.absent = {"vkBindImageMemory"};
    EXPECT_EQ(nvsciVkRegisterDevice(fake_.physical(), fake_.device()), VK_ERROR_INCOMPATIBLE_DRIVER);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "vkBindImageMemory"));
}

}  // namespace
}  // namespace opennvsci::test
