// SPDX-License-Identifier: Apache-2.0
//
// What the tests on a real Vulkan share. Where the machine has none that fits the device, each test skips itself and
// says why.
#pragma once

#include <utility>

#include "buf_test.h"
#include "vulkan_program.h"

namespace opennvsci::test {

class VulkanTest : public BufTest {
  protected:
    // Drivers open files with the first use of what they have, and keep them: that is no leak of a test.
    static void SetUpTestSuite() {
        static bool is_warm = VulkanProgram::instance() == nullptr;
        if (!std::exchange(is_warm, true)) use_everything_once();
    }
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

  private:
    static void use_everything_once() {
        TestDevice::current();
        const Module module = open_module();
        for (const bool with_cpu : {false, true}) {
            const List list = raw_list(module, 4096);
            EXPECT_EQ(nvsciVkGetPhysicalDeviceSciBufAttributesNV(vulkan().physical(), list), VK_SUCCESS);
            if (with_cpu && vulkan().is_gpu()) {
                EXPECT_EQ(set(list, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
            }
            const Object object = allocate(reconciled({list}));
            ImportedMemory memory;
            EXPECT_EQ(memory.import(object), VK_SUCCESS) << opennvsciGetLastErrorText();
            ImportedBuffer buffer;
            EXPECT_EQ(buffer.create(object, 4096, memory.get()), VK_SUCCESS);
            vulkan().write(buffer.get(), vulkan().read(buffer.get(), 4096));
        }
    }
};

}  // namespace opennvsci::test
