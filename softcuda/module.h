// SPDX-License-Identifier: Apache-2.0
//
// Modules: this device runs no kernels, and says so as clearly as the interface allows.
#pragma once

#include "softcuda/abi.h"

namespace opennvsci::softcuda {

/// JIT_COMPILER_NOT_FOUND for PTX text, with the reason in the caller's error log (CU_JIT_ERROR_LOG_BUFFER) and on
/// stderr; INVALID_IMAGE for everything else.
[[nodiscard]] CUresult load_module(const void* image, unsigned option_count, const CUjit_option* options,
                                   void** values);

}  // namespace opennvsci::softcuda
