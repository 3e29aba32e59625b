// SPDX-License-Identifier: Apache-2.0
//
// What every test and fuzz target says of NvSci: the codes without their prefix, pairs whose key may be any number, and
// the ids of GPUs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "driver/driver.h"
#include "nvscibuf.h"

namespace opennvsci::test {

inline constexpr NvSciError kSuccess = NvSciError_Success;
inline constexpr NvSciError kAttrListValidationFailed = NvSciError_AttrListValidationFailed;
inline constexpr NvSciError kBadParameter = NvSciError_BadParameter;
inline constexpr NvSciError kClearedFence = NvSciError_ClearedFence;
inline constexpr NvSciError kInsufficientMemory = NvSciError_InsufficientMemory;
inline constexpr NvSciError kNotImplemented = NvSciError_NotImplemented;
inline constexpr NvSciError kNotPermitted = NvSciError_NotPermitted;
inline constexpr NvSciError kNotSupported = NvSciError_NotSupported;
inline constexpr NvSciError kOverflow = NvSciError_Overflow;
inline constexpr NvSciError kReconciliationFailed = NvSciError_ReconciliationFailed;
inline constexpr NvSciError kResourceError = NvSciError_ResourceError;
inline constexpr NvSciError kTimeout = NvSciError_Timeout;
inline constexpr NvSciError kUnsupportedConfig = NvSciError_UnsupportedConfig;

/// A pair whose key may be any number. It is stored as bytes: a number that is no enumerator must not pass through a
/// variable of the enumeration's type.
template <class Pair>
Pair pair_of(std::uint32_t number, const void* value, std::size_t length) {
    Pair pair{};
    std::memcpy(static_cast<void*>(&pair), &number, sizeof(number));  // the key is the first member
    pair.value = value;
    pair.len = length;
    return pair;
}

inline NvSciRmGpuId id_of(const driver::Device& device) {
    NvSciRmGpuId id{};
    std::memcpy(id.bytes, device.uuid.bytes.data(), sizeof(id.bytes));
    return id;
}

}  // namespace opennvsci::test
