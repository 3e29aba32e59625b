// SPDX-License-Identifier: Apache-2.0
//
// The relay thread: carries values between the timelines of the process and its Vulkan (sync/semaphore_relay.h). There
// is one while a semaphore pool is there that needs it. It looks again and again while something is expected, and
// sleeps otherwise.
//
// A forked child has no thread, and carries nothing of its parent's. Thread-safe.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace opennvsci::sync::relay_thread {

/// Begins to carry the values of a timeline, by its number; again for each of its pools. Errors: ResourceError if the
/// system refuses a thread.
[[nodiscard]] Result<> add(std::uint64_t timeline);
/// Ends one such. A look at it that runs just now may still be running afterwards.
void remove(std::uint64_t timeline) noexcept;

/// Tells that something new is expected.
void wake() noexcept;

/// The program has begun to end: what is carried now is lost, and who waits for it goes on.
void say_good_bye();

}  // namespace opennvsci::sync::relay_thread
