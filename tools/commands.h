// SPDX-License-Identifier: Apache-2.0
//
// The commands of the tool, behind their options.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace opennvsci::tool {

struct DevicesOptions {
    bool json = false;
};
/// Prints the driver in use and its devices.
[[nodiscard]] Result<> devices(const DevicesOptions& options);

struct DemoOptions {
    std::filesystem::path input;  ///< empty: the picture that comes with the tool
    std::filesystem::path output = "opennvsci-demo.png";
    std::string device;  ///< an ordinal, "soft", or empty for the first device
};
/// A picture goes through two negotiated buffers and comes out gray; fails unless every promise on the way held.
[[nodiscard]] Result<> demo(const DemoOptions& options);

struct RunOptions {
    std::string device;  ///< auto, gpu, soft, or empty to leave the environment as it is
    std::vector<std::string> command;
};
/// Becomes the program. Returns only if that fails.
[[nodiscard]] Error run(const RunOptions& options);

}  // namespace opennvsci::tool
