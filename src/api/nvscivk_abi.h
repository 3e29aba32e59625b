// SPDX-License-Identifier: Apache-2.0
//
// The functions of nvscivk.h for code of this project, which has no Vulkan headers: the same symbols, declared with the
// project's own restatement of Vulkan's types.
#pragma once

#include "base/vulkan_abi.h"

extern "C" {

opennvsci::vk::VkResult nvsciVkRegisterInstance(opennvsci::vk::VkInstance instance,
                                                opennvsci::vk::PFN_vkGetInstanceProcAddr getInstanceProcAddr);
void nvsciVkUnregisterInstance(opennvsci::vk::VkInstance instance);
opennvsci::vk::VkResult nvsciVkRegisterDevice(opennvsci::vk::VkPhysicalDevice physicalDevice,
                                              opennvsci::vk::VkDevice device);
void nvsciVkUnregisterDevice(opennvsci::vk::VkDevice device);

}  // extern "C"
