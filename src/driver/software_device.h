// SPDX-License-Identifier: Apache-2.0
//
// Where the software CUDA device lies: beside libopennvsci, in a folder of its own because of its file name.
#pragma once

#include <string>

namespace opennvsci::driver {

/// The folder that holds the software device's libcuda.so.1; empty if the place of this library cannot be found.
[[nodiscard]] std::string software_device_folder();

}  // namespace opennvsci::driver
