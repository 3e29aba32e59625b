// SPDX-License-Identifier: Apache-2.0
//
// Pixels: copies by the CPU between an image and ordinary planes of a program, whatever the image's layout. The program
// passes one plane for a one-plane image; Y, U and V for every other YUV image, so that U and V of a semi-planar one
// are taken apart or put together; R, G and B for an image of these three planes; and one per plane otherwise.
#pragma once

#include <cstdint>
#include <span>

#include "buf/object.h"
#include "nvscibuf.h"

namespace opennvsci::buf {

/// A plane of the program: rows of `pitch` bytes in `size` bytes at `start`.
struct UserPlane {
    std::byte* start;
    std::uint32_t size;
    std::uint32_t pitch;
};

/// How many planes a program passes for this image. Errors: BadParameter if the object is no image, NotSupported for
/// planes that together are no image that this knows.
[[nodiscard]] Result<std::uint32_t> count_user_planes(const Object& object);

/// Copies `rect`, or everything if it is null, to the program's planes. Errors: those of NvSciBufObjGetPixels.
[[nodiscard]] Result<> get_pixels(const Object& object, const NvSciBufRect* rect, std::span<const UserPlane> to);
/// The other direction: reads `from`, never writes to it. Errors: those of NvSciBufObjPutPixels.
[[nodiscard]] Result<> put_pixels(const Object& object, const NvSciBufRect* rect, std::span<const UserPlane> from);

}  // namespace opennvsci::buf
