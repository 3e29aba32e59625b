// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "commands.h"
#include "driver/driver.h"

namespace opennvsci::tool {

using driver::Device;
using driver::Driver;

namespace {

std::string version_text(int version) {
    return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

std::string compute_text(const Device& device) {
    return fmt::format("{}.{}", device.compute_major, device.compute_minor);
}

void print_text(const Driver& driver) {
    fmt::print("driver   {}, CUDA {}\n", driver.is_software ? "software device" : "GPU driver",
               version_text(driver.version));
    fmt::print("file     {}\n", driver.path);
    fmt::print("chosen   {}\n", driver.reason);
    const auto yes_or_no = [](bool value) { return value ? "yes" : "no"; };
    for (std::size_t i = 0; i < driver.devices.size(); ++i) {
        const Device& device = driver.devices[i];
        constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
        fmt::print("\ndevice {}: {}\n", i, device.name);
        fmt::print("  UUID                         {}\n", device.uuid.text());
        if (device.instance_uuid != device.uuid) {
            fmt::print("  UUID of the instance         {}\n", device.instance_uuid.text());
        }
        fmt::print("  compute capability           {}\n", compute_text(device));
        fmt::print("  memory                       {:.1f} GiB\n", static_cast<double>(device.memory_bytes) / kGiB);
        fmt::print("  shares the system's memory   {}\n", yes_or_no(device.is_integrated));
        fmt::print("  virtual memory management    {}\n", yes_or_no(device.supports_virtual_memory));
        fmt::print("  read-only host registration  {}\n", yes_or_no(device.supports_read_only_host_register));
        fmt::print("  compressible memory          {} (tried)\n", yes_or_no(device.grants_compression(driver)));
    }
}

void print_json(const Driver& driver) {
    auto devices = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < driver.devices.size(); ++i) {
        const Device& device = driver.devices[i];
        devices.push_back({{"ordinal", i},
                           {"name", device.name},
                           {"uuid", device.uuid.text()},
                           {"instance_uuid", device.instance_uuid.text()},
                           {"compute_capability", compute_text(device)},
                           {"memory_bytes", device.memory_bytes},
                           {"is_integrated", device.is_integrated},
                           {"supports_virtual_memory", device.supports_virtual_memory},
                           {"supports_read_only_host_register", device.supports_read_only_host_register},
                           {"grants_compression", device.grants_compression(driver)}});
    }
    const nlohmann::ordered_json all{{"driver",
                                      {{"is_software", driver.is_software},
                                       {"cuda_version", version_text(driver.version)},
                                       {"file", driver.path},
                                       {"reason", driver.reason}}},
                                     {"devices", std::move(devices)}};
    // A device name that is no UTF-8 must not end the tool.
    fmt::print("{}\n", all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace

Result<> devices(const DevicesOptions& options) {
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    options.json ? print_json(*driver) : print_text(*driver);
    return {};
}

}  // namespace opennvsci::tool
