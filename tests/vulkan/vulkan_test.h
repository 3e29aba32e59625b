// SPDX-License-Identifier: Apache-2.0
//
// What the tests on a real Vulkan share. Where the machine has none that fits the device, each test skips itself and
// says why.
#pragma once

#include "buf_test.h"
#include "vulkan_program.h"

namespace opennvsci::test {

class VulkanTest : public BufTest {
  protected:
    static void SetUpTestSuite() { (void)VulkanProgram::instance(); }
    void SetUp() override {
        if (VulkanProgram::instance() == nullptr) GTEST_SKIP() << "SKIPPED: " << VulkanProgram::reason();
    }
    static VulkanProgram& vulkan() { return *VulkanProgram::instance(); }

    /// An object of these attributes and of what the Vulkan device needs.
    [[nodiscard]] Object object_of(const Attributes& attributes) const {
        const List list = attributes.list(module_);
        EXPECT_EQ(nvsciVkGetPhysicalDeviceSciBufAttributesNV(vulkan().physical(), list), VK_SUCCESS)
            << opennvsciGetLastErrorText();
        return allocate(reconciled({list}));
    }
    template <class T>
    static T attribute(NvSciBufObj object, NvSciBufAttrKey key, std::size_t i = 0) {
        NvSciBufAttrList list = nullptr;
        EXPECT_EQ(NvSciBufObjGetAttrList(object, &list), kSuccess);
        const auto values = get<T>(list, key);
        EXPECT_LT(i, values.size());
        return i < values.size() ? values[i] : T{};
    }

    TestDevice& device_ = TestDevice::current();
};

}  // namespace opennvsci::test
