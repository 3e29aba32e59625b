// SPDX-License-Identifier: Apache-2.0
//
// The functions and structures of nvscivk.h for code of this project, which has no Vulkan headers: the same symbols,
// declared with the project's own restatement of Vulkan's types.
#pragma once

#include "base/vulkan_abi.h"

namespace opennvsci::vk {

struct NvSciVkMemoryProperties {
    VkExternalMemoryHandleTypeFlagBits handleType;
    std::uint32_t memoryTypeBits;
    VkDeviceSize size;
};

struct NvSciVkPlaneImageCreateInfo {
    const void* pNext;
    NvSciBufObj bufObj;
    std::uint32_t planeIndex;
    VkFormat format;
    VkFlags flags;
    VkFlags usage;
    VkSharingMode sharingMode;
    std::uint32_t queueFamilyIndexCount;
    const std::uint32_t* pQueueFamilyIndices;
};

}  // namespace opennvsci::vk

extern "C" {

opennvsci::vk::VkResult nvsciVkRegisterInstance(opennvsci::vk::VkInstance instance,
                                                opennvsci::vk::PFN_vkGetInstanceProcAddr getInstanceProcAddr);
void nvsciVkUnregisterInstance(opennvsci::vk::VkInstance instance);
opennvsci::vk::VkResult nvsciVkRegisterDevice(opennvsci::vk::VkPhysicalDevice physicalDevice,
                                              opennvsci::vk::VkDevice device);
void nvsciVkUnregisterDevice(opennvsci::vk::VkDevice device);

opennvsci::vk::VkResult nvsciVkGetPhysicalDeviceExternalMemorySciBufFeaturesNV(
    opennvsci::vk::VkPhysicalDevice physicalDevice,
    opennvsci::vk::VkPhysicalDeviceExternalMemorySciBufFeaturesNV* features);
opennvsci::vk::VkResult nvsciVkGetPhysicalDeviceSciBufAttributesNV(opennvsci::vk::VkPhysicalDevice physicalDevice,
                                                                   NvSciBufAttrList pAttributes);
opennvsci::vk::VkResult nvsciVkGetPhysicalDeviceExternalMemorySciBufPropertiesNV(
    opennvsci::vk::VkPhysicalDevice physicalDevice, opennvsci::vk::VkExternalMemoryHandleTypeFlagBits handleType,
    NvSciBufObj handle, opennvsci::vk::VkMemorySciBufPropertiesNV* pMemorySciBufProperties);
opennvsci::vk::VkResult nvsciVkGetMemoryProperties(opennvsci::vk::VkDevice device, NvSciBufObj bufObj,
                                                   opennvsci::vk::NvSciVkMemoryProperties* properties);
opennvsci::vk::VkResult nvsciVkAllocateMemory(opennvsci::vk::VkDevice device,
                                              const opennvsci::vk::VkMemoryAllocateInfo* pAllocateInfo,
                                              const opennvsci::vk::VkAllocationCallbacks* pAllocator,
                                              opennvsci::vk::VkDeviceMemory* pMemory);
void nvsciVkFreeMemory(opennvsci::vk::VkDevice device, opennvsci::vk::VkDeviceMemory memory,
                       const opennvsci::vk::VkAllocationCallbacks* pAllocator);
opennvsci::vk::VkResult nvsciVkGetMemorySciBufNV(opennvsci::vk::VkDevice device,
                                                 const opennvsci::vk::VkMemoryGetSciBufInfoNV* pGetSciBufInfo,
                                                 NvSciBufObj* pHandle);

opennvsci::vk::VkResult nvsciVkCreatePlaneImage(opennvsci::vk::VkDevice device,
                                                const opennvsci::vk::NvSciVkPlaneImageCreateInfo* pCreateInfo,
                                                const opennvsci::vk::VkAllocationCallbacks* pAllocator,
                                                opennvsci::vk::VkImage* pImage);
opennvsci::vk::VkResult nvsciVkBindPlaneImage(opennvsci::vk::VkDevice device, opennvsci::vk::VkImage image,
                                              opennvsci::vk::VkDeviceMemory memory, std::uint32_t planeIndex);

opennvsci::vk::VkResult nvsciVkGetPhysicalDeviceExternalSciSync2FeaturesNV(
    opennvsci::vk::VkPhysicalDevice physicalDevice,
    opennvsci::vk::VkPhysicalDeviceExternalSciSync2FeaturesNV* features);
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
