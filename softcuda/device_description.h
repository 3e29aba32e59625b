// SPDX-License-Identifier: Apache-2.0
//
// DeviceDescription: what one device says of itself, where that is not the same for every software device.
#pragma once

#include <bitset>
#include <cstddef>
#include <string>
#include <vector>

#include "softcuda/abi.h"

namespace opennvsci::softcuda {

inline constexpr int kMaxDevices = 16;

struct AttributeValue {
    CUdevice_attribute attribute;
    int value;
};

struct DeviceDescription {
    CUuuid uuid{};
    CUuuid instance_uuid{};  ///< another one for a partition of a GPU (MIG)
    std::string name;
    std::size_t memory = 0;                    ///< bytes
    std::bitset<kMaxDevices> peers;            ///< ordinals of the devices whose memory it can access
    std::vector<AttributeValue> attributes{};  ///< those that differ from a software device's
    bool grants_compression = true;            ///< memory that is created compressible is so
    bool grants_system_memory = true;          ///< cuMemCreate makes memory at the location HOST_NUMA
};

}  // namespace opennvsci::softcuda
