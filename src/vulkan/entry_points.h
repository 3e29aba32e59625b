// SPDX-License-Identifier: Apache-2.0
//
// The functions of Vulkan that this project calls, one row each. They are asked for with what the program hands in, or
// of the libvulkan.so.1 that it has loaded; nothing is linked and nothing is loaded. A function of a device belongs to
// that device alone, so extensions of others change nothing.
//
// ENTRY(name, extension, result, parameters): Vulkan's name; the device extension that brings it, without which it is
// null, or "" for what must be there; what it returns; the parameter list. For extensions that became a part of Vulkan
// the name is the later one, and the function is looked for under both.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/vulkan_abi.h"

#define OPENNVSCI_VULKAN_INSTANCE_FUNCTIONS(ENTRY)                                                                     \
    ENTRY(vkEnumeratePhysicalDevices, "", VkResult,                                                                    \
          (VkInstance instance, std::uint32_t * count, VkPhysicalDevice * devices))                                    \
    ENTRY(vkEnumerateDeviceExtensionProperties, "", VkResult,                                                          \
          (VkPhysicalDevice device, const char* layer, std::uint32_t* count, VkExtensionProperties* properties))       \
    ENTRY(vkGetPhysicalDeviceProperties2, "", void,                                                                    \
          (VkPhysicalDevice device, VkPhysicalDeviceProperties2 * properties))                                         \
    ENTRY(vkGetPhysicalDeviceMemoryProperties, "", void,                                                               \
          (VkPhysicalDevice device, VkPhysicalDeviceMemoryProperties * properties))                                    \
    ENTRY(                                                                                                             \
        vkGetPhysicalDeviceImageFormatProperties2, "", VkResult,                                                       \
        (VkPhysicalDevice device, const VkPhysicalDeviceImageFormatInfo2* info, VkImageFormatProperties2* properties)) \
    ENTRY(vkGetPhysicalDeviceFeatures2, "", void, (VkPhysicalDevice device, VkPhysicalDeviceFeatures2 * features))     \
    ENTRY(vkGetPhysicalDeviceExternalSemaphoreProperties, "", void,                                                    \
          (VkPhysicalDevice device, const VkPhysicalDeviceExternalSemaphoreInfo* info,                                 \
           VkExternalSemaphoreProperties* properties))                                                                 \
    ENTRY(vkGetDeviceProcAddr, "", PFN_vkVoidFunction, (VkDevice device, const char* name))

#define OPENNVSCI_VULKAN_DEVICE_FUNCTIONS(ENTRY)                                                                    \
    ENTRY(vkAllocateMemory, "", VkResult,                                                                           \
          (VkDevice device, const VkMemoryAllocateInfo* info, const VkAllocationCallbacks* allocator,               \
           VkDeviceMemory* memory))                                                                                 \
    ENTRY(vkFreeMemory, "", void, (VkDevice device, VkDeviceMemory memory, const VkAllocationCallbacks* allocator)) \
    ENTRY(vkCreateImage, "", VkResult,                                                                              \
          (VkDevice device, const VkImageCreateInfo* info, const VkAllocationCallbacks* allocator, VkImage* image)) \
    ENTRY(vkDestroyImage, "", void, (VkDevice device, VkImage image, const VkAllocationCallbacks* allocator))       \
    ENTRY(vkGetImageMemoryRequirements, "", void,                                                                   \
          (VkDevice device, VkImage image, VkMemoryRequirements * requirements))                                    \
    ENTRY(vkGetImageSubresourceLayout, "", void,                                                                    \
          (VkDevice device, VkImage image, const VkImageSubresource* subresource, VkSubresourceLayout* layout))     \
    ENTRY(vkBindImageMemory, "", VkResult,                                                                          \
          (VkDevice device, VkImage image, VkDeviceMemory memory, VkDeviceSize offset))                             \
    ENTRY(vkCreateSemaphore, "", VkResult,                                                                          \
          (VkDevice device, const VkSemaphoreCreateInfo* info, const VkAllocationCallbacks* allocator,              \
           VkSemaphore* semaphore))                                                                                 \
    ENTRY(vkDestroySemaphore, "", void,                                                                             \
          (VkDevice device, VkSemaphore semaphore, const VkAllocationCallbacks* allocator))                         \
    ENTRY(vkGetSemaphoreCounterValue, "VK_KHR_timeline_semaphore", VkResult,                                        \
          (VkDevice device, VkSemaphore semaphore, std::uint64_t * value))                                          \
    ENTRY(vkSignalSemaphore, "VK_KHR_timeline_semaphore", VkResult,                                                 \
          (VkDevice device, const VkSemaphoreSignalInfo* info))                                                     \
    ENTRY(vkGetSemaphoreFdKHR, "VK_KHR_external_semaphore_fd", VkResult,                                            \
          (VkDevice device, const VkSemaphoreGetFdInfoKHR* info, int* descriptor))                                  \
    ENTRY(vkImportSemaphoreFdKHR, "VK_KHR_external_semaphore_fd", VkResult,                                         \
          (VkDevice device, const VkImportSemaphoreFdInfoKHR* info))                                                \
    ENTRY(vkGetMemoryFdKHR, "VK_KHR_external_memory_fd", VkResult,                                                  \
          (VkDevice device, const void* info, int* descriptor))                                                     \
    ENTRY(vkGetMemoryHostPointerPropertiesEXT, "VK_EXT_external_memory_host", VkResult,                             \
          (VkDevice device, VkExternalMemoryHandleTypeFlagBits type, const void* pointer,                           \
           VkMemoryHostPointerPropertiesEXT* properties))

namespace opennvsci::vulkan {

using namespace vk;  // NOLINT(google-build-using-namespace): this floor is where Vulkan's names are at home

#define OPENNVSCI_MEMBER(name, extension, result, parameters) result(*name) parameters = nullptr;

/// The functions of an instance and of its physical devices. None is null.
struct InstanceFunctions {
    OPENNVSCI_VULKAN_INSTANCE_FUNCTIONS(OPENNVSCI_MEMBER)

    /// Errors: INITIALIZATION_FAILED if `ask` is null and the process has no libvulkan.so.1; INCOMPATIBLE_DRIVER with
    /// the name of the function that is missing.
    [[nodiscard]] static Result<InstanceFunctions> load(VkInstance instance, PFN_vkGetInstanceProcAddr ask);
};

/// The functions of a device. Those of an extension are null if it is not enabled.
struct DeviceFunctions {
    OPENNVSCI_VULKAN_DEVICE_FUNCTIONS(OPENNVSCI_MEMBER)

    /// Errors: INCOMPATIBLE_DRIVER with the name of the function that is missing.
    [[nodiscard]] static Result<DeviceFunctions> load(const InstanceFunctions& instance, VkDevice device);
};

#undef OPENNVSCI_MEMBER

/// A failure that leaves a function of nvscivk.h as `result`.
[[nodiscard]] [[gnu::cold]] tl::unexpected<Error> fail(VkResult result, NvSciError code, std::string text);

/// The failure of Vulkan's own function `call`: "CALL failed: VK_ERROR_X".
[[nodiscard]] [[gnu::cold]] tl::unexpected<Error> call_failed(VkResult result, std::string_view call);

}  // namespace opennvsci::vulkan
