// SPDX-License-Identifier: Apache-2.0
//
// The functions of nvscivk.h for instances, devices and memory.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "api/call.h"
#include "api/handles.h"
#include "api/nvscivk_abi.h"
#include "vulkan/registry.h"

using namespace opennvsci;      // NOLINT(google-build-using-namespace): extern "C" functions stand outside
using namespace opennvsci::vk;  // NOLINT(google-build-using-namespace): Vulkan's own names
using vulkan::Registry;

namespace {

// They end before what they are of.
void end_semaphore_pools(const std::vector<VkDevice>& devices) {
    std::vector<std::uint64_t> ended;
    api::semaphore_pools().for_each_own([&](std::uint64_t number, const std::unique_ptr<vulkan::SemaphorePool>& pool) {
        if (std::ranges::find(devices, pool->device().handle()) != devices.end()) ended.push_back(number);
    });
    for (const std::uint64_t number : ended)
        api::semaphore_pools().close(number);
}

}  // namespace

VkResult nvsciVkRegisterInstance(VkInstance instance, PFN_vkGetInstanceProcAddr getInstanceProcAddr) {
    return api::vulkan_call(__func__, [&]() -> Result<> {
        if (instance == nullptr) return api::null_argument("instance");
        OPENNVSCI_TRY_ASSIGN(queried, vulkan::Instance::query(instance, getInstanceProcAddr));
        Registry::instance().insert(instance, std::move(queried));
        return {};
    });
}

void nvsciVkUnregisterInstance(VkInstance instance) {
    api::void_call(__func__, [&]() -> Result<> {
        end_semaphore_pools(Registry::instance().devices_of(instance));
        Registry::instance().erase(instance);
        return {};
    });
}

VkResult nvsciVkRegisterDevice(VkPhysicalDevice physicalDevice, VkDevice device) {
    return api::vulkan_call(__func__, [&]() -> Result<> {
        if (device == nullptr) return api::null_argument("device");
        OPENNVSCI_TRY_ASSIGN(physical, Registry::instance().find(physicalDevice));
        OPENNVSCI_TRY_ASSIGN(created, vulkan::Device::create(std::move(physical), device));
        Registry::instance().insert(std::move(created));
        return {};
    });
}

void nvsciVkUnregisterDevice(VkDevice device) {
    api::void_call(__func__, [&]() -> Result<> {
        end_semaphore_pools({device});
        Registry::instance().erase(device);
        return {};
    });
}
