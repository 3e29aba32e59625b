// SPDX-License-Identifier: Apache-2.0
//
// Image: the keys of images. A program describes an image by its planes or by a surface, never by both; either way the
// reconciled list has all plane keys, with the layout.
#pragma once

#include "attr/negotiation.h"
#include "buf/image_layout.h"
#include "buf/placement.h"

namespace opennvsci::buf {

inline constexpr std::size_t kMaxPlanes = NV_SCI_BUF_IMAGE_MAX_PLANES;

/// What the placement demands of an image: what the GPUs' texture units ask for, and what the driver says about arrays.
[[nodiscard]] LayoutRules layout_rules(const Placement& placement);

/// The shape of the planes that a result with complete plane keys describes.
[[nodiscard]] ImageShape image_shape_of(const attr::Slot& result);

/// The layout that the output keys of a reconciled image state.
[[nodiscard]] ImageLayout image_layout_of(const attr::Slot& reconciled);

/// Checks that the Image keys describe one image, expands a surface into planes and fills in the defaults, so that
/// image_shape_of() can be called. Errors: BadParameter for a key that is missing, ReconciliationFailed for keys that
/// contradict each other, NotSupported for an image that cannot be had.
[[nodiscard]] Result<> complete_image_description(attr::Negotiation& negotiation);

/// Computes the layout of a complete description and writes all output keys. Errors: Overflow, NotSupported.
[[nodiscard]] Result<> complete_image_layout(attr::Negotiation& negotiation, const LayoutRules& rules);

}  // namespace opennvsci::buf
