// SPDX-License-Identifier: Apache-2.0
//
// The devices of a machine that a file describes, as `opennvsci devices --json` writes it (docs/software-device.md).
// The file may come from anybody.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "softcuda/device_description.h"

namespace opennvsci::softcuda {

/// The devices in the file at `path`: 1 to 16, each with UUIDs of its own. None if the file cannot be read or says what
/// cannot be, with the reason in `mistake`.
[[nodiscard]] std::vector<DeviceDescription> read_machine(const std::string& path, std::string& mistake);

/// The same for what stands in a file.
[[nodiscard]] std::vector<DeviceDescription> parse_machine(std::string_view text, std::string& mistake);

}  // namespace opennvsci::softcuda
