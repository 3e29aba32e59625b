// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "device_choice.h"
#include "negotiation.h"
#include "output.h"
#include "text_table.h"

namespace opennvsci::tool {
namespace {

std::string version_text(std::uint32_t version) {
    return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

std::string compute_text(const OpenNvSciDevice& device) {
    return fmt::format("{}.{}", device.computeMajor, device.computeMinor);
}

bool is_partition(const OpenNvSciDevice& device) {
    return std::memcmp(&device.gpuId, &device.instanceId, sizeof(device.gpuId)) != 0;
}

// Whether a buffer in the device's memory becomes compressible when somebody asks for it. The library tries it.
bool grants_compression(const OpenNvSciDevice& device) {
    const NvSciBufAttrValGpuCompression wanted{device.gpuId, NvSciBufCompressionType_GenericCompressible};
    const std::array participants{Participant("devices")
                                      .asks(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer)
                                      .asks(NvSciBufRawBufferAttrKey_Size, std::uint64_t{1})
                                      .asks(NvSciBufGeneralAttrKey_GpuId, device.gpuId)
                                      .asks(NvSciBufGeneralAttrKey_VidMem_GpuId, device.gpuId)
                                      .asks(NvSciBufGeneralAttrKey_EnableGpuCompression, wanted)};
    Module module;
    if (NvSciBufModuleOpen(module.out()) != NvSciError_Success) return false;
    const auto list = reconcile(module, participants);
    NvSciBufAttrKeyValuePair granted{NvSciBufGeneralAttrKey_EnableGpuCompression, nullptr, 0};
    return list && NvSciBufAttrListGetAttrs(list->get(), &granted, 1) == NvSciError_Success &&
           granted.len == sizeof(wanted) && std::memcmp(granted.value, &wanted, sizeof(wanted)) == 0;
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
    add("compressible memory", yes_or_no(grants_compression(device)) + " (tried)");
    TextTable table;
    table.add_column("", Column::name, std::move(names));
    table.add_column("", Column::text, std::move(values));
    return table.text(terminal_width());
}

void print_as_text(const OpenNvSciDriver& driver) {
    print("driver   {}, CUDA {}\n", driver.isSoftware ? "software device" : "GPU driver",
          version_text(driver.cudaVersion));
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

void print_as_json(const OpenNvSciDriver& driver) {
    auto devices = Json::array();
    for (const OpenNvSciDevice& device : std::span(driver.devices, driver.deviceCount)) {
        devices.push_back({{"ordinal", device.ordinal},
                           {"name", device.name},
                           {"uuid", uuid_text(device.gpuId)},
                           {"instance_uuid", uuid_text(device.instanceId)},
                           {"compute_capability", compute_text(device)},
                           {"memory_bytes", device.memoryBytes},
                           {"is_integrated", device.isIntegrated},
                           {"supports_virtual_memory", device.hasVirtualMemory},
                           {"supports_read_only_host_register", device.hasReadOnlyRegistration},
                           {"grants_compression", grants_compression(device)}});
    }
    const Json all{{"driver",
                    {{"is_software", driver.isSoftware},
                     {"cuda_version", version_text(driver.cudaVersion)},
                     {"file", driver.path},
                     {"reason", driver.reason}}},
                   {"devices", std::move(devices)}};
    print_json(all);
}

}  // namespace

Result<> devices(const DevicesOptions& options) {
    OPENNVSCI_TRY_ASSIGN(driver, driver_in_use());
    if (options.list) {
        print_list(*driver);
    } else if (options.json) {
        print_as_json(*driver);
    } else {
        print_as_text(*driver);
    }
    return {};
}

}  // namespace opennvsci::tool
