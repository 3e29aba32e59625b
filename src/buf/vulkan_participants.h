// SPDX-License-Identifier: Apache-2.0
//
// What a reconciliation must keep where lists speak for Vulkan devices: what comes out of it they can import.
#pragma once

#include "buf/placement.h"

namespace opennvsci::buf {

/// Errors: ReconciliationFailed where a Vulkan device that takes part could not import the buffer. Nothing where no
/// list speaks for one.
[[nodiscard]] Result<> check_vulkan(attr::Negotiation& negotiation, const Placement& placement);

}  // namespace opennvsci::buf
