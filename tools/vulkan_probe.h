// SPDX-License-Identifier: Apache-2.0
//
// What the Vulkan that a process finds can do with objects. Nothing is linked with Vulkan: it is loaded to be asked,
// which runs the code of every driver that its loader finds. So the command starts itself for that, as `opennvsci
// devices --probe-vulkan`, and reads what the other process has printed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "output.h"

namespace opennvsci::tool {

struct VulkanDevice {
    std::string name;
    std::string uuid;      ///< "GPU-...", of Vulkan
    std::string gpu;       ///< that of CUDA, in the same form; empty: CUDA does not know the device
    std::string obstacle;  ///< why it cannot take part, as what is said of it; empty if it can
    std::uint64_t host_pointer_alignment = 0;
    bool imports_descriptors = false;
    bool imports_host_pointers = false;
    bool has_block_linear_images = false;
    bool has_pitch_linear_images = false;
    bool has_timeline_semaphores = false;
    bool shares_semaphores = false;
};

struct VulkanProbe {
    std::string failure;     ///< why nothing is known: no Vulkan here, or the process that asked hung or crashed
    bool is_absent = false;  ///< there is no Vulkan, which is no failure of anything
    std::vector<VulkanDevice> devices;
};

/// Something that a device can do, or not.
struct VulkanAbility {
    const char* title;
    const char* field;  ///< in the JSON
    bool VulkanDevice::*member;
    const char* needed;  ///< what it is for, and what happens without
    bool is_of_gpus;     ///< only what CUDA knows can have it
};
[[nodiscard]] std::span<const VulkanAbility> vulkan_abilities();

/// The child's part: loads Vulkan, asks it, and prints JSON.
void print_vulkan_probe();
/// The parent's part.
[[nodiscard]] VulkanProbe probe_vulkan();

[[nodiscard]] Json json_of(const VulkanProbe& probe);
/// Throws Json::exception if it is none.
[[nodiscard]] VulkanProbe vulkan_probe_of(const Json& json);

}  // namespace opennvsci::tool
