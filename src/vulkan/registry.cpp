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

// What was there under the same handle ends outside of the lock, here and in erase: forks wait for it.
void Registry::insert(VkInstance handle, std::shared_ptr<const Instance> instance) {
    const std::lock_guard lock(mutex_);
    std::swap(instances_[handle], instance);
}

// One that is known keeps what it knows of its memory.
void Registry::insert(std::shared_ptr<Device> device) {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<Device>& known = devices_[device->handle()];
    if (known != nullptr && known->physical().handle() == device->physical().handle()) return;
    std::swap(known, device);
}

void Registry::erase(VkInstance handle) {
    std::shared_ptr<const Instance> ended;
    std::vector<std::shared_ptr<Device>> ended_devices;
    const std::lock_guard lock(mutex_);
    const auto found = instances_.find(handle);
    if (found == instances_.end()) return;
    ended = std::move(found->second);
    instances_.erase(found);
    for (auto device = devices_.begin(); device != devices_.end();) {
        if (has(*ended, device->second->physical())) {
            ended_devices.push_back(std::move(device->second));
            device = devices_.erase(device);
        } else {
            ++device;
        }
    }
}

void Registry::erase(VkDevice handle) {
    std::shared_ptr<Device> ended;
    const std::lock_guard lock(mutex_);
    const auto found = devices_.find(handle);
    if (found == devices_.end()) return;
    ended = std::move(found->second);
    devices_.erase(found);
}

std::vector<VkDevice> Registry::devices_of(VkInstance handle) {
    const std::lock_guard lock(mutex_);
    std::vector<VkDevice> devices;
    const auto found = instances_.find(handle);
    if (found == instances_.end()) return devices;
    for (const auto& [device, known] : devices_) {
        if (has(*found->second, known->physical())) devices.push_back(device);
    }
    return devices;
}

std::vector<std::shared_ptr<Device>> Registry::own_devices() {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<Device>> devices;
    for (const auto& [_, known] : devices_) {
        if (known->is_of_this_process()) devices.push_back(known);
    }
    return devices;
}

Result<std::shared_ptr<const PhysicalDevice>> Registry::find(VkPhysicalDevice handle) {
    const std::lock_guard lock(mutex_);
    for (const auto& [_, instance] : instances_) {
        for (const auto& device : instance->devices) {
            if (device->handle() == handle) return device;
        }
    }
    return fail(VK_ERROR_VALIDATION_FAILED_EXT, NvSciError_BadParameter,
                "the physical device is of no instance that is registered (nvsciVkRegisterInstance)");
}

Result<std::shared_ptr<Device>> Registry::find(VkDevice handle) {
    const std::lock_guard lock(mutex_);
    const auto found = devices_.find(handle);
    if (found != devices_.end()) return found->second;
    return fail(VK_ERROR_VALIDATION_FAILED_EXT, NvSciError_BadParameter,
                "the device is not registered (nvsciVkRegisterDevice)");
}

}  // namespace opennvsci::vulkan
