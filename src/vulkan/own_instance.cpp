// SPDX-License-Identifier: Apache-2.0
#include "vulkan/own_instance.h"

namespace opennvsci::vulkan {
namespace {

template <class Function>
Function* find(PFN_vkGetInstanceProcAddr ask, VkInstance instance, const char* name) {
    return reinterpret_cast<Function*>(ask(instance, name));
}

}  // namespace

Result<std::unique_ptr<OwnInstance>> OwnInstance::create(PFN_vkGetInstanceProcAddr ask) {
    using Create = VkResult(const VkInstanceCreateInfo*, const VkAllocationCallbacks*, VkInstance*);
    VkApplicationInfo application{};
    application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
    application.pApplicationName = "OpenNvSci";
    application.apiVersion = kVersion1_1;
    VkInstanceCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
    info.pApplicationInfo = &application;
    std::unique_ptr<OwnInstance> made(new OwnInstance(ask));
    auto* const create = find<Create>(ask, nullptr, "vkCreateInstance");
    const VkResult result = create != nullptr ? create(&info, nullptr, &made->handle_) : VK_ERROR_UNKNOWN;
    if (result == VK_ERROR_INCOMPATIBLE_DRIVER) return made;
    if (result != VK_SUCCESS) return call_failed(result, "vkCreateInstance");
    OPENNVSCI_TRY_ASSIGN(known, Instance::query(made->handle_, ask));
    made->known_ = std::move(known);
    return made;
}

OwnInstance::~OwnInstance() {
    using Destroy = void(VkInstance, const VkAllocationCallbacks*);
    if (handle_ == nullptr) return;
    if (auto* const destroy = find<Destroy>(ask_, handle_, "vkDestroyInstance")) destroy(handle_, nullptr);
}

}  // namespace opennvsci::vulkan
