// SPDX-License-Identifier: Apache-2.0
//
// What a CPU does with fences, whichever object they are of: waiting, and asking what became of them.
#pragma once

#include <cstdint>

#include "attr/module.h"
#include "sync/fence.h"

namespace opennvsci::sync::cpu {

enum class WaitMode {
    adaptive,  ///< spin for a moment, then sleep
    yielding,  ///< look again and again, and let others run in between
    spinning,  ///< look again and again
};

inline constexpr std::int64_t kForever = -1;  ///< as a timeout

/// Waits at most `timeout_us` microseconds; 0 only looks. The module is the one of the wait context; it is compared and
/// never followed. Errors: Timeout; ResourceError for a fence that cannot expire any more; BadParameter for a fence
/// of another module or of an object without CPU access.
[[nodiscard]] Result<> wait(const Fence& fence, const attr::Module* module, std::int64_t timeout_us, WaitMode mode);

/// The timestamp of an expired fence, in microseconds. Errors: BadParameter.
[[nodiscard]] Result<std::uint64_t> timestamp(const Fence& fence);

/// Errors: BadParameter for a fence that expired and whose object is gone.
[[nodiscard]] Result<NvSciSyncTaskStatus> task_status(const Fence& fence);

/// Errors: BadParameter if the object is gone, or has no timestamps.
[[nodiscard]] Result<> require_timestamps(const Fence& fence);

}  // namespace opennvsci::sync::cpu
