// SPDX-License-Identifier: Apache-2.0
//
// NvSciNativeEvent: how another library of this project describes an event source to an event service. Programs see
// the name only and can make none. The public header declares it outside of every namespace.
//
// A notifier made of it (event/service.h) keeps `owner` from its making until nothing polls the descriptor any more,
// which may be a little after its deletion. So the descriptor stays open as long as it is polled, in whatever order a
// program ends things. In a forked child, which owns nothing, none of the functions is ever called.
#pragma once

#include <cstdint>
#include <memory>

#include "nvscievent.h"

struct NvSciNativeEvent {
    /// Tells a description from whatever else a program may pass for one.
    static constexpr std::uint64_t kMark = 0x5C1E'7E47'0DE5'C41B;
    std::uint64_t mark = kMark;

    /// Kept alive by the notifier, and the argument of the functions below.
    std::shared_ptr<void> owner;

    /// Readable (POLLIN) when there may be an event. Belongs to `owner`.
    int descriptor = -1;

    /// Called by a wait that found the descriptor readable, before the handler runs and before the wait returns. It
    /// takes the readiness away, so that only what comes later makes the descriptor readable again; what happened is
    /// then looked up by the program, or by `handler`. No lock is held; it must not block, nor wait on a service. Not
    /// null.
    void (*drain)(void* owner) noexcept = nullptr;

    /// The handler of a library, of a notifier that takes none of the program's: SetHandler gives NotPermitted. Null:
    /// the program may set one. Called as those are: by waits, without a lock, never two at a time for one notifier.
    void (*handler)(void* owner) = nullptr;

    /// Called once when the notifier is deleted, before its Delete returns, possibly while a wait still drains or
    /// handles an event of it. No lock is held. Null if nobody wants to know.
    void (*deleted)(void* owner) noexcept = nullptr;
};
