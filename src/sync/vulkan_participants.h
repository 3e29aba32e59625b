// SPDX-License-Identifier: Apache-2.0
//
// What a reconciliation must keep where a list speaks for Vulkan (synchronization.md, Vulkan). Its fences are values of
// a Vulkan timeline semaphore, which one GPU has, CUDA imports, and no other process sees.
#pragma once

#include <vector>

#include "attr/negotiation.h"
#include "sync/participants.h"

namespace opennvsci::sync {

/// Errors: UnsupportedConfig where the other participants cannot share such a semaphore. Nothing where no list speaks
/// for Vulkan.
[[nodiscard]] Result<> check_vulkan(attr::Negotiation& negotiation, const std::vector<Participant>& all);

}  // namespace opennvsci::sync
