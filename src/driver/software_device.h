// SPDX-License-Identifier: Apache-2.0
//
// How the software CUDA device is recognised, and where it lies: beside libopennvsci, in a folder of its own because of
// its file name.
#pragma once

#include <string>

namespace opennvsci::driver {

/// The symbol that tells the software device's libcuda.so.1 from any other.
inline constexpr const char* kSoftwareDeviceMark = "opennvsciSoftCudaVersion";

/// Its function that gets what this library knows of stderr (softcuda/entry.h).
inline constexpr const char* kSoftwareDeviceFollowsLog = "opennvsciSoftCudaFollowLog";

/// The folder that holds the software device's libcuda.so.1; empty if the place of this library cannot be found.
[[nodiscard]] std::string software_device_folder();

}  // namespace opennvsci::driver
