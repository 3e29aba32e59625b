// SPDX-License-Identifier: Apache-2.0
#include "device_choice.h"

#include <fmt/format.h>

#include <charconv>

#include "nvsci.h"

namespace opennvsci::tool {

Result<const OpenNvSciDriver*> driver_in_use() {
    const OpenNvSciDriver* driver = nullptr;
    if (auto found = check(opennvsciGetDriver(&driver), "opennvsciGetDriver"); !found) {
        return fail(std::move(found).error().reason);
    }
    return driver;
}

Result<const OpenNvSciDevice*> choose_device(const OpenNvSciDriver& driver, const std::string& wanted) {
    std::size_t ordinal = 0;
    if (wanted != "soft") std::from_chars(wanted.data(), wanted.data() + wanted.size(), ordinal);
    if (ordinal < driver.deviceCount) return &driver.devices[ordinal];
    return fail(fmt::format("there is no device {}: the driver has {}", ordinal, driver.deviceCount));
}

std::string uuid_text(const NvSciRmGpuId& gpu) {
    return text_of(NvSciBufGeneralAttrKey_VidMem_GpuId, gpu);
}

}  // namespace opennvsci::tool
