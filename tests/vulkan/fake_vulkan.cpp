// SPDX-License-Identifier: Apache-2.0
#include "fake_vulkan.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "failure_point.h"
#include "fake_semaphores.h"
#include "vulkan/entry_points.h"

namespace opennvsci::test {
namespace {

using namespace vk;  // NOLINT(google-build-using-namespace): Vulkan's own names

FakeVulkan* g_fake = nullptr;
std::uintptr_t g_next_handle = 0x1000;

template <class Handle>
Handle next_handle() {
    return reinterpret_cast<Handle>(g_next_handle += 0x10);
}

const VkBaseInStructure* find_in(const void* chain, VkStructureType type) {
    auto* structure = static_cast<const VkBaseInStructure*>(chain);
    while (structure != nullptr && structure->sType != type)
        structure = structure->pNext;
    return structure;
}

VkResult vkCreateInstance(const VkInstanceCreateInfo* info, const VkAllocationCallbacks*, VkInstance* instance) {
    if (FailurePoint::should_fail()) return VK_ERROR_OUT_OF_HOST_MEMORY;
    EXPECT_EQ(info->pApplicationInfo->apiVersion, kVersion1_1);
    ++g_fake->own_instances;
    *instance = g_fake->instance();
    return VK_SUCCESS;
}

void vkDestroyInstance(VkInstance, const VkAllocationCallbacks*) {
    --g_fake->own_instances;
}

VkResult vkEnumeratePhysicalDevices(VkInstance, std::uint32_t* count, VkPhysicalDevice* devices) {
    if (FailurePoint::should_fail()) return VK_ERROR_OUT_OF_HOST_MEMORY;
    if (devices != nullptr) devices[0] = g_fake->physical();
    *count = 1;
    return VK_SUCCESS;
}

VkResult vkEnumerateDeviceExtensionProperties(VkPhysicalDevice, const char*, std::uint32_t* count,
                                              VkExtensionProperties* properties) {
    if (FailurePoint::should_fail()) return VK_ERROR_OUT_OF_HOST_MEMORY;
    *count = static_cast<std::uint32_t>(g_fake->extensions.size());
    if (properties == nullptr) return VK_SUCCESS;
    for (const std::string& name : g_fake->extensions)
        std::strncpy((properties++)->extensionName, name.c_str(), sizeof(properties->extensionName) - 1);
    return VK_SUCCESS;
}

void vkGetPhysicalDeviceProperties2(VkPhysicalDevice, VkPhysicalDeviceProperties2* properties) {
    std::strcpy(properties->properties.deviceName, "fake device");
    properties->properties.deviceType = g_fake->is_cpu ? VK_PHYSICAL_DEVICE_TYPE_CPU : VkPhysicalDeviceType{2};
    if (auto* id = find_in(properties->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES)) {
        std::memcpy(const_cast<VkPhysicalDeviceIDProperties*>(reinterpret_cast<const VkPhysicalDeviceIDProperties*>(id))
                        ->deviceUUID,
                    g_fake->uuid.bytes.data(), kUuidSize);
    }
    if (auto* host =
            find_in(properties->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT)) {
        const_cast<VkPhysicalDeviceExternalMemoryHostPropertiesEXT*>(
            reinterpret_cast<const VkPhysicalDeviceExternalMemoryHostPropertiesEXT*>(host))
            ->minImportedHostPointerAlignment = g_fake->host_pointer_alignment;
    }
}

// Type 0: of no heap that matters; 1: the device's; 2 and 3: the CPU's.
void vkGetPhysicalDeviceMemoryProperties(VkPhysicalDevice, VkPhysicalDeviceMemoryProperties* properties) {
    *properties = {};
    properties->memoryTypeCount = 4;
    properties->memoryTypes[1].propertyFlags = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
    properties->memoryTypes[2].propertyFlags = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;
    properties->memoryTypes[3].propertyFlags = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;
}

VkResult vkGetPhysicalDeviceImageFormatProperties2(VkPhysicalDevice, const VkPhysicalDeviceImageFormatInfo2* info,
                                                   VkImageFormatProperties2* properties) {
    if (FailurePoint::should_fail()) return VK_ERROR_OUT_OF_HOST_MEMORY;
    EXPECT_NE(find_in(info->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO), nullptr);
    properties->imageFormatProperties.maxExtent = {16384, 16384, 1};
    if (auto* external = find_in(properties->pNext, VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES)) {
        const_cast<VkExternalImageFormatProperties*>(reinterpret_cast<const VkExternalImageFormatProperties*>(external))
            ->externalMemoryProperties.externalMemoryFeatures = g_fake->image_features;
    }
    return VK_SUCCESS;
}

VkResult vkAllocateMemory(VkDevice, const VkMemoryAllocateInfo* info, const VkAllocationCallbacks*,
                          VkDeviceMemory* memory) {
    if (FailurePoint::should_fail()) return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    FakeVulkan::Memory made;
    made.size = info->allocationSize;
    made.type = info->memoryTypeIndex;
    g_fake->last_chain = info->pNext;
    if (auto* found = find_in(info->pNext, VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR)) {
        made.descriptor = reinterpret_cast<const VkImportMemoryFdInfoKHR*>(found)->fd;
        g_fake->last_chain = found->pNext;
        EXPECT_NE(::fcntl(made.descriptor, F_GETFD), -1) << "the descriptor is not open";
    }
    if (auto* found = find_in(info->pNext, VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT)) {
        made.pointer = reinterpret_cast<const VkImportMemoryHostPointerInfoEXT*>(found)->pHostPointer;
        g_fake->last_chain = found->pNext;
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(made.pointer) % 4096, 0U);
        EXPECT_EQ(made.size % 4096, 0U);
    }
    if (g_fake->while_allocating) g_fake->while_allocating();
    *memory = next_handle<VkDeviceMemory>();
    g_fake->memories[*memory] = made;
    return VK_SUCCESS;
}

void vkFreeMemory(VkDevice, VkDeviceMemory memory, const VkAllocationCallbacks*) {
    const auto found = g_fake->memories.find(memory);
    ASSERT_NE(found, g_fake->memories.end());
    if (found->second.descriptor >= 0) ::close(found->second.descriptor);
    g_fake->memories.erase(found);
}

VkResult vkCreateImage(VkDevice, const VkImageCreateInfo* info, const VkAllocationCallbacks*, VkImage* image) {
    if (FailurePoint::should_fail()) return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    auto* external = reinterpret_cast<const VkExternalMemoryImageCreateInfo*>(
        find_in(info->pNext, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO));
    *image = next_handle<VkImage>();
    g_fake->images[*image] = {*info, external != nullptr ? external->handleTypes : 0};
    return VK_SUCCESS;
}

void vkDestroyImage(VkDevice, VkImage image, const VkAllocationCallbacks*) {
    EXPECT_EQ(g_fake->images.erase(image), 1U);
}

std::uint32_t texel_bytes(VkFormat format) {
    return format == VK_FORMAT_R8_UNORM ? 1 : format == VK_FORMAT_R8G8_UNORM ? 2 : 4;
}

VkDeviceSize pitch_of(const FakeVulkan::Image& image) {
    if (g_fake->row_pitch != 0) return g_fake->row_pitch;
    const VkDeviceSize bytes = VkDeviceSize{image.info.extent.width} * texel_bytes(image.info.format);
    return (bytes + g_fake->row_alignment - 1) / g_fake->row_alignment * g_fake->row_alignment;
}

void vkGetImageMemoryRequirements(VkDevice, VkImage image, VkMemoryRequirements* requirements) {
    *requirements = g_fake->image;
    const FakeVulkan::Image& known = g_fake->images.at(image);
    if (requirements->size == 0) requirements->size = pitch_of(known) * known.info.extent.height;
}

void vkGetImageSubresourceLayout(VkDevice, VkImage image, const VkImageSubresource*, VkSubresourceLayout* layout) {
    *layout = {};
    layout->rowPitch = pitch_of(g_fake->images.at(image));
    layout->size = layout->rowPitch * g_fake->images.at(image).info.extent.height;
}

VkResult vkBindImageMemory(VkDevice, VkImage image, VkDeviceMemory memory, VkDeviceSize offset) {
    if (FailurePoint::should_fail()) return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    g_fake->images.at(image).bound = memory;
    g_fake->images.at(image).offset = offset;
    return VK_SUCCESS;
}

VkResult vkGetMemoryFdKHR(VkDevice, const void*, int*) {
    return VK_ERROR_UNKNOWN;
}

VkResult vkGetMemoryHostPointerPropertiesEXT(VkDevice, VkExternalMemoryHandleTypeFlagBits, const void*,
                                             VkMemoryHostPointerPropertiesEXT* properties) {
    if (FailurePoint::should_fail()) return VK_ERROR_INVALID_EXTERNAL_HANDLE;
    properties->memoryTypeBits = g_fake->host_pointer_types;
    return VK_SUCCESS;
}

PFN_vkVoidFunction vkGetDeviceProcAddr(VkDevice, const char* name) {
    if (g_fake->absent.contains(name)) return nullptr;
#define OPENNVSCI_FIND(function, extension, result, parameters)                          \
    if (std::strcmp(name, #function) == 0) {                                             \
        const bool is_there = *extension == '\0' || g_fake->enabled.contains(extension); \
        return is_there ? reinterpret_cast<PFN_vkVoidFunction>(function) : nullptr;      \
    }
    OPENNVSCI_VULKAN_DEVICE_FUNCTIONS(OPENNVSCI_FIND)
#undef OPENNVSCI_FIND
    return nullptr;
}

}  // namespace

FakeVulkan::FakeVulkan() {
    g_fake = this;
}

FakeVulkan::~FakeVulkan() {
    EXPECT_EQ(own_instances, 0);
    EXPECT_TRUE(memories.empty());
    EXPECT_TRUE(images.empty());
    g_fake = nullptr;
}

VkInstance FakeVulkan::instance() noexcept {
    return reinterpret_cast<VkInstance>(this);
}

VkPhysicalDevice FakeVulkan::physical() noexcept {
    return reinterpret_cast<VkPhysicalDevice>(&uuid);
}

VkDevice FakeVulkan::device() noexcept {
    return reinterpret_cast<VkDevice>(&extensions);
}

PFN_vkVoidFunction FakeVulkan::get_instance_proc_addr(VkInstance, const char* name) {
    if (g_fake->absent.contains(name)) return nullptr;
    if (std::strcmp(name, "vkCreateInstance") == 0) return reinterpret_cast<PFN_vkVoidFunction>(vkCreateInstance);
    if (std::strcmp(name, "vkDestroyInstance") == 0) return reinterpret_cast<PFN_vkVoidFunction>(vkDestroyInstance);
#define OPENNVSCI_FIND(function, extension, result, parameters) \
    if (std::strcmp(name, #function) == 0) return reinterpret_cast<PFN_vkVoidFunction>(function);
    OPENNVSCI_VULKAN_INSTANCE_FUNCTIONS(OPENNVSCI_FIND)
#undef OPENNVSCI_FIND
    return nullptr;
}

}  // namespace opennvsci::test
