// SPDX-License-Identifier: Apache-2.0
//
// The CUDA driver: the one that is found, the one that the libraries use, and what it can.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "doctor/driver_probe.h"
#include "doctor/finding.h"
#include "doctor/gpu.h"
#include "doctor/vulkan_check.h"

namespace opennvsci::tool {

/// What opennvsciGetDriver() says in a process of its own.
struct DriverInUse {
    std::string failure;  ///< the library's reason why there is none; empty if there is one
    std::string path;
    std::string reason;
    std::string cuda_version;  ///< "13.0"
    bool is_software = false;
    std::vector<bool> grants_compression;  ///< per device; tried
    VulkanFacts vulkan{};                  ///< what such a process knows of it
};

struct DriverFacts {
    std::string wanted;  ///< OPENNVSCI_DEVICE; empty if it is not set
    DriverProbe found;
    DriverInUse in_use;
    GpuFacts gpus;
};

[[nodiscard]] DriverInUse look_at_driver_in_use();
[[nodiscard]] std::vector<Finding> check_driver(const DriverFacts& facts);

/// "580.159.04" of a file "libcuda.so.580.159.04"; empty for another one.
[[nodiscard]] std::string driver_version_of(const std::string& path);

}  // namespace opennvsci::tool
