// SPDX-License-Identifier: Apache-2.0
//
// The CUDA driver of this process in the form of the public interface.
#pragma once

#include "base/result.h"
#include "base/uuid.h"
#include "opennvsci.h"

namespace opennvsci::api {

/// The bytes of a UUID as the public interface has them.
[[nodiscard]] NvSciRmGpuId gpu_id(const Uuid& uuid) noexcept;

/// The description of the driver, made on the first call; it stays to the end of the process. Errors: those of
/// driver::instance().
[[nodiscard]] Result<const OpenNvSciDriver*> driver_view();

}  // namespace opennvsci::api
