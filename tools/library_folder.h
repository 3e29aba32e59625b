// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "result.h"

namespace opennvsci::tool {

/// The folder of libopennvsci, and of what the package puts beside it; empty if it cannot be found.
[[nodiscard]] std::string library_folder();

/// In it, the folder of the software device, which is a libcuda.so.1.
[[nodiscard]] std::string software_device_folder();

/// Where the files lie that come with the tool: ../share/opennvsci from the place of the program.
[[nodiscard]] Result<std::filesystem::path> data_folder();

}  // namespace opennvsci::tool
