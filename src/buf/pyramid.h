// SPDX-License-Identifier: Apache-2.0
//
// Pyramid: an image and smaller ones of the same kind, each a level. The Image keys describe level 0.
#pragma once

#include "attr/negotiation.h"
#include "buf/image_layout.h"

namespace opennvsci::buf {

/// The shape of the level below `level`: every plane scaled, rounded down, never less than one pixel.
[[nodiscard]] ImageShape next_level(const ImageShape& level, float scale);

/// Computes the levels' places and writes all output keys of a pyramid whose image is complete. Errors: Overflow; those
/// of the layout of a level.
[[nodiscard]] Result<> complete_pyramid(attr::Negotiation& negotiation, const LayoutRules& rules);

}  // namespace opennvsci::buf
