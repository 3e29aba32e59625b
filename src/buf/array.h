// SPDX-License-Identifier: Apache-2.0
//
// Array: a number of elements at a fixed stride.
#pragma once

#include "buf/extent.h"
#include "buf/layout.h"
#include "buf/placement.h"

namespace opennvsci::buf {

// What the row of buf/buffer_type.h names. Errors: BadParameter for a stride smaller than an element, Overflow.
[[nodiscard]] Result<> complete_array(attr::Negotiation& negotiation, const Placement& placement);
[[nodiscard]] Result<> check_array(const attr::Slot& reconciled);
[[nodiscard]] Extent array_extent(const attr::Slot& reconciled);
[[nodiscard]] Result<std::vector<Region>> array_regions(const attr::Slot& reconciled);

}  // namespace opennvsci::buf
