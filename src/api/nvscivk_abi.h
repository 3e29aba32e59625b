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

opennvsci::vk::VkResult nvsciVkGetPhysicalDeviceExternalSciSync2FeaturesNV(
    opennvsci::vk::VkPhysicalDevice physicalDevice, opennvsci::vk::VkPhysicalDeviceExternalSciSync2FeaturesNV* features);
opennvsci::vk::VkResult nvsciVkGetPhysicalDeviceSciSyncAttributesNV(
    opennvsci::vk::VkPhysicalDevice physicalDevice,
    const opennvsci::vk::VkSciSyncAttributesInfoNV* pSciSyncAttributesInfo, NvSciSyncAttrList pAttributes);
opennvsci::vk::VkResult nvsciVkCreateSemaphoreSciSyncPoolNV(
    opennvsci::vk::VkDevice device, const opennvsci::vk::VkSemaphoreSciSyncPoolCreateInfoNV* pCreateInfo,
    const opennvsci::vk::VkAllocationCallbacks* pAllocator, opennvsci::vk::VkSemaphoreSciSyncPoolNV* pSemaphorePool);
void nvsciVkDestroySemaphoreSciSyncPoolNV(opennvsci::vk::VkDevice device,
                                          opennvsci::vk::VkSemaphoreSciSyncPoolNV semaphorePool,
                                          const opennvsci::vk::VkAllocationCallbacks* pAllocator);
opennvsci::vk::VkResult nvsciVkGetWaitSemaphore(opennvsci::vk::VkDevice device,
                                                const opennvsci::vk::VkSemaphoreSciSyncCreateInfoNV* pCreateInfo,
                                                opennvsci::vk::NvSciVkSemaphoreValue* pSemaphoreWait);
opennvsci::vk::VkResult nvsciVkGetSignalSemaphore(opennvsci::vk::VkDevice device,
                                                  const opennvsci::vk::VkSemaphoreSciSyncCreateInfoNV* pCreateInfo,
                                                  opennvsci::vk::NvSciVkSemaphoreValue* pSemaphoreSignal);

}  // extern "C"
