// SPDX-License-Identifier: Apache-2.0
//
// RawBuffer: a size and an alignment, nothing else.
#pragma once

#include "buf/extent.h"
#include "buf/layout.h"
#include "buf/placement.h"

namespace opennvsci::buf {

// What the row of buf/buffer_type.h names. No error.
[[nodiscard]] Result<> complete_raw_buffer(attr::Negotiation& negotiation, const Placement& placement);
[[nodiscard]] Result<> check_raw_buffer(const attr::Slot& reconciled);
[[nodiscard]] Extent raw_buffer_extent(const attr::Slot& reconciled);
[[nodiscard]] Result<std::vector<Region>> raw_buffer_regions(const attr::Slot& reconciled);

}  // namespace opennvsci::buf
