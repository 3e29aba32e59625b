// SPDX-License-Identifier: Apache-2.0
//
// Placement: where the bytes of a buffer will live, decided during a reconciliation from who takes part. On a machine
// with discrete GPUs: in the video memory of the GPU that VidMem_GpuId names, or of the only GPU when no CPU takes
// part; otherwise in system memory. Together with it the attributes that exist per GPU are decided: cacheability, the
// need for software cache maintenance, compression.
#pragma once

#include "attr/negotiation.h"
#include "buf/keys.h"
#include "driver/driver.h"

namespace opennvsci::buf {

/// Decides the placement from the merged General keys and writes it, with all per-GPU outputs, into the result.
/// Errors: BadParameter for a GPU that does not exist, NotSupported and ReconciliationFailed with the reason.
[[nodiscard]] Result<> decide_placement(attr::Negotiation& negotiation);

}  // namespace opennvsci::buf
