// SPDX-License-Identifier: Apache-2.0
#include "vulkan/physical_device.h"

#include <cstring>

namespace opennvsci::vulkan {
namespace {

// Vulkan's way to ask for a list: how many, then these, again if there are more meanwhile.
template <class T, class Ask>
Result<std::vector<T>> list_of(const char* call, const Ask& ask) {
    for (;;) {
        std::uint32_t count = 0;
        VkResult result = ask(&count, nullptr);
        if (result != VK_SUCCESS) return call_failed(result, call);
        std::vector<T> all(count);
        result = ask(&count, all.data());
        if (result == VK_INCOMPLETE) continue;
        if (result != VK_SUCCESS) return call_failed(result, call);
        all.resize(count);
        return all;
    }
}

}  // namespace

Result<std::shared_ptr<const PhysicalDevice>> PhysicalDevice::query(const InstanceFunctions& functions,
                                                                    VkPhysicalDevice handle) {
    std::shared_ptr<PhysicalDevice> device(new PhysicalDevice(functions, handle));
    OPENNVSCI_TRY(device->ask_extensions());
    device->ask_properties();
    return device;
}

Result<> PhysicalDevice::ask_extensions() {
    OPENNVSCI_TRY_ASSIGN(extensions,
                         (list_of<VkExtensionProperties>("vkEnumerateDeviceExtensionProperties", [&](auto... list) {
                             return functions_.vkEnumerateDeviceExtensionProperties(handle_, nullptr, list...);
                         })));
    for (const VkExtensionProperties& extension : extensions) {
        if (std::strcmp(extension.extensionName, kExternalMemoryFd) == 0) imports_descriptors_ = true;
        if (std::strcmp(extension.extensionName, kExternalMemoryHost) == 0) host_pointer_alignment_ = 1;
    }
    return {};
}

void PhysicalDevice::ask_properties() {
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT host{};
    host.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT;
    VkPhysicalDeviceIDProperties id{};
    id.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES;
    if (host_pointer_alignment_ != 0) id.pNext = &host;
    VkPhysicalDeviceProperties2 properties{};
    properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
    properties.pNext = &id;
    functions_.vkGetPhysicalDeviceProperties2(handle_, &properties);
    functions_.vkGetPhysicalDeviceMemoryProperties(handle_, &memory_);
    name_.assign(properties.properties.deviceName,
                 ::strnlen(properties.properties.deviceName, sizeof(properties.properties.deviceName)));
    uuid_ = Uuid::from(id.deviceUUID);
    is_cpu_ = properties.properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
    if (host_pointer_alignment_ != 0) host_pointer_alignment_ = host.minImportedHostPointerAlignment;
}

Result<const driver::Device*> PhysicalDevice::gpu() const {
    if (is_cpu_) return nullptr;
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    return driver->find(uuid_);
}

Result<buf::VulkanDevice> PhysicalDevice::abilities() const {
    OPENNVSCI_TRY_ASSIGN(device, gpu());
    if (device == nullptr) return buf::VulkanDevice{Uuid{}, host_pointer_alignment_, false};
    return buf::VulkanDevice{device->uuid, host_pointer_alignment_, imports_descriptors_};
}

std::uint32_t PhysicalDevice::memory_types(VkFlags wanted, VkFlags unwanted) const noexcept {
    std::uint32_t bits = 0;
    for (std::uint32_t i = 0; i < memory_.memoryTypeCount; ++i) {
        const VkFlags flags = memory_.memoryTypes[i].propertyFlags;
        if ((flags & wanted) == wanted && (flags & unwanted) == 0) bits |= 1U << i;
    }
    return bits;
}

Result<std::shared_ptr<const Instance>> Instance::query(VkInstance handle, PFN_vkGetInstanceProcAddr ask) {
    auto instance = std::make_shared<Instance>();
    OPENNVSCI_TRY_ASSIGN(functions, InstanceFunctions::load(handle, ask));
    instance->call = functions;
    OPENNVSCI_TRY_ASSIGN(handles, (list_of<VkPhysicalDevice>("vkEnumeratePhysicalDevices", [&](auto... list) {
                             return functions.vkEnumeratePhysicalDevices(handle, list...);
                         })));
    for (const VkPhysicalDevice device : handles) {
        OPENNVSCI_TRY_ASSIGN(queried, PhysicalDevice::query(functions, device));
        instance->devices.push_back(std::move(queried));
    }
    return instance;
}

}  // namespace opennvsci::vulkan
