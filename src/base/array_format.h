// SPDX-License-Identifier: Apache-2.0
//
// The element formats of CUDA arrays that this project knows: one, two or four channels of a plain type, and the packed
// 10/10/10/2 bits that newer drivers have for textures.
#pragma once

#include <compare>
#include <cstddef>

#include "base/cuda_abi.h"

namespace opennvsci::cu {

/// The element of an array: so many values of a type.
struct ArrayElement {
    CUarray_format format;
    unsigned channels;

    auto operator<=>(const ArrayElement&) const = default;  // NOLINT(modernize-use-nullptr): there is no pointer
};

/// Bytes of one element, or 0 for a format or a number of channels that arrays do not have.
[[nodiscard]] constexpr std::size_t array_element_size(CUarray_format format, unsigned channels) noexcept {
    if (format == CU_AD_FORMAT_UNORM_INT_101010_2) return channels == 4 ? 4 : 0;
    if (channels != 1 && channels != 2 && channels != 4) return 0;
    switch (format) {
        case CU_AD_FORMAT_UNSIGNED_INT8:
        case CU_AD_FORMAT_SIGNED_INT8:
            return channels;
        case CU_AD_FORMAT_UNSIGNED_INT16:
        case CU_AD_FORMAT_SIGNED_INT16:
        case CU_AD_FORMAT_HALF:
            return std::size_t{2} * channels;
        case CU_AD_FORMAT_UNSIGNED_INT32:
        case CU_AD_FORMAT_SIGNED_INT32:
        case CU_AD_FORMAT_FLOAT:
            return std::size_t{4} * channels;
        default:
            return 0;
    }
}

}  // namespace opennvsci::cu
