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
/// system refuses a thread; InvalidState when the program has begun to end.
[[nodiscard]] Result<> add(std::uint64_t timeline);
/// Ends one such. A look at it that runs just now may still be running afterwards.
void remove(std::uint64_t timeline) noexcept;

/// Tells that something new is expected.
void wake() noexcept;

// The end of the program.

/// Drivers of Vulkan, and their layers, take themselves down when a program ends, and what was loaded last goes first.
/// Called whenever some may be new: before those that are loaded by now go, the thread ends. What is carried then is
/// lost, and who waits for it goes on; the program's own threads may go on to use what is not carried.
void end_before_what_is_loaded();
[[nodiscard]] bool has_ended() noexcept;
[[nodiscard]] tl::unexpected<Error> ended();

}  // namespace opennvsci::sync::relay_thread
