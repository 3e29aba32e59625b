// SPDX-License-Identifier: Apache-2.0
//
// What the library asks a driver to decide a negotiation, as data: what `opennvsci devices --json` prints, and what the
// software device takes as a machine file (docs/software-device.md).
#pragma once

#include "driver.h"
#include "output.h"

namespace opennvsci::tool {

/// "13.0"
[[nodiscard]] std::string cuda_version_text(std::uint32_t version);
/// "9.0"
[[nodiscard]] std::string compute_text(const OpenNvSciDevice& device);

/// Whether a buffer in the device's memory becomes compressible when somebody asks for it. The library tries it.
[[nodiscard]] bool grants_compression(const OpenNvSciDevice& device);
/// Whether its driver makes system memory in which arrays can be mapped. The library tries it.
[[nodiscard]] bool grants_system_memory(const OpenNvSciDevice& device);

/// The machine with its devices.
[[nodiscard]] Json describe_machine(const Driver& driver);

}  // namespace opennvsci::tool
