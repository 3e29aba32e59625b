// SPDX-License-Identifier: Apache-2.0
//
// What a trace shows of fences: the timeline, by a word of the identity that all processes have that share it, and the
// value; and the arrow from the signal of a value to the waits for it. They belong into
// trace::when_on(). The identity is asked for under the timeline's lock, and drawn if nobody has asked before.
#pragma once

#include "sync/timeline.h"

namespace opennvsci::sync {

void note_timeline(Timeline& timeline) noexcept;
void note_fence(Timeline& timeline, std::uint64_t value) noexcept;
/// Of a signal that has been made, or submitted.
void note_signal(Timeline& timeline, std::uint64_t value) noexcept;
/// Of a wait, which the arrow shows if it does not fail. Every wait for 0 is over.
void note_wait(Timeline& timeline, std::uint64_t value) noexcept;

}  // namespace opennvsci::sync
