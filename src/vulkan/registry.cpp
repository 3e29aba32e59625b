// SPDX-License-Identifier: Apache-2.0
#include "vulkan/registry.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/process.h"

namespace opennvsci::vulkan {

namespace {

bool has(const Instance& instance, const PhysicalDevice& device) {
    return std::ranges::any_of(instance.devices, [&](const auto& own) { return own->handle() == device.handle(); });
}

}  // namespace

Registry& Registry::instance() {
    static Registry* const registry = new Registry;
    return *registry;
}

// Before there are threads: a fork in the middle of the first call would leave the child waiting for its end.
[[gnu::constructor]] static void make_registry() {
    (void)Registry::instance();
}

Registry::Registry() {
    process::guard_across_fork(mutex_);
}

// What was there under the same handle ends outside of the lock: forks wait for it.
void Registry::insert(VkInstance handle, std::shared_ptr<const Instance> instance) {
    const std::lock_guard lock(mutex_);
    std::swap(instances_[handle], instance);
}

// One that is known keeps what it knows of its memory.
Result<> Registry::insert(std::shared_ptr<Device> device) {
    const std::lock_guard lock(mutex_);
    OPENNVSCI_TRY(find_locked(device->physical().handle()));
    std::shared_ptr<Device>& known = devices_[device->handle()];
    if (known != nullptr && known->physical().handle() == device->physical().handle()) return {};
    std::swap(known, device);
    return {};
}

std::vector<std::shared_ptr<Device>> Registry::take(VkInstance handle) {
    std::vector<std::shared_ptr<Device>> taken;
    const std::lock_guard lock(mutex_);
    taken.reserve(devices_.size());
    const auto instance = instances_.extract(handle);
    if (!instance) return taken;
    for (auto device = devices_.begin(); device != devices_.end();) {
        if (has(*instance.mapped(), device->second->physical())) {
            taken.push_back(std::move(device->second));
            device = devices_.erase(device);
        } else {
            ++device;
        }
    }
    return taken;
}

std::vector<std::shared_ptr<Device>> Registry::take(VkDevice handle) {
    const std::lock_guard lock(mutex_);
    const auto device = devices_.extract(handle);
    if (!device) return {};
    return {std::move(device.mapped())};
}

std::vector<std::shared_ptr<Device>> Registry::own_devices() {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Device>> devices;
    for (const auto& [_, known] : devices_) {
        if (known->is_of_this_process()) devices.push_back(known);
    }
    return devices;
}

Result<std::shared_ptr<const PhysicalDevice>> Registry::find_locked(VkPhysicalDevice handle) const {
    for (const auto& [_, instance] : instances_) {
        for (const auto& device : instance->devices) {
            if (device->handle() == handle) return device;
        }
    }
    return fail(VK_ERROR_VALIDATION_FAILED_EXT, NvSciError_BadParameter,
                "the physical device is of no instance that is registered (nvsciVkRegisterInstance)");
}

Result<std::shared_ptr<const PhysicalDevice>> Registry::find(VkPhysicalDevice handle) {
    const std::lock_guard lock(mutex_);
    return find_locked(handle);
}

Result<std::shared_ptr<Device>> Registry::find(VkDevice handle) {
    const std::lock_guard lock(mutex_);
    const auto found = devices_.find(handle);
    if (found != devices_.end()) return found->second;
    return not_registered();
}

}  // namespace opennvsci::vulkan
