// SPDX-License-Identifier: Apache-2.0
//
// What a program says about the places of managed memory. There is one place here, so all of it is checked as the
// driver checks it (driver-facts.md F52) and changes nothing, but that a prefetch is work of its stream.
#pragma once

#include <cstddef>

#include "softcuda/abi.h"
#include "softcuda/stream.h"

namespace opennvsci::softcuda {

/// The place that the older functions name by a device, or kDeviceCpu.
[[nodiscard]] CUmemLocation location_of(CUdevice device) noexcept;

/// INVALID_VALUE for memory that is not managed, and for a place that managed memory cannot have; INVALID_DEVICE for a
/// device that is not there.
[[nodiscard]] CUresult prefetch(Stream& stream, CUdeviceptr pointer, std::size_t size, CUmemLocation location,
                                unsigned flags);

[[nodiscard]] CUresult advise(CUdeviceptr pointer, std::size_t size, CUmem_advise advice, CUmemLocation location);

/// Memory is attached whole: by its first address, and with its size or 0.
[[nodiscard]] CUresult attach(Stream& stream, CUdeviceptr pointer, std::size_t size, unsigned flags);

}  // namespace opennvsci::softcuda
