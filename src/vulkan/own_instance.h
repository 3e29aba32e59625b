// SPDX-License-Identifier: Apache-2.0
//
// OwnInstance: an instance that the library makes itself, to look at the devices of a Vulkan that is handed in. No
// device is made of it. It ends with this object, and what was learnt of its devices stays.
#pragma once

#include <memory>
#include <span>

#include "vulkan/physical_device.h"

namespace opennvsci::vulkan {

class OwnInstance {
  public:
    /// Without devices where Vulkan's loader finds no driver of Vulkan 1.1. Errors: Vulkan's.
    [[nodiscard]] static Result<std::unique_ptr<OwnInstance>> create(PFN_vkGetInstanceProcAddr ask);
    OwnInstance(const OwnInstance&) = delete;
    OwnInstance& operator=(const OwnInstance&) = delete;
    ~OwnInstance();

    [[nodiscard]] std::span<const std::shared_ptr<const PhysicalDevice>> devices() const noexcept {
        if (known_ == nullptr) return {};
        return known_->devices;
    }

  private:
    explicit OwnInstance(PFN_vkGetInstanceProcAddr ask) : ask_(ask) {}

    const PFN_vkGetInstanceProcAddr ask_;
    VkInstance handle_ = nullptr;
    std::shared_ptr<const Instance> known_;  // null without a driver
};

}  // namespace opennvsci::vulkan
