// SPDX-License-Identifier: Apache-2.0
//
// Pyramid: an image and smaller ones of the same kind, each a level. The Image keys describe level 0.
#pragma once

#include "buf/extent.h"
#include "buf/layout.h"
#include "buf/placement.h"

namespace opennvsci::buf {

// What the row of buf/buffer_type.h names. Errors: those of the image; Overflow; those of the layout of a level.
[[nodiscard]] Result<> complete_pyramid(attr::Negotiation& negotiation, const Placement& placement);
[[nodiscard]] Result<> check_pyramid(const attr::Slot& reconciled);
[[nodiscard]] Extent pyramid_extent(const attr::Slot& reconciled);
[[nodiscard]] Result<std::vector<Region>> pyramid_regions(const attr::Slot& reconciled);

}  // namespace opennvsci::buf
