// SPDX-License-Identifier: Apache-2.0
#include "device_choice.h"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

namespace opennvsci::tool {

using driver::Device;
using driver::Driver;

Result<const Device*> choose_device(const Driver& driver, const std::string& wanted) {
    std::size_t ordinal = 0;
    if (wanted != "soft") std::from_chars(wanted.data(), wanted.data() + wanted.size(), ordinal);
    if (ordinal < driver.devices.size()) return &driver.devices[ordinal];
    return fail(NvSciError_NoSuchDevice,
                fmt::format("there is no device {}: the driver has {}", ordinal, driver.devices.size()));
}

NvSciRmGpuId gpu_id(const Device& device) {
    NvSciRmGpuId id{};
    std::memcpy(id.bytes, device.uuid.bytes.data(), sizeof(id.bytes));
    return id;
}

}  // namespace opennvsci::tool
