// SPDX-License-Identifier: Apache-2.0
//
// The captures that are in progress in the process, and what a thread may do meanwhile. A call that could depend on a
// capture (plain allocation, registration, arrays, imports, the end of each, asking streams and events) is forbidden to
// the thread that captures, and while one is captured in the global mode to all threads, unless the thread has relaxed
// its own mode. Such a call invalidates the captures in its way (driver-facts.md F32).
#pragma once

#include <memory>

#include "softcuda/abi.h"

namespace opennvsci::softcuda {

class Stream;

/// The calling thread has begun to capture `stream`.
void add_capture(const std::shared_ptr<Stream>& stream, CUstreamCaptureMode mode);

/// STREAM_CAPTURE_UNSUPPORTED, and the captures in the way are invalidated, if a call of that kind is forbidden now.
[[nodiscard]] CUresult check_no_capture();

/// Gives the calling thread `mode` and stores the one it had.
void exchange_capture_mode(CUstreamCaptureMode& mode) noexcept;

}  // namespace opennvsci::softcuda
