// SPDX-License-Identifier: Apache-2.0
//
// FakeVulkan: a Vulkan of one instance and one physical device, as functions that the library finds through
// vkGetInstanceProcAddr. It does what a driver does with memory, and no more: it takes descriptors and host pointers,
// counts what is alive, and says of images what a test wants. Every function that may fail is a failure point.
//
// One at a time: the functions of Vulkan have no place for it.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "api/nvscivk_abi.h"
#include "base/uuid.h"

namespace opennvsci::test {

class FakeVulkan {
  public:
    FakeVulkan();
    FakeVulkan(const FakeVulkan&) = delete;
    FakeVulkan& operator=(const FakeVulkan&) = delete;
    ~FakeVulkan();

    // What the device is; to be set before the instance is registered.
    Uuid uuid{};
    bool is_cpu = false;
    std::set<std::string> extensions{"VK_KHR_external_memory_fd", "VK_EXT_external_memory_host",
                                     "VK_KHR_timeline_semaphore", "VK_KHR_external_semaphore_fd"};
    std::set<std::string> enabled = extensions;  ///< of the logical device
    std::set<std::string, std::less<>> absent;   ///< functions that Vulkan does not have

    vk::VkDeviceSize host_pointer_alignment = 4096;

    // What it says of images: of every image, unless a test changes it. Size 0: as great as the rows need.
    vk::VkFlags image_features = vk::VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
    vk::VkMemoryRequirements image{0, 65536, 0x0F};
    vk::VkDeviceSize row_pitch = 0;  ///< 0: bytes of a row, rounded up to `row_alignment`
    vk::VkDeviceSize row_alignment = 256;
    std::uint32_t host_pointer_types = 0x0C;

    /// Memory as the driver has it: a descriptor that it took, or a host pointer.
    struct Memory {
        int descriptor = -1;
        void* pointer = nullptr;
        vk::VkDeviceSize size = 0;
        std::uint32_t type = 0;
    };
    std::map<vk::VkDeviceMemory, Memory> memories;
    struct Image {
        vk::VkImageCreateInfo info;
        vk::VkFlags handle_types;
        vk::VkDeviceMemory bound = nullptr;
        vk::VkDeviceSize offset = 0;
    };
    std::map<vk::VkImage, Image> images;
    int own_instances = 0;                   ///< that are made with vkCreateInstance
    std::function<void()> while_allocating;  ///< what happens meanwhile: in an allocator's callback, in other threads
    const void* last_chain = nullptr;        ///< what followed the import in the chain of the last allocation

    [[nodiscard]] vk::VkInstance instance() noexcept;
    [[nodiscard]] vk::VkPhysicalDevice physical() noexcept;
    [[nodiscard]] vk::VkDevice device() noexcept;
    static vk::PFN_vkVoidFunction get_instance_proc_addr(vk::VkInstance instance, const char* name);
};

}  // namespace opennvsci::test
