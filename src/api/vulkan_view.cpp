// SPDX-License-Identifier: Apache-2.0
#include "api/vulkan_view.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "api/driver_view.h"
#include "vulkan/own_instance.h"
#include "vulkan/plane_image.h"
#include "vulkan/sync_attributes.h"

namespace opennvsci::api {
namespace {

struct VulkanTexts {
    std::string name;
    std::string obstacle;
};

/// Devices, and the texts that they point to.
struct VulkanView {
    std::vector<VulkanTexts> texts;
    std::vector<OpenNvSciVulkanDevice> devices;
};

Result<OpenNvSciVulkanDevice> view_of(const vulkan::PhysicalDevice& device, const buf::VulkanDevice& abilities,
                                      const VulkanTexts& texts) {
    OpenNvSciVulkanDevice view{};
    view.name = texts.name.c_str();
    view.deviceId = gpu_id(device.uuid());
    view.gpuId = gpu_id(abilities.gpu);
    view.obstacle = texts.obstacle.c_str();
    view.hostPointerAlignment = abilities.host_pointer_alignment;
    view.importsDescriptors = abilities.imports_descriptors;
    OPENNVSCI_TRY_ASSIGN(has_block_linear, vulkan::has_plane_images(device, true));
    OPENNVSCI_TRY_ASSIGN(has_pitch_linear, vulkan::has_plane_images(device, false));
    view.hasBlockLinearImages = has_block_linear;
    view.hasPitchLinearImages = has_pitch_linear;
    view.hasTimelineSemaphores = vulkan::has_timeline_semaphores(device);
    view.sharesSemaphores = view.hasTimelineSemaphores && !abilities.gpu.is_null() && vulkan::exports_timelines(device);
    return view;
}

Result<std::unique_ptr<const VulkanView>> look_at(vk::PFN_vkGetInstanceProcAddr ask) {
    OPENNVSCI_TRY_ASSIGN(instance, vulkan::OwnInstance::create(ask));
    auto view = std::make_unique<VulkanView>();
    view->texts.reserve(instance->devices().size());  // they stay where they are
    for (const auto& device : instance->devices()) {
        OPENNVSCI_TRY_ASSIGN(abilities, device->abilities());
        view->texts.push_back({device->name(), abilities.obstacle()});
        OPENNVSCI_TRY_ASSIGN(described, view_of(*device, abilities, view->texts.back()));
        view->devices.push_back(described);
    }
    return view;
}

}  // namespace

Result<std::span<const OpenNvSciVulkanDevice>> vulkan_view(void* get_instance_proc_addr) {
    thread_local std::unique_ptr<const VulkanView> t_view;
    OPENNVSCI_TRY_ASSIGN(view, look_at(reinterpret_cast<vk::PFN_vkGetInstanceProcAddr>(get_instance_proc_addr)));
    t_view = std::move(view);
    return t_view->devices;
}

}  // namespace opennvsci::api
