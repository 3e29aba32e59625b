// SPDX-License-Identifier: Apache-2.0
//
// Surface: the description of a YUV image by sampling, depth and memory layout instead of plane by plane, and the
// planes that it stands for. Source: nvscibuf.md 5, "Surface description -> planes".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "buf/plane.h"

namespace opennvsci::buf {

struct Surface {
    NvSciBufSurfMemLayout layout;
    NvSciBufSurfSampleType sampling;
    NvSciBufSurfBPC bits;
    NvSciBufSurfComponentOrder order;
    std::uint32_t width;  ///< of the luma plane
    std::uint32_t height;
};

/// Two values that no surface has together: the key that is wrong given the others, and why.
struct Contradiction {
    std::uint32_t key;
    std::string text;
    const char* remedy;
    std::optional<std::uint32_t> only_value;  ///< of the key, given the others
};

[[nodiscard]] tl::expected<Planes<PlaneShape>, Contradiction> planes_of(const Surface& surface);

}  // namespace opennvsci::buf
