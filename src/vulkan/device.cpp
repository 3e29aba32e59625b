// SPDX-License-Identifier: Apache-2.0
#include "vulkan/device.h"

#include <utility>

namespace opennvsci::vulkan {

Result<std::shared_ptr<Device>> Device::create(std::shared_ptr<const PhysicalDevice> physical, VkDevice handle) {
    OPENNVSCI_TRY_ASSIGN(functions, DeviceFunctions::load(physical->call(), handle));
    return std::shared_ptr<Device>(new Device(std::move(physical), handle, functions));
}

// What was there ends outside of the lock: the end of a mapping may wait for the GPU.
void Device::remember(VkDeviceMemory memory, Import import) {
    const std::lock_guard lock(mutex_);
    std::swap(imports_[memory], import);
}

Import Device::forget(VkDeviceMemory memory) noexcept {
    const std::lock_guard lock(mutex_);
    auto node = imports_.extract(memory);
    return node ? std::move(node.mapped()) : Import{};
}

Device::Imported Device::imported(VkDeviceMemory memory) {
    const std::lock_guard lock(mutex_);
    const auto found = imports_.find(memory);
    return found == imports_.end() ? Imported{} : Imported{found->second.object, found->second.memory_type};
}

}  // namespace opennvsci::vulkan
