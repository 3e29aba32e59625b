// SPDX-License-Identifier: Apache-2.0
//
// Instance and PhysicalDevice: what a program has registered of Vulkan, and what its devices say of themselves. A
// physical device is asked once, when its instance is registered. Which CUDA device it is, is asked when that matters,
// because a program that only uses other devices needs no CUDA.
// Immutable but for that; thread-safe.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "buf/vulkan_device.h"
#include "driver/driver.h"
#include "vulkan/entry_points.h"

namespace opennvsci::vulkan {

class PhysicalDevice {
  public:
    [[nodiscard]] static Result<std::shared_ptr<const PhysicalDevice>> query(const InstanceFunctions& functions,
                                                                             VkPhysicalDevice handle);

    [[nodiscard]] const InstanceFunctions& call() const noexcept { return functions_; }
    [[nodiscard]] VkPhysicalDevice handle() const noexcept { return handle_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] const Uuid& uuid() const noexcept { return uuid_; }
    [[nodiscard]] const VkPhysicalDeviceMemoryProperties& memory() const noexcept { return memory_; }

    /// The CUDA device that this is; null if it is none, or CUDA does not know it. Errors: those of driver::instance(),
    /// for devices that may be one.
    [[nodiscard]] Result<const driver::Device*> gpu() const;
    /// What it can import. Errors: those of gpu().
    [[nodiscard]] Result<buf::VulkanDevice> abilities() const;

    /// One bit for each memory type whose properties have all of `wanted` and none of `unwanted`.
    [[nodiscard]] std::uint32_t memory_types(VkFlags wanted, VkFlags unwanted) const noexcept;

  private:
    PhysicalDevice(const InstanceFunctions& functions, VkPhysicalDevice handle)
        : functions_(functions), handle_(handle) {}
    [[nodiscard]] Result<> ask_extensions();
    void ask_properties();

    const InstanceFunctions functions_;
    const VkPhysicalDevice handle_;
    std::string name_;
    Uuid uuid_;
    VkPhysicalDeviceMemoryProperties memory_{};
    std::size_t host_pointer_alignment_ = 0;
    bool imports_descriptors_ = false;
    bool is_cpu_ = false;
};

struct Instance {
    InstanceFunctions call;
    std::vector<std::shared_ptr<const PhysicalDevice>> devices;

    /// Errors: those of InstanceFunctions::load, or Vulkan's.
    [[nodiscard]] static Result<std::shared_ptr<const Instance>> query(VkInstance instance,
                                                                       PFN_vkGetInstanceProcAddr ask);
};

}  // namespace opennvsci::vulkan
