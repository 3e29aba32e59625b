// SPDX-License-Identifier: Apache-2.0
//
// The sizes of NvSciBuf's data types.
#pragma once

#include "nvscibuf.h"

namespace opennvsci::buf {

/// Bits of one element. FloatISP is a 16-bit float; Bool is a byte, as in C.
[[nodiscard]] constexpr unsigned bits_of(NvSciBufAttrValDataType type) noexcept {
    constexpr unsigned kBits[NvSciDataType_UpperBound] = {4, 4, 8, 8, 16, 16, 32, 32, 16, 32, 16, 8};
    return kBits[type];
}

/// Bytes of one element that stands alone.
[[nodiscard]] constexpr unsigned bytes_of(NvSciBufAttrValDataType type) noexcept {
    return (bits_of(type) + 7) / 8;
}
static_assert(bits_of(NvSciDataType_Uint4) == 4 && bits_of(NvSciDataType_Float16) == 16 &&
              bits_of(NvSciDataType_Float32) == 32 && bits_of(NvSciDataType_Bool) == 8);

}  // namespace opennvsci::buf
