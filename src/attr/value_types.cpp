// SPDX-License-Identifier: Apache-2.0
#include "attr/value_types.h"

#include <fmt/format.h>

#include <cstddef>

#include "base/uuid.h"
#include "nvscibuf.h"

namespace opennvsci::attr::value {
namespace {

void append_boolean(std::string& out, const void* element) {
    const auto value = load<std::uint8_t>(element);
    out += value == 0 ? "false" : value == 1 ? "true" : std::to_string(value);
}

void append_float(std::string& out, const void* element) {
    fmt::format_to(std::back_inserter(out), "{}", load<float>(element));
}

void append_gpu_id(std::string& out, const void* element) {
    const auto uuid = Uuid::from(element);
    out += uuid.is_null() ? "no GPU" : uuid.text();
}

void append_peer_location(std::string& out, const void* element) {
    const auto peer = load<NvSciBufPeerLocationInfo>(element);
    fmt::format_to(std::back_inserter(out), "SoC {} VM {}", std::uint32_t{peer.socID}, std::uint32_t{peer.vmID});
}

// Programs may put any number where an enumerator belongs, so both are read as numbers.
void append_peer_engine(std::string& out, const void* element) {
    const auto* words = static_cast<const std::byte*>(element);
    fmt::format_to(std::back_inserter(out), "engine {} platform {}",
                   load<std::uint32_t>(words + offsetof(NvSciBufPeerHwEngine, engName)),
                   load<std::uint32_t>(words + offsetof(NvSciBufPeerHwEngine, platName)));
}

}  // namespace

const ValueType boolean{"bool", 1, less<std::uint8_t>, append_boolean};
const ValueType uint8 = number<std::uint8_t>("uint8_t");
const ValueType uint32 = number<std::uint32_t>("uint32_t");
const ValueType uint64 = number<std::uint64_t>("uint64_t");
const ValueType float32{"float", sizeof(float), less<float>, append_float};
const ValueType gpu_id{"NvSciRmGpuId", sizeof(NvSciRmGpuId), nullptr, append_gpu_id};
const ValueType peer_location{"NvSciBufPeerLocationInfo", sizeof(NvSciBufPeerLocationInfo), nullptr,
                              append_peer_location};
const ValueType peer_engine{"NvSciBufPeerHwEngine", sizeof(NvSciBufPeerHwEngine), nullptr, append_peer_engine};

}  // namespace opennvsci::attr::value
