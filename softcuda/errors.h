// SPDX-License-Identifier: Apache-2.0
//
// CUDA's error codes: their names and texts, and the code that stands for a failed system call.
#pragma once

#include "softcuda/abi.h"

namespace opennvsci::softcuda {

/// The name ("CUDA_ERROR_INVALID_VALUE"); nullptr for a number that is no error code of this device.
[[nodiscard]] const char* error_name(CUresult error) noexcept;

/// One sentence about the error; nullptr like error_name.
[[nodiscard]] const char* error_text(CUresult error) noexcept;

/// OUT_OF_MEMORY where memory or descriptors ran out, else OPERATING_SYSTEM.
[[nodiscard]] CUresult result_from_errno(int error) noexcept;

}  // namespace opennvsci::softcuda
