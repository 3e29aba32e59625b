// SPDX-License-Identifier: Apache-2.0
//
// What the tests on FakeVulkan share: the fake, whose device is the test's CUDA device, registered.
#pragma once

#include "buf_test.h"
#include "fake_vulkan.h"
#include "opennvsci.h"

namespace opennvsci::test {

class FakeTest : public BufTest {
  protected:
    FakeTest() { fake_.uuid = device_.device().uuid; }
    ~FakeTest() override { unregister(); }

    vk::VkResult register_instance() {
        return nvsciVkRegisterInstance(fake_.instance(), FakeVulkan::get_instance_proc_addr);
    }
    void register_all() {
        ASSERT_EQ(register_instance(), vk::VK_SUCCESS) << opennvsciGetLastErrorText();
        ASSERT_EQ(nvsciVkRegisterDevice(fake_.physical(), fake_.device()), vk::VK_SUCCESS)
            << opennvsciGetLastErrorText();
    }
    /// The device as it has become.
    void register_again() {
        unregister();
        register_all();
    }
    void unregister() { nvsciVkUnregisterInstance(fake_.instance()); }

    TestDevice& device_ = TestDevice::current();
    FakeVulkan fake_;
};

}  // namespace opennvsci::test
