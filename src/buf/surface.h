// SPDX-License-Identifier: Apache-2.0
//
// Surface: the description of a YUV image by sampling, depth and memory layout instead of plane by plane, and the
// planes that it stands for. Source: nvscibuf.md 5, "Surface description -> planes".
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "nvscibuf.h"

namespace opennvsci::buf {

struct Surface {
    NvSciBufSurfMemLayout layout;
    NvSciBufSurfSampleType sampling;
    NvSciBufSurfBPC bits;
    NvSciBufSurfComponentOrder order;
    std::uint32_t width;  ///< of the luma plane
    std::uint32_t height;
};

struct SurfacePlane {
    NvSciBufAttrValColorFmt format;
    std::uint32_t width;
    std::uint32_t height;
};

struct SurfacePlanes {
    std::uint32_t count;
    std::array<SurfacePlane, NV_SCI_BUF_IMAGE_MAX_PLANES> planes;
};

/// Two values that no surface has together: the key that is wrong given the others, and why.
struct Contradiction {
    std::uint32_t key;
    std::string text;
};

[[nodiscard]] tl::expected<SurfacePlanes, Contradiction> planes_of(const Surface& surface);

}  // namespace opennvsci::buf
