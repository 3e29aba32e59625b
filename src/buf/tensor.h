// SPDX-License-Identifier: Apache-2.0
//
// Tensor: the keys of tensors, alone or as the other description of a one-plane pitch-linear image (NHWC with N = 1).
#pragma once

#include "attr/negotiation.h"
#include "buf/image_layout.h"

namespace opennvsci::buf {

/// Completes the keys of a tensor that is nothing else. Errors: BadParameter for a key that is missing or has a value
/// that no tensor has, NotSupported, Overflow.
[[nodiscard]] Result<> complete_tensor(attr::Negotiation& negotiation);

/// Checks that the Tensor keys and the described image are one buffer, and adds what the tensor demands to `rules`, by
/// which the image is to be laid out. Errors: BadParameter for keys or values that such a pair may not have,
/// ReconciliationFailed where the two contradict each other, NotSupported.
[[nodiscard]] Result<> check_image_tensor(attr::Negotiation& negotiation, LayoutRules& rules);

/// Completes the Tensor keys from the layout of the image.
void complete_image_tensor(attr::Negotiation& negotiation);

}  // namespace opennvsci::buf
