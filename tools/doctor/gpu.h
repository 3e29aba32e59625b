// SPDX-License-Identifier: Apache-2.0
//
// What the kernel has of NVIDIA's GPUs: the devices on the bus, the module, the device nodes. Nothing is opened.
#pragma once

#include <string>
#include <vector>

#include "doctor/finding.h"

namespace opennvsci::tool {

struct DeviceNode {
    std::string path;
    bool can_open = false;  ///< this user may read and write it
    unsigned mode = 0;
    unsigned owner = 0;
    unsigned group = 0;
};

struct GpuFacts {
    std::vector<std::string> bus_places;  ///< of NVIDIA's GPUs: "0000:01:00.0"
    bool has_module = false;              ///< the module `nvidia` is loaded
    std::string module_version;           ///< may be empty
    std::vector<DeviceNode> nodes;        ///< /dev/nvidia..., in the order of their names
};

[[nodiscard]] GpuFacts look_at_gpus();
/// `wanted` is OPENNVSCI_DEVICE. Whoever asks for the software device has no problem with a GPU.
[[nodiscard]] std::vector<Finding> check_gpus(const GpuFacts& facts, const std::string& wanted);

}  // namespace opennvsci::tool
