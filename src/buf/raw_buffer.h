// SPDX-License-Identifier: Apache-2.0
//
// RawBuffer: a size and an alignment, nothing else.
#pragma once

#include "attr/negotiation.h"

namespace opennvsci::buf {

/// Completes the RawBuffer keys of a reconciliation.
void complete_raw_buffer(attr::Negotiation& negotiation);

}  // namespace opennvsci::buf
