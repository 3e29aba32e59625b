// SPDX-License-Identifier: Apache-2.0
//
// Image: the keys of images. A program describes an image by its planes or by a surface, never by both; either way the
// reconciled list has all plane keys, with the layout.
#pragma once

#include <optional>

#include "buf/extent.h"
#include "buf/image_layout.h"
#include "buf/layout.h"
#include "buf/placement.h"

namespace opennvsci::buf {

/// What the placement demands of an image: what the GPUs' texture units ask for, and what the driver says about arrays.
[[nodiscard]] LayoutRules layout_rules(const Placement& placement);

/// The shape of the planes that a result with complete plane keys describes.
[[nodiscard]] ImageShape image_shape_of(const attr::Slot& result);

/// The image that a reconciled list states.
[[nodiscard]] Image image_of(const attr::Slot& reconciled);

/// The plane of this image that holds the byte at `offset`, or nothing; also nothing for a list of no image.
[[nodiscard]] std::optional<Plane> plane_at(const attr::Slot& reconciled, std::uint64_t offset);

/// Adds the planes of an image that begins at `start` to `regions`.
void append_regions(std::vector<Region>& regions, const std::string& prefix, std::uint64_t start, const Image& image);

/// Refuses a format in the result of `key` that has no layout. Errors: NotSupported.
[[nodiscard]] Result<> check_formats(attr::Negotiation& negotiation, std::uint32_t key);

/// Checks that the Image keys describe one image, expands a surface into planes and fills in the defaults, so that
/// image_shape_of() can be called. Errors: BadParameter for a key that is missing, ReconciliationFailed for keys that
/// contradict each other, NotSupported for an image that cannot be had.
[[nodiscard]] Result<> complete_image_description(attr::Negotiation& negotiation);

/// Computes the layout of a complete description and writes all output keys. Errors: Overflow, NotSupported.
[[nodiscard]] Result<> complete_image_layout(attr::Negotiation& negotiation, const LayoutRules& rules);

/// Refuses a layout that cannot be computed, at an output key, with the code and the text of lay_out().
[[nodiscard]] tl::unexpected<Error> refuse_layout(attr::Negotiation& negotiation, std::uint32_t key, NvSciError code,
                                                  std::string text);

// What the row of buf/buffer_type.h names. Errors: those of the two before.
[[nodiscard]] Result<> complete_image(attr::Negotiation& negotiation, const Placement& placement);
[[nodiscard]] Result<> check_image(const attr::Slot& reconciled);
[[nodiscard]] Extent image_extent(const attr::Slot& reconciled);
[[nodiscard]] Result<std::vector<Region>> image_regions(const attr::Slot& reconciled);

}  // namespace opennvsci::buf
