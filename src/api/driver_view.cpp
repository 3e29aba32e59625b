// SPDX-License-Identifier: Apache-2.0
#include "api/driver_view.h"

#include <cstring>
#include <memory>
#include <vector>

#include "api/made_once.h"
#include "driver/driver.h"

namespace opennvsci::api {
namespace {

struct View {
    std::vector<OpenNvSciDevice> devices;
    OpenNvSciDriver driver{};
};

// Never destroyed, as the driver whose texts it points to.
MadeOnce<View>& view() {
    static auto* const view = new MadeOnce<View>;
    return *view;
}

OpenNvSciDevice view_of(const driver::Device& device, std::size_t ordinal) {
    OpenNvSciDevice view{};
    view.gpuId = gpu_id(device.uuid);
    view.instanceId = gpu_id(device.instance_uuid);
    view.name = device.name.c_str();
    view.memoryBytes = device.memory_bytes;
    view.ordinal = static_cast<std::uint32_t>(ordinal);
    view.computeMajor = static_cast<std::uint32_t>(device.compute_major);
    view.computeMinor = static_cast<std::uint32_t>(device.compute_minor);
    view.isIntegrated = device.is_integrated;
    view.hasVirtualMemory = device.supports_virtual_memory;
    view.hasReadOnlyRegistration = device.supports_read_only_host_register;
    view.hasDmaBuf = device.supports_dma_buf;
    return view;
}

std::unique_ptr<const View> make(const driver::Driver& driver) {
    auto view = std::make_unique<View>();
    view->devices.reserve(driver.devices.size());
    for (const driver::Device& device : driver.devices)
        view->devices.push_back(view_of(device, view->devices.size()));
    view->driver.path = driver.path.c_str();
    view->driver.reason = driver.reason.c_str();
    view->driver.cudaVersion = static_cast<std::uint32_t>(driver.version);
    view->driver.isSoftware = driver.is_software;
    view->driver.devices = view->devices.data();
    view->driver.deviceCount = view->devices.size();
    return view;
}

}  // namespace

NvSciRmGpuId gpu_id(const Uuid& uuid) noexcept {
    NvSciRmGpuId id{};
    std::memcpy(id.bytes, uuid.bytes.data(), sizeof(id.bytes));
    return id;
}

Result<const OpenNvSciDriver*> driver_view() {
    OPENNVSCI_TRY_ASSIGN(made, view().get([]() -> Result<std::unique_ptr<const View>> {
        OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
        return make(*driver);
    }));
    return &made->driver;
}

}  // namespace opennvsci::api
