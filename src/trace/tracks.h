// SPDX-License-Identifier: Apache-2.0
//
// Tracks: the rows of a trace, one for each thread and one for each CUDA stream of a process. The first event on a
// track names it in the file, and the first of a process the process; a forked child, which writes under its own
// number, begins anew. Numbers of processes repeat in containers, so a process in one has a number that is drawn. No
// locks, for a fork may copy one that is held; what is remembered of streams has bounds, and a track may be named
// again.
#pragma once

#include <cstdint>

#include "trace/event.h"

namespace opennvsci::trace {

/// Of CLOCK_MONOTONIC, which is the same for all processes of a machine.
[[nodiscard]] std::uint64_t now() noexcept;

/// From and to, in nanoseconds.
struct Interval {
    std::uint64_t begin;
    std::uint64_t end;
};

/// A CUDA stream, by its handle and the driver's number for it, which is 0 where the driver gives none.
struct Stream {
    const void* handle;
    std::uint64_t id;
};

/// The calling thread's track.
[[nodiscard]] Track track_of_this_thread();
[[nodiscard]] Track track_of(const Stream& stream);

/// What is left of an interval on a stream's track behind those that are there: slices of a track must nest, and
/// threads may use a stream at the same time.
[[nodiscard]] Interval placed(Track track, Interval wanted) noexcept;

}  // namespace opennvsci::trace
