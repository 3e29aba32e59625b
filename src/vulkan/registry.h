// SPDX-License-Identifier: Apache-2.0
//
// Registry: the instances and devices that programs have registered, by Vulkan's handles. What a call has found stays
// as long as it needs it, whoever unregisters it meanwhile.
// Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "vulkan/device.h"
#include "vulkan/physical_device.h"

namespace opennvsci::vulkan {

class Registry {
  public:
    /// The registry of the process; never destroyed, because programs unregister from static destructors.
    [[nodiscard]] static Registry& instance();

    void insert(VkInstance handle, std::shared_ptr<const Instance> instance);
    /// Nothing if it is known, as one of the same physical device. Errors: VALIDATION_FAILED if the instance has been
    /// unregistered meanwhile.
    [[nodiscard]] Result<> insert(std::shared_ptr<Device> device);

    /// Takes out an instance and its devices, or a device, for the caller to end; none if it is not registered.
    [[nodiscard]] std::vector<std::shared_ptr<Device>> take(VkInstance handle);
    [[nodiscard]] std::vector<std::shared_ptr<Device>> take(VkDevice handle);

    /// The devices that this process has registered.
    [[nodiscard]] std::vector<std::shared_ptr<Device>> own_devices();

    /// Errors: VALIDATION_FAILED if it is not registered.
    [[nodiscard]] Result<std::shared_ptr<const PhysicalDevice>> find(VkPhysicalDevice handle);
    [[nodiscard]] Result<std::shared_ptr<Device>> find(VkDevice handle);

  private:
    Registry();
    [[nodiscard]] Result<std::shared_ptr<const PhysicalDevice>> find_locked(VkPhysicalDevice handle) const;

    std::mutex mutex_;  // held for moments
    std::unordered_map<VkInstance, std::shared_ptr<const Instance>> instances_;
    std::unordered_map<VkDevice, std::shared_ptr<Device>> devices_;
};

}  // namespace opennvsci::vulkan
