// SPDX-License-Identifier: Apache-2.0
//
// VulkanProgram: what a program with Vulkan has: an instance, a device, a queue, and the copies between images, buffers
// and the CPU that the tests need. The device is the CUDA device of the tests if that is a GPU, else a device of the
// CPU, which Mesa has. Instance and device are registered.
#pragma once

// Vulkan's structures grow by chains, and are initialised as far as they are used.
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#include <nvscivk.h>

#include <cstddef>
#include <string>
#include <vector>

namespace opennvsci::test {

using Texels = std::vector<unsigned char>;

class VulkanProgram {
  public:
    /// The one of the process, made on the first call; null if this machine has no such Vulkan, for `reason()`.
    static VulkanProgram* instance();
    static const std::string& reason();
    VulkanProgram(const VulkanProgram&) = delete;
    VulkanProgram& operator=(const VulkanProgram&) = delete;

    [[nodiscard]] VkInstance vulkan() const noexcept { return instance_; }
    [[nodiscard]] VkPhysicalDevice physical() const noexcept { return physical_; }
    [[nodiscard]] VkDevice device() const noexcept { return device_; }
    [[nodiscard]] VkQueue queue() const noexcept { return queue_; }
    [[nodiscard]] std::uint32_t family() const noexcept { return family_; }  ///< of the queue
    [[nodiscard]] bool is_gpu() const noexcept { return is_gpu_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }

    /// Takes an image over from others, copies all of its texels, row after row, and gives it back. Waits.
    [[nodiscard]] Texels read(VkImage image, VkExtent2D extent, std::size_t bytes);
    void write(VkImage image, VkExtent2D extent, const Texels& texels);
    /// Clears an image in the same way: integers to 1, all others to nearly 0. It may be used as Vulkan wants.
    void clear(VkImage image);
    /// The same for a window of a buffer.
    [[nodiscard]] Texels read(VkBuffer buffer, std::size_t bytes);
    void write(VkBuffer buffer, const Texels& bytes);

  private:
    VulkanProgram() = default;
    bool start();
    bool choose_device();
    bool create_device();
    template <class Record>
    void run(const Record& record);
    struct Staging;

    VkInstance instance_ = VK_NULL_HANDLE;
    VkPhysicalDevice physical_ = VK_NULL_HANDLE;
    VkDevice device_ = VK_NULL_HANDLE;
    VkQueue queue_ = VK_NULL_HANDLE;
    VkCommandPool pool_ = VK_NULL_HANDLE;
    std::uint32_t family_ = 0;  // of the queue
    bool is_gpu_ = false;
    std::string name_;
};

class PlaneImage;

/// Memory of an object, freed at the end.
class ImportedMemory {
  public:
    ImportedMemory() = default;
    ImportedMemory(const ImportedMemory&) = delete;
    ImportedMemory& operator=(const ImportedMemory&) = delete;
    ~ImportedMemory() { free(); }
    /// With the first memory type of `types` that is possible.
    VkResult import(NvSciBufObj object, std::uint32_t types = ~0U) { return import(object, types, nullptr); }
    /// For an image alone.
    VkResult import(NvSciBufObj object, const PlaneImage& image);
    void free();
    [[nodiscard]] VkDeviceMemory get() const noexcept { return memory_; }

  private:
    VkResult import(NvSciBufObj object, std::uint32_t types, const VkMemoryDedicatedAllocateInfo* dedicated);

    VkDeviceMemory memory_ = VK_NULL_HANDLE;
};

/// A plane of an object as an image, destroyed at the end. It may be used with copies.
class PlaneImage {
  public:
    PlaneImage() = default;
    PlaneImage(const PlaneImage&) = delete;
    PlaneImage& operator=(const PlaneImage&) = delete;
    ~PlaneImage();
    VkResult create(NvSciBufObj object, std::uint32_t plane, VkFormat format = VK_FORMAT_UNDEFINED,
                    VkImageUsageFlags usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT);
    [[nodiscard]] VkImage get() const noexcept { return image_; }
    [[nodiscard]] std::uint32_t memory_types() const;

  private:
    VkImage image_ = VK_NULL_HANDLE;
};

/// A buffer over memory of an object, destroyed at the end.
class ImportedBuffer {
  public:
    ImportedBuffer() = default;
    ImportedBuffer(const ImportedBuffer&) = delete;
    ImportedBuffer& operator=(const ImportedBuffer&) = delete;
    ~ImportedBuffer();
    VkResult create(NvSciBufObj object, VkDeviceSize size, VkDeviceMemory memory);
    [[nodiscard]] VkBuffer get() const noexcept { return buffer_; }

  private:
    VkBuffer buffer_ = VK_NULL_HANDLE;
};

}  // namespace opennvsci::test
