// SPDX-License-Identifier: Apache-2.0
//
// Devices as users name them, and as NvSciBuf does.
#pragma once

#include <string>

#include "driver/driver.h"
#include "nvscibuf.h"

namespace opennvsci::tool {

/// The device that an ordinal names, or the first one for "soft" and for an empty text. Errors: NoSuchDevice.
[[nodiscard]] Result<const driver::Device*> choose_device(const driver::Driver& driver, const std::string& wanted);

[[nodiscard]] NvSciRmGpuId gpu_id(const driver::Device& device);

}  // namespace opennvsci::tool
