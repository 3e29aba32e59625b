// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "device_choice.h"
#include "machine_description.h"
#include "output.h"
#include "text_table.h"
#include "vulkan_probe.h"

namespace opennvsci::tool {
namespace {

bool is_partition(const OpenNvSciDevice& device) {
    return std::memcmp(&device.gpuId, &device.instanceId, sizeof(device.gpuId)) != 0;
}

std::string yes_or_no(bool value) {
    return value ? "yes" : "no";
}

// What is told of a device, a line each.
class Details {
  public:
    void add(const char* name, std::string value) {
        names_.emplace_back(name);
        values_.push_back(printable(value));
    }
    [[nodiscard]] std::string text() && {
        TextTable table;
        table.add_column("", Column::name, std::move(names_));
        table.add_column("", Column::text, std::move(values_));
        return table.text(terminal_width());
    }

  private:
    std::vector<std::string> names_;
    std::vector<std::string> values_;
};

std::string details_of(const OpenNvSciDevice& device) {
    constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
    Details details;
    details.add("UUID", uuid_text(device.gpuId));
    if (is_partition(device)) details.add("UUID of the instance", uuid_text(device.instanceId));
    details.add("compute capability", compute_text(device));
    details.add("memory", fmt::format("{:.1f} GiB", static_cast<double>(device.memoryBytes) / kGiB));
    details.add("shares the system's memory", yes_or_no(device.isIntegrated));
    details.add("virtual memory management", yes_or_no(device.hasVirtualMemory));
    details.add("read-only host registration", yes_or_no(device.hasReadOnlyRegistration));
    details.add("dma-buf of video memory", yes_or_no(device.hasDmaBuf));
    details.add("compressible memory", yes_or_no(grants_compression(device)) + " (tried)");
    details.add("system memory of the driver", yes_or_no(grants_system_memory(device)) + " (tried)");
    return std::move(details).text();
}

std::string details_of(const VulkanDevice& device) {
    Details details;
    details.add("UUID", device.uuid);
    details.add("GPU of CUDA", device.gpu.empty() ? "none" : device.gpu);
    if (!device.obstacle.empty()) details.add("cannot take part", "it " + device.obstacle);
    for (const VulkanAbility& ability : vulkan_abilities()) {
        std::string value = yes_or_no(device.*ability.member);
        if (ability.member == &VulkanDevice::imports_host_pointers && device.imports_host_pointers)
            value += fmt::format(", at multiples of {} bytes", device.host_pointer_alignment);
        details.add(ability.title, std::move(value));
    }
    return std::move(details).text();
}

void print_as_text(const VulkanProbe& vulkan) {
    if (!vulkan.failure.empty()) return print("\nVulkan   not usable here: {}\n", printable(vulkan.failure));
    if (vulkan.devices.empty()) return print("\nVulkan   finds no device\n");
    for (std::size_t number = 0; number < vulkan.devices.size(); ++number) {
        print("\nVulkan device {}: {}\n", number, printable(vulkan.devices[number].name));
        print_text(details_of(vulkan.devices[number]));
    }
}

void print_as_text(const OpenNvSciDriver& driver) {
    print("driver   {}, CUDA {}\n", driver.isSoftware ? "software device" : "GPU driver",
          cuda_version_text(driver.cudaVersion));
    print("file     {}\n", printable(driver.path));
    print("chosen   {}\n", printable(driver.reason));
    for (const OpenNvSciDevice& device : std::span(driver.devices, driver.deviceCount)) {
        print("\ndevice {}: {}\n", device.ordinal, printable(device.name));
        print_text(details_of(device));
    }
}

// A line each, as other tools of the field have it.
void print_list(const OpenNvSciDriver& driver) {
    for (const OpenNvSciDevice& device : std::span(driver.devices, driver.deviceCount)) {
        const auto& shown = is_partition(device) ? device.instanceId : device.gpuId;
        print("device {}: {} (UUID: {})\n", device.ordinal, printable(device.name), uuid_text(shown));
    }
}

}  // namespace

Result<> devices(const DevicesOptions& options) {
    if (options.is_vulkan_probe) {
        print_vulkan_probe();
        return {};
    }
    OPENNVSCI_TRY_ASSIGN(driver, driver_in_use());
    if (options.list) {
        print_list(*driver);
    } else if (options.json) {
        OPENNVSCI_TRY_ASSIGN(whole, Driver::load());
        Json machine = describe_machine(whole);
        machine["vulkan"] = json_of(probe_vulkan());
        print_json(machine);
    } else {
        print_as_text(*driver);
        print_as_text(probe_vulkan());
    }
    return {};
}

}  // namespace opennvsci::tool
