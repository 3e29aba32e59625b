// SPDX-License-Identifier: Apache-2.0
//
// What the device knows of an address: the range around it, and the attributes of that.
#pragma once

#include <cstddef>

#include "softcuda/abi.h"

namespace opennvsci::softcuda {

/// The allocation, registration or mapping that holds `pointer`; NOT_FOUND if there is none, or no access to it.
[[nodiscard]] CUresult address_range(CUdeviceptr pointer, CUdeviceptr& base, std::size_t& size);

/// INVALID_VALUE for an address that the device does not know, and for an attribute that it does not know or that this
/// memory has not.
[[nodiscard]] CUresult pointer_attribute(CUpointer_attribute attribute, CUdeviceptr pointer, void* value);
/// The value of an attribute for a pointer that has none: zero. INVALID_VALUE for an attribute that is not known.
[[nodiscard]] CUresult no_pointer_attribute(CUpointer_attribute attribute, void* value);

/// Only CU_POINTER_ATTRIBUTE_SYNC_MEMOPS can be set; NOT_SUPPORTED for memory of cuMemMap (driver-facts.md F51).
[[nodiscard]] CUresult set_pointer_attribute(CUpointer_attribute attribute, CUdeviceptr pointer, const void* value);

}  // namespace opennvsci::softcuda
