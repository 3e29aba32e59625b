// SPDX-License-Identifier: Apache-2.0
//
// What a reconciliation must keep where a list speaks for Vulkan (synchronization.md, Vulkan). Its fences are values of
// a Vulkan timeline semaphore, which one device has, and CUDA imports on the same GPU. Who else takes part does so by a
// relay (sync/semaphore_relay.h).
#pragma once

#include <cstdint>
#include <vector>

#include "attr/negotiation.h"
#include "sync/participants.h"

namespace opennvsci::sync {

/// Errors: UnsupportedConfig for several Vulkan devices of one process, and for timestamps of what Vulkan signals.
/// Nothing where no list speaks for Vulkan.
[[nodiscard]] Result<> check_vulkan(attr::Negotiation& negotiation, const std::vector<Participant>& all);

/// True if Vulkan and CUDA both take part in the process behind `path` (attr::Origin), and CUDA cannot have the
/// semaphore of the Vulkan device.
[[nodiscard]] bool is_cuda_apart_from_vulkan(const std::vector<Participant>& all, std::uint64_t path);

}  // namespace opennvsci::sync
