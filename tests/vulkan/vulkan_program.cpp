// SPDX-License-Identifier: Apache-2.0
#include "vulkan_program.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

#include "device.h"
#include "opennvsci.h"

namespace opennvsci::test {
namespace {

std::string g_reason;

// The least memory type of `bits` that has `flags`.
std::uint32_t type_with(VkPhysicalDevice physical, std::uint32_t bits, VkMemoryPropertyFlags flags) {
    VkPhysicalDeviceMemoryProperties memory;
    vkGetPhysicalDeviceMemoryProperties(physical, &memory);
    for (std::uint32_t i = 0; i < memory.memoryTypeCount; ++i) {
        if ((bits >> i & 1U) != 0 && (memory.memoryTypes[i].propertyFlags & flags) == flags) return i;
    }
    ADD_FAILURE() << "no memory type of " << bits << " has the properties " << flags;
    return 0;
}

}  // namespace

VulkanProgram* VulkanProgram::instance() {
    static VulkanProgram* const made = [] {
        auto* program = new VulkanProgram;  // to the end of the process
        return program->start() ? program : nullptr;
    }();
    return made;
}

const std::string& VulkanProgram::reason() {
    return g_reason;
}

bool VulkanProgram::start() {
    is_gpu_ = !TestDevice::instance().driver().is_software;
    VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
    application.apiVersion = VK_API_VERSION_1_2;
    VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
    info.pApplicationInfo = &application;
    const VkResult result = vkCreateInstance(&info, nullptr, &instance_);
    if (result != VK_SUCCESS) {
        g_reason = "vkCreateInstance gives " + std::to_string(result) + ": there is no driver of Vulkan";
        return false;
    }
    return choose_device() && create_device() && nvsciVkRegisterInstance(instance_, nullptr) == VK_SUCCESS &&
           nvsciVkRegisterDevice(physical_, device_) == VK_SUCCESS;
}

bool VulkanProgram::choose_device() {
    std::uint32_t count = 0;
    vkEnumeratePhysicalDevices(instance_, &count, nullptr);
    std::vector<VkPhysicalDevice> devices(count);
    vkEnumeratePhysicalDevices(instance_, &count, devices.data());
    for (const VkPhysicalDevice device : devices) {
        VkPhysicalDeviceIDProperties id{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES};
        VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &id, {}};
        vkGetPhysicalDeviceProperties2(device, &properties);
        const bool is_it = is_gpu_ ? TestDevice::instance().device().has_uuid(Uuid::from(id.deviceUUID))
                                   : properties.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
        if (!is_it) continue;
        physical_ = device;
        name_ = properties.properties.deviceName;
        return true;
    }
    g_reason = "none of the " + std::to_string(count) + " devices of Vulkan is " +
               (is_gpu_ ? TestDevice::instance().device().name : "a device of the CPU, such as Mesa's lavapipe");
    return false;
}

bool VulkanProgram::create_device() {
    std::uint32_t count = 0;
    vkEnumerateDeviceExtensionProperties(physical_, nullptr, &count, nullptr);
    std::vector<VkExtensionProperties> known(count);
    vkEnumerateDeviceExtensionProperties(physical_, nullptr, &count, known.data());
    std::vector<const char*> wanted;
    for (const char* name :
         {"VK_KHR_external_memory_fd", "VK_EXT_external_memory_host", "VK_KHR_external_semaphore_fd"}) {
        for (const VkExtensionProperties& extension : known) {
            if (std::strcmp(extension.extensionName, name) == 0) wanted.push_back(name);
        }
    }
    std::vector<VkQueueFamilyProperties> families(64);
    std::uint32_t family_count = 64;
    vkGetPhysicalDeviceQueueFamilyProperties(physical_, &family_count, families.data());
    while (family_ < family_count && (families[family_].queueFlags & VK_QUEUE_GRAPHICS_BIT) == 0)
        ++family_;
    if (family_ == family_count) family_ = 0;  // of a device that only computes
    const float priority = 1;
    VkDeviceQueueCreateInfo queue{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
    queue.queueFamilyIndex = family_;
    queue.queueCount = 1;
    queue.pQueuePriorities = &priority;
    VkPhysicalDeviceTimelineSemaphoreFeatures timeline{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES};
    timeline.timelineSemaphore = VK_TRUE;
    VkDeviceCreateInfo info{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO};
    info.pNext = &timeline;
    info.queueCreateInfoCount = 1;
    info.pQueueCreateInfos = &queue;
    info.enabledExtensionCount = static_cast<std::uint32_t>(wanted.size());
    info.ppEnabledExtensionNames = wanted.data();
    if (const VkResult result = vkCreateDevice(physical_, &info, nullptr, &device_); result != VK_SUCCESS) {
        g_reason = "vkCreateDevice gives " + std::to_string(result);
        return false;
    }
    vkGetDeviceQueue(device_, family_, 0, &queue_);
    VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
    pool.queueFamilyIndex = family_;
    return vkCreateCommandPool(device_, &pool, nullptr, &pool_) == VK_SUCCESS;
}

template <class Record>
void VulkanProgram::run(const Record& record) {
    VkCommandBufferAllocateInfo allocate{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
    allocate.commandPool = pool_;
    allocate.commandBufferCount = 1;
    VkCommandBuffer commands = VK_NULL_HANDLE;
    ASSERT_EQ(vkAllocateCommandBuffers(device_, &allocate, &commands), VK_SUCCESS);
    VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    ASSERT_EQ(vkBeginCommandBuffer(commands, &begin), VK_SUCCESS);
    record(commands);
    ASSERT_EQ(vkEndCommandBuffer(commands), VK_SUCCESS);
    VkSubmitInfo submit{VK_STRUCTURE_TYPE_SUBMIT_INFO};
    submit.commandBufferCount = 1;
    submit.pCommandBuffers = &commands;
    ASSERT_EQ(vkQueueSubmit(queue_, 1, &submit, VK_NULL_HANDLE), VK_SUCCESS);
    ASSERT_EQ(vkQueueWaitIdle(queue_), VK_SUCCESS);
    vkFreeCommandBuffers(device_, pool_, 1, &commands);
}

// A buffer that the CPU sees.
struct VulkanProgram::Staging {
    Staging(VulkanProgram& program, std::size_t bytes) : device(program.device_) {
        VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
        info.size = bytes;
        info.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
        EXPECT_EQ(vkCreateBuffer(device, &info, nullptr, &buffer), VK_SUCCESS);
        VkMemoryRequirements needs;
        vkGetBufferMemoryRequirements(device, buffer, &needs);
        VkMemoryAllocateInfo allocate{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
        allocate.allocationSize = needs.size;
        allocate.memoryTypeIndex =
            type_with(program.physical_, needs.memoryTypeBits,
                      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
        EXPECT_EQ(vkAllocateMemory(device, &allocate, nullptr, &memory), VK_SUCCESS);
        EXPECT_EQ(vkBindBufferMemory(device, buffer, memory, 0), VK_SUCCESS);
        void* mapped = nullptr;
        EXPECT_EQ(vkMapMemory(device, memory, 0, VK_WHOLE_SIZE, 0, &mapped), VK_SUCCESS);
        pointer = static_cast<unsigned char*>(mapped);
    }
    Staging(const Staging&) = delete;
    Staging& operator=(const Staging&) = delete;
    ~Staging() {
        vkDestroyBuffer(device, buffer, nullptr);
        vkFreeMemory(device, memory, nullptr);
    }
    VkDevice device;
    VkBuffer buffer = VK_NULL_HANDLE;
    VkDeviceMemory memory = VK_NULL_HANDLE;
    unsigned char* pointer = nullptr;
};

namespace {

// Takes an image over from those outside of Vulkan, with its texels, or gives it back to them.
void hand_over(VkCommandBuffer commands, VkImage image, std::uint32_t family, bool to_vulkan) {
    VkImageMemoryBarrier barrier{VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER};
    barrier.srcAccessMask = to_vulkan ? 0 : VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT;
    barrier.dstAccessMask = to_vulkan ? VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT : 0;
    barrier.oldLayout = VK_IMAGE_LAYOUT_GENERAL;
    barrier.newLayout = VK_IMAGE_LAYOUT_GENERAL;
    barrier.srcQueueFamilyIndex = to_vulkan ? VK_QUEUE_FAMILY_EXTERNAL : family;
    barrier.dstQueueFamilyIndex = to_vulkan ? family : VK_QUEUE_FAMILY_EXTERNAL;
    barrier.image = image;
    barrier.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0,
                         nullptr, 0, nullptr, 1, &barrier);
}

VkBufferImageCopy whole(VkExtent2D extent) {
    VkBufferImageCopy copy{};
    copy.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
    copy.imageExtent = {extent.width, extent.height, 1};
    return copy;
}

}  // namespace

Texels VulkanProgram::read(VkImage image, VkExtent2D extent, std::size_t bytes) {
    const Staging staging(*this, bytes);
    run([&](VkCommandBuffer commands) {
        hand_over(commands, image, family_, true);
        const VkBufferImageCopy copy = whole(extent);
        vkCmdCopyImageToBuffer(commands, image, VK_IMAGE_LAYOUT_GENERAL, staging.buffer, 1, &copy);
        hand_over(commands, image, family_, false);
    });
    return {staging.pointer, staging.pointer + bytes};
}

void VulkanProgram::write(VkImage image, VkExtent2D extent, const Texels& texels) {
    const Staging staging(*this, texels.size());
    std::memcpy(staging.pointer, texels.data(), texels.size());
    run([&](VkCommandBuffer commands) {
        hand_over(commands, image, family_, true);
        const VkBufferImageCopy copy = whole(extent);
        vkCmdCopyBufferToImage(commands, staging.buffer, image, VK_IMAGE_LAYOUT_GENERAL, 1, &copy);
        hand_over(commands, image, family_, false);
    });
}

void VulkanProgram::clear(VkImage image) {
    run([&](VkCommandBuffer commands) {
        hand_over(commands, image, family_, true);
        VkClearColorValue color{};
        for (std::uint32_t& component : color.uint32)
            component = 1;
        const VkImageSubresourceRange range{VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
        vkCmdClearColorImage(commands, image, VK_IMAGE_LAYOUT_GENERAL, &color, 1, &range);
        hand_over(commands, image, family_, false);
    });
}

Texels VulkanProgram::read(VkBuffer buffer, std::size_t bytes) {
    const Staging staging(*this, bytes);
    run([&](VkCommandBuffer commands) {
        const VkBufferCopy copy{0, 0, bytes};
        vkCmdCopyBuffer(commands, buffer, staging.buffer, 1, &copy);
    });
    return {staging.pointer, staging.pointer + bytes};
}

void VulkanProgram::write(VkBuffer buffer, const Texels& bytes) {
    const Staging staging(*this, bytes.size());
    std::memcpy(staging.pointer, bytes.data(), bytes.size());
    run([&](VkCommandBuffer commands) {
        const VkBufferCopy copy{0, 0, bytes.size()};
        vkCmdCopyBuffer(commands, staging.buffer, buffer, 1, &copy);
    });
}

VkResult ImportedMemory::import(NvSciBufObj object, const PlaneImage& image) {
    const VkMemoryDedicatedAllocateInfo dedicated{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, nullptr,
                                                  image.get(), VK_NULL_HANDLE};
    return import(object, image.memory_types(), &dedicated);
}

VkResult ImportedMemory::import(NvSciBufObj object, std::uint32_t types,
                                const VkMemoryDedicatedAllocateInfo* dedicated) {
    free();
    const VkDevice device = VulkanProgram::instance()->device();
    NvSciVkMemoryProperties properties{};
    if (const VkResult result = nvsciVkGetMemoryProperties(device, object, &properties)) return result;
    const std::uint32_t possible = properties.memoryTypeBits & types;
    EXPECT_NE(possible, 0U) << properties.memoryTypeBits << " and " << types;
    if (possible == 0) return VK_ERROR_UNKNOWN;
    VkImportMemorySciBufInfoNV import{VK_STRUCTURE_TYPE_IMPORT_MEMORY_SCI_BUF_INFO_NV, dedicated,
                                      VK_EXTERNAL_MEMORY_HANDLE_TYPE_SCI_BUF_BIT_NV, object};
    VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &import, properties.size,
                              static_cast<std::uint32_t>(__builtin_ctz(possible))};
    return nvsciVkAllocateMemory(device, &info, nullptr, &memory_);
}

void ImportedMemory::free() {
    nvsciVkFreeMemory(VulkanProgram::instance()->device(), memory_, nullptr);
    memory_ = VK_NULL_HANDLE;
}

PlaneImage::~PlaneImage() {
    vkDestroyImage(VulkanProgram::instance()->device(), image_, nullptr);
}

VkResult PlaneImage::create(NvSciBufObj object, std::uint32_t plane, VkFormat format, VkImageUsageFlags usage) {
    NvSciVkPlaneImageCreateInfo info{};
    info.bufObj = object;
    info.planeIndex = plane;
    info.format = format;
    info.usage = usage;
    return nvsciVkCreatePlaneImage(VulkanProgram::instance()->device(), &info, nullptr, &image_);
}

std::uint32_t PlaneImage::memory_types() const {
    VkMemoryRequirements needs;
    vkGetImageMemoryRequirements(VulkanProgram::instance()->device(), image_, &needs);
    return needs.memoryTypeBits;
}

ImportedBuffer::~ImportedBuffer() {
    vkDestroyBuffer(VulkanProgram::instance()->device(), buffer_, nullptr);
}

VkResult ImportedBuffer::create(NvSciBufObj object, VkDeviceSize size, VkDeviceMemory memory) {
    const VkDevice device = VulkanProgram::instance()->device();
    NvSciVkMemoryProperties properties{};
    if (const VkResult result = nvsciVkGetMemoryProperties(device, object, &properties)) return result;
    const VkExternalMemoryBufferCreateInfo external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO, nullptr,
                                                    static_cast<VkFlags>(properties.handleType)};
    VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, &external};
    info.size = size;
    info.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
    if (const VkResult result = vkCreateBuffer(device, &info, nullptr, &buffer_)) return result;
    return vkBindBufferMemory(device, buffer_, memory, 0);
}

}  // namespace opennvsci::test
