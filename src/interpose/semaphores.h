// SPDX-License-Identifier: Apache-2.0
//
// How the replacements tell our external semaphores from the driver's.
#pragma once

#include <algorithm>

#include "base/handle_table.h"
#include "interpose/redirection.h"

namespace opennvsci::interpose {

[[nodiscard]] inline bool is_ours(CUexternalSemaphore semaphore) noexcept {
    return enabled() && is_handle(reinterpret_cast<std::uint64_t>(semaphore));
}

[[nodiscard]] inline bool is_any_ours(const CUexternalSemaphore* semaphores, unsigned count) noexcept {
    if (semaphores == nullptr) return false;
    return std::any_of(semaphores, semaphores + count,
                       [](CUexternalSemaphore semaphore) { return is_ours(semaphore); });
}

}  // namespace opennvsci::interpose
