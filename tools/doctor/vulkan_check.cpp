// SPDX-License-Identifier: Apache-2.0
#include "doctor/vulkan_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace opennvsci::tool {
namespace {

constexpr const char* kNewerVulkan = "use a newer driver of Vulkan";

void check_gpu(Findings& findings, const VulkanFacts& facts, const VulkanFacts::Gpu& gpu) {
    const auto is_it = [&](const VulkanDevice& device) { return device.gpu == gpu.uuid; };
    if (std::any_of(facts.vulkan.devices.begin(), facts.vulkan.devices.end(), is_it)) return;
    findings.note(gpu.name, "CUDA has it, and Vulkan's loader finds no driver for it",
                  "a file that names NVIDIA's driver to the loader, for buffers and fences of this GPU in Vulkan",
                  "name libEGL_nvidia.so.0 in such a file, and the file in VK_DRIVER_FILES (docs/vulkan.md); in a "
                  "container set NVIDIA_DRIVER_CAPABILITIES=all");
}

void check_device(Findings& findings, const VulkanDevice& device, std::size_t number) {
    const std::string name = fmt::format("device {}, {}", number, device.name);
    if (!device.obstacle.empty()) {
        findings.note(name, "cannot take part: it " + device.obstacle, "memory that it can import", kNewerVulkan);
        return;
    }
    std::string has;
    for (const VulkanAbility& ability : vulkan_abilities()) {
        if (device.*ability.member) {
            has += fmt::format("{}{}", has.empty() ? "" : ", ", ability.title);
        } else if (!ability.is_of_gpus || !device.gpu.empty()) {
            findings.note(fmt::format("{}: {}", name, ability.title), "not there", ability.needed, kNewerVulkan);
        }
    }
    if (!has.empty()) findings.ok(name, has);
}

}  // namespace

std::vector<Finding> check_vulkan(const VulkanFacts& facts) {
    Findings findings("Vulkan");
    const VulkanProbe& vulkan = facts.vulkan;
    if (vulkan.is_absent) {
        findings.ok("libvulkan.so.1", fmt::format("is not here: {}", vulkan.failure));
    } else if (!vulkan.failure.empty()) {
        findings.note("libvulkan.so.1", fmt::format("to look at its devices failed: {}", vulkan.failure),
                      "drivers that start; a program with Vulkan may end in the same way",
                      "VK_LOADER_DEBUG=all shows which driver is loaded last, VK_DRIVER_FILES names those to load");
    } else {
        findings.ok("libvulkan.so.1", fmt::format("works, with {} device(s)", vulkan.devices.size()));
        for (const VulkanFacts::Gpu& gpu : facts.gpus)
            check_gpu(findings, facts, gpu);
        for (std::size_t number = 0; number < vulkan.devices.size(); ++number)
            check_device(findings, vulkan.devices[number], number);
    }
    return std::move(findings).take();
}

}  // namespace opennvsci::tool
