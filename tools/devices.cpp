// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <cstring>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "device_choice.h"
#include "negotiation.h"

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

void print_text(const OpenNvSciDriver& driver) {
    fmt::print("driver   {}, CUDA {}\n", driver.isSoftware ? "software device" : "GPU driver",
               version_text(driver.cudaVersion));
    fmt::print("file     {}\n", driver.path);
    fmt::print("chosen   {}\n", driver.reason);
    const auto yes_or_no = [](bool value) { return value ? "yes" : "no"; };
    for (const OpenNvSciDevice& device : std::span(driver.devices, driver.deviceCount)) {
        constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
        fmt::print("\ndevice {}: {}\n", device.ordinal, device.name);
        fmt::print("  UUID                         {}\n", uuid_text(device.gpuId));
        if (is_partition(device)) fmt::print("  UUID of the instance         {}\n", uuid_text(device.instanceId));
        fmt::print("  compute capability           {}\n", compute_text(device));
        fmt::print("  memory                       {:.1f} GiB\n", static_cast<double>(device.memoryBytes) / kGiB);
        fmt::print("  shares the system's memory   {}\n", yes_or_no(device.isIntegrated));
        fmt::print("  virtual memory management    {}\n", yes_or_no(device.hasVirtualMemory));
        fmt::print("  read-only host registration  {}\n", yes_or_no(device.hasReadOnlyRegistration));
        fmt::print("  compressible memory          {} (tried)\n", yes_or_no(grants_compression(device)));
    }
}

void print_json(const OpenNvSciDriver& driver) {
    auto devices = nlohmann::ordered_json::array();
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
    const nlohmann::ordered_json all{{"driver",
                                      {{"is_software", driver.isSoftware},
                                       {"cuda_version", version_text(driver.cudaVersion)},
                                       {"file", driver.path},
                                       {"reason", driver.reason}}},
                                     {"devices", std::move(devices)}};
    // A device name that is no UTF-8 must not end the tool.
    fmt::print("{}\n", all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace

Result<> devices(const DevicesOptions& options) {
    OPENNVSCI_TRY_ASSIGN(driver, driver_in_use());
    options.json ? print_json(*driver) : print_text(*driver);
    return {};
}

}  // namespace opennvsci::tool
