// SPDX-License-Identifier: Apache-2.0
//
// The devices of the driver that the library uses, as users name them.
#pragma once

#include <string>

#include "opennvsci.h"
#include "result.h"

namespace opennvsci::tool {

/// The driver that the library uses; it is loaded on the first call. Errors: the library's reason why there is none.
[[nodiscard]] Result<const OpenNvSciDriver*> driver_in_use();

/// The device that an ordinal names, or the first one for "soft" and for an empty text. Errors: there is none.
[[nodiscard]] Result<const OpenNvSciDevice*> choose_device(const OpenNvSciDriver& driver, const std::string& wanted);

/// "GPU-00112233-4455-6677-8899-aabbccddeeff", as NVIDIA's tools print it.
[[nodiscard]] std::string uuid_text(const NvSciRmGpuId& gpu);

}  // namespace opennvsci::tool
