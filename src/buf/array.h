// SPDX-License-Identifier: Apache-2.0
//
// Array: a number of elements at a fixed stride.
#pragma once

#include "attr/negotiation.h"

namespace opennvsci::buf {

/// Completes the Array keys of a reconciliation. Errors: BadParameter for a stride smaller than an element, Overflow.
[[nodiscard]] Result<> complete_array(attr::Negotiation& negotiation);

}  // namespace opennvsci::buf
