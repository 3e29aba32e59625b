// SPDX-License-Identifier: Apache-2.0
//
// Machines that are described by a file, in the place of this one: the software device takes over what a driver says
// there (docs/software-device.md).
#pragma once

#include <filesystem>
#include <string>

#include "result.h"

namespace opennvsci::tool {

/// The machine file that `name` says: one of those that come with the tool ("h100"), or else a path. Errors: neither.
[[nodiscard]] Result<std::filesystem::path> find_machine(const std::string& name);

/// The machine that comes with the tool whose file names this GPU, "GPU-..." in small letters; empty if none does.
[[nodiscard]] std::string machine_with(const std::string& gpu);

/// Lets this process have the machine of the file, from the first use of the driver on; before that no thread of it may
/// run. Errors: the environment cannot be changed. What is wrong with the file, the first use of the driver says.
[[nodiscard]] Result<> use_machine(const std::filesystem::path& file);

}  // namespace opennvsci::tool
