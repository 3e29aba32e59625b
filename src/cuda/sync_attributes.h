// SPDX-License-Identifier: Apache-2.0
//
// What a CUDA device needs of an NvSciSync object, as attributes (cuDeviceGetNvSciSyncAttributes).
#pragma once

#include "attr/list.h"
#include "driver/driver.h"

namespace opennvsci::cuda {

/// Errors: INVALID_DEVICE for a number that is no device.
[[nodiscard]] Result<const driver::Device*> find_device(cu::CUdevice device);

/// Sets the permission that `flags` names, the primitives and the UUID of `device` in an unreconciled list; all or
/// nothing. Errors: INVALID_VALUE for other flags or keys that are set already; INVALID_HANDLE if the list cannot be
/// written; NOT_SUPPORTED if the device cannot take part.
[[nodiscard]] Result<> set_sync_attributes(attr::List& list, const driver::Device& device, int flags);

}  // namespace opennvsci::cuda
