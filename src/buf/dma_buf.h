// SPDX-License-Identifier: Apache-2.0
//
// A plane of an object, or the whole of another buffer, as a dma-buf for drivers of the kernel: network cards, storage,
// displays. Only video memory has one, from the CUDA driver.
#pragma once

#include <cstdint>

#include "base/unique_fd.h"
#include "buf/color_format.h"
#include "buf/object.h"

namespace opennvsci::buf {

/// The numbers of the kernel's public drm_fourcc.h.
inline constexpr std::uint64_t kDrmModifierLinear = 0;
inline constexpr std::uint64_t kDrmModifierInvalid = (std::uint64_t{1} << 56) - 1;

struct DmaBuf {
    UniqueFd file;
    std::uint64_t size;    ///< bytes of the dma-buf, whole pages
    std::uint64_t offset;  ///< of the first byte of the plane, from the start of the dma-buf
    std::uint32_t width;   ///< pixels; 0 for what is no image
    std::uint32_t height;
    std::uint32_t pitch;     ///< bytes; 0 for what is no image
    std::uint32_t fourcc;    ///< DRM's format of the plane alone; 0 if it has none
    std::uint64_t modifier;  ///< DRM's; kDrmModifierInvalid if it cannot be told
};

/// Errors: BadParameter for a plane that is not there; NotPermitted for a read-only object; NotSupported for memory
/// that has none, with the reason; ResourceError.
[[nodiscard]] Result<DmaBuf> export_dma_buf(const Object& object, std::uint32_t plane);

/// DRM's format for a plane alone of this colour format; 0 if it has none that says the same.
[[nodiscard]] std::uint32_t drm_format_of(const ColorFormat& color) noexcept;

}  // namespace opennvsci::buf
