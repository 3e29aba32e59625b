// SPDX-License-Identifier: Apache-2.0
//
// CUDA's names, visible inside the software device without a prefix.
#pragma once

#include "base/cuda_abi.h"

namespace opennvsci::softcuda {
using namespace cu;

inline constexpr int kDriverVersion = 13000;
}  // namespace opennvsci::softcuda
