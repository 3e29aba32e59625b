// SPDX-License-Identifier: Apache-2.0
//
// Tensor: the keys of tensors, alone or as the other description of a one-plane pitch-linear image (NHWC with N = 1).
#pragma once

#include "buf/extent.h"
#include "buf/layout.h"
#include "buf/placement.h"

namespace opennvsci::buf {

// What the row of buf/buffer_type.h names. Errors: BadParameter for a key that is missing or has a value that no tensor
// has, ReconciliationFailed where image and tensor contradict each other, NotSupported, Overflow.
[[nodiscard]] Result<> complete_tensor(attr::Negotiation& negotiation, const Placement& placement);
[[nodiscard]] Result<> check_tensor(const attr::Slot& reconciled);
[[nodiscard]] Extent tensor_extent(const attr::Slot& reconciled);
[[nodiscard]] Result<std::vector<Region>> tensor_regions(const attr::Slot& reconciled);

}  // namespace opennvsci::buf
