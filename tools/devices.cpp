// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "device_choice.h"
#include "machine_description.h"
#include "output.h"
#include "text_table.h"

namespace opennvsci::tool {
namespace {

bool is_partition(const OpenNvSciDevice& device) {
    return std::memcmp(&device.gpuId, &device.instanceId, sizeof(device.gpuId)) != 0;
}

std::string details_of(const OpenNvSciDevice& device) {
    constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
    const auto yes_or_no = [](bool value) { return std::string(value ? "yes" : "no"); };
    std::vector<std::string> names;
    std::vector<std::string> values;
    const auto add = [&](const char* name, std::string value) {
        names.emplace_back(name);
        values.push_back(std::move(value));
    };
    add("UUID", uuid_text(device.gpuId));
    if (is_partition(device)) add("UUID of the instance", uuid_text(device.instanceId));
    add("compute capability", compute_text(device));
    add("memory", fmt::format("{:.1f} GiB", static_cast<double>(device.memoryBytes) / kGiB));
    add("shares the system's memory", yes_or_no(device.isIntegrated));
    add("virtual memory management", yes_or_no(device.hasVirtualMemory));
    add("read-only host registration", yes_or_no(device.hasReadOnlyRegistration));
    add("dma-buf of video memory", yes_or_no(device.hasDmaBuf));
    add("compressible memory", yes_or_no(grants_compression(device)) + " (tried)");
    add("system memory of the driver", yes_or_no(grants_system_memory(device)) + " (tried)");
    TextTable table;
    table.add_column("", Column::name, std::move(names));
    table.add_column("", Column::text, std::move(values));
    return table.text(terminal_width());
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
    OPENNVSCI_TRY_ASSIGN(driver, driver_in_use());
    if (options.list) {
        print_list(*driver);
    } else if (options.json) {
        OPENNVSCI_TRY_ASSIGN(whole, Driver::load());
        print_json(describe_machine(whole));
    } else {
        print_as_text(*driver);
    }
    return {};
}

}  // namespace opennvsci::tool
