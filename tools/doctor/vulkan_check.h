// SPDX-License-Identifier: Apache-2.0
//
// Whether Vulkan can take part in what is negotiated: whether it is there, knows the GPUs that CUDA knows, and what its
// devices lack. Who uses no Vulkan needs none of it, so nothing here is a problem.
#pragma once

#include <string>
#include <vector>

#include "doctor/finding.h"
#include "vulkan_probe.h"

namespace opennvsci::tool {

struct VulkanFacts {
    VulkanProbe vulkan;
    struct Gpu {
        std::string name;
        std::string uuid;
    };
    std::vector<Gpu> gpus;  ///< of CUDA; none for the software device
};

[[nodiscard]] std::vector<Finding> check_vulkan(const VulkanFacts& facts);

}  // namespace opennvsci::tool
