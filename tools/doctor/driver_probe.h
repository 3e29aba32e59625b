// SPDX-License-Identifier: Apache-2.0
//
// What the libcuda.so.1 that a process finds says of itself. To ask means to run its code, so `opennvsci doctor` starts
// itself with --probe for that, and reads what the other process has printed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "output.h"

namespace opennvsci::tool {

struct ProbedDevice {
    std::string name;
    int compute_mode = 0;  ///< CUcomputemode: 0 default, 2 prohibited, 3 one process
    bool has_virtual_memory = false;
    bool has_descriptors = false;  ///< of virtual memory: it can be shared
    bool has_read_only_registration = false;
    bool has_stream_memory_operations = false;
    bool has_deferred_arrays = false;
    bool has_system_memory = false;  ///< promises system memory of the driver
    bool has_compression = false;    ///< promises it; whether it is granted has to be tried
};

struct DriverProbe {
    std::string failure;     ///< why nothing is known: the process that asked hung or crashed; empty if all is well
    bool is_found = false;   ///< there is a libcuda.so.1 that can be loaded
    std::string load_error;  ///< why not
    std::string path;        ///< of the file, without links
    bool is_software = false;
    std::uint32_t result = 0;  ///< of cuInit
    std::string result_name;   ///< "CUDA_ERROR_NO_DEVICE"
    std::string result_text;
    int version = 0;  ///< 1000 * major + 10 * minor
    bool can_tell_destroyed_contexts = false;
    std::vector<ProbedDevice> devices;
};

/// The child's part: loads the driver, asks it, and prints JSON.
void print_driver_probe();
/// The parent's part.
[[nodiscard]] DriverProbe probe_driver();
[[nodiscard]] DriverProbe driver_probe_of(const Json& printed);

}  // namespace opennvsci::tool
