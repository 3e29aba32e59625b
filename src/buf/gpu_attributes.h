// SPDX-License-Identifier: Apache-2.0
//
// The attributes that a buffer has once for every GPU of GpuId: cacheability, the need for cache maintenance by
// software, and compression. They follow from where the buffer is placed and from what the lists ask.
#pragma once

#include "buf/placement.h"

namespace opennvsci::buf {

/// Decides them and writes them into the result. Errors: ReconciliationFailed for a wish for a GPU that takes no part,
/// or for a cacheability that the memory has not.
[[nodiscard]] Result<> decide_gpu_attributes(attr::Negotiation& negotiation, const Placement& placement);

}  // namespace opennvsci::buf
