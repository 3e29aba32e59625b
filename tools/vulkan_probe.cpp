// SPDX-License-Identifier: Apache-2.0
#include "vulkan_probe.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "device_choice.h"
#include "doctor/own_command.h"
#include "opennvsci.h"

namespace opennvsci::tool {
namespace {

constexpr std::chrono::milliseconds kLongestVulkanLook{30'000};  // of drivers that start GPUs

constexpr VulkanAbility kAbilities[] = {
    {"memory by descriptor", "imports_descriptors", &VulkanDevice::imports_descriptors,
     "buffers in video memory and block-linear images (VK_KHR_external_memory_fd); without it buffers are in system "
     "memory",
     true},
    {"memory by host pointer", "imports_host_pointers", &VulkanDevice::imports_host_pointers,
     "buffers in system memory (VK_EXT_external_memory_host); without it they are refused", false},
    {"block-linear images", "has_block_linear_images", &VulkanDevice::has_block_linear_images,
     "block-linear planes as images; without it negotiate PitchLinear", true},
    {"pitch-linear images", "has_pitch_linear_images", &VulkanDevice::has_pitch_linear_images,
     "pitch-linear planes as images; without it copy by a VkBuffer", false},
    {"timeline semaphores", "has_timeline_semaphores", &VulkanDevice::has_timeline_semaphores,
     "fences (the feature timelineSemaphore)", false},
    {"semaphores by descriptor", "shares_semaphores", &VulkanDevice::shares_semaphores,
     "fences between CUDA and Vulkan without the CPU (VK_KHR_external_semaphore_fd); without it a thread carries them",
     true},
};

VulkanProbe failed(std::string why) {
    VulkanProbe probe;
    probe.failure = std::move(why);
    return probe;
}

bool is_null(const NvSciRmGpuId& id) {
    return std::all_of(std::begin(id.bytes), std::end(id.bytes), [](auto byte) { return byte == 0; });
}

VulkanDevice described(const OpenNvSciVulkanDevice& device) {
    return {device.name,
            uuid_text(device.deviceId),
            is_null(device.gpuId) ? std::string() : uuid_text(device.gpuId),
            device.obstacle,
            device.hostPointerAlignment,
            device.importsDescriptors,
            device.hostPointerAlignment != 0,
            device.hasBlockLinearImages,
            device.hasPitchLinearImages,
            device.hasTimelineSemaphores,
            device.sharesSemaphores};
}

// Vulkan stays loaded: its drivers have threads.
VulkanProbe look_at_vulkan() {
    void* const library = ::dlopen("libvulkan.so.1", RTLD_NOW);
    if (library == nullptr) {
        const char* const reason = ::dlerror();
        VulkanProbe probe = failed(reason != nullptr ? reason : "libvulkan.so.1 cannot be loaded");
        probe.is_absent = true;
        return probe;
    }
    const OpenNvSciVulkanDevice* devices = nullptr;
    std::size_t count = 0;
    void* const get_functions = ::dlsym(library, "vkGetInstanceProcAddr");
    if (opennvsciGetVulkanDevices(get_functions, &devices, &count) != NvSciError_Success)
        return failed(opennvsciGetLastErrorText());
    VulkanProbe probe;
    std::transform(devices, devices + count, std::back_inserter(probe.devices), described);
    return probe;
}

}  // namespace

std::span<const VulkanAbility> vulkan_abilities() {
    return kAbilities;
}

// What drivers and layers print goes to stderr, at the end too.
void print_vulkan_probe() {
    const int output = ::dup(STDOUT_FILENO);
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    const Json found = json_of(look_at_vulkan());
    std::fflush(stdout);
    ::dup2(output, STDOUT_FILENO);
    print_json(found);
    std::fflush(stdout);
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    ::close(output);
}

VulkanProbe probe_vulkan() {
    const CommandOutcome outcome =
        run_own_command({"devices", "--probe-vulkan"}, {"OPENNVSCI_LOG=none"}, kLongestVulkanLook);
    const auto printed = outcome.json();
    if (!printed) return failed(outcome.reason());
    try {
        return vulkan_probe_of(*printed);
    } catch (const Json::exception&) {
        return failed("a driver has printed something in between");
    }
}

Json json_of(const VulkanProbe& probe) {
    auto devices = Json::array();
    for (const VulkanDevice& device : probe.devices) {
        Json described{{"name", device.name},
                       {"uuid", device.uuid},
                       {"gpu", device.gpu.empty() ? Json(nullptr) : Json(device.gpu)},
                       {"obstacle", device.obstacle},
                       {"host_pointer_alignment", device.host_pointer_alignment}};
        for (const VulkanAbility& ability : kAbilities)
            described[ability.field] = device.*ability.member;
        devices.push_back(std::move(described));
    }
    return {{"is_absent", probe.is_absent}, {"failure", probe.failure}, {"devices", std::move(devices)}};
}

VulkanProbe vulkan_probe_of(const Json& json) {
    VulkanProbe probe;
    probe.is_absent = json.at("is_absent");
    probe.failure = json.at("failure");
    for (const Json& described : json.at("devices")) {
        VulkanDevice device;
        device.name = described.at("name");
        device.uuid = described.at("uuid");
        if (!described.at("gpu").is_null()) device.gpu = described.at("gpu");
        device.obstacle = described.at("obstacle");
        device.host_pointer_alignment = described.at("host_pointer_alignment");
        for (const VulkanAbility& ability : kAbilities)
            device.*ability.member = described.at(ability.field);
        probe.devices.push_back(std::move(device));
    }
    return probe;
}

}  // namespace opennvsci::tool
