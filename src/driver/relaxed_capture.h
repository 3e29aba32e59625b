// SPDX-License-Identifier: Apache-2.0
//
// How the library calls the driver while the program captures a stream into a graph. What the library makes for itself
// is never part of a capture, and a capture must not notice it.
//
// While a thread captures, and in the global mode every thread of the process, CUDA forbids calls that could depend on
// the capture: registering host memory, plain allocation, arrays, imports, the end of each of these, and asking streams
// and events for their state. Such a call gives STREAM_CAPTURE_UNSUPPORTED and invalidates the capture. A thread that
// has relaxed its mode may make them (driver-facts.md F32). Forbidden to a relaxed thread too is cuCtxSynchronize where
// a stream of the context captures (driver-facts.md F33), so the library never calls it.
#pragma once

#include "driver/driver.h"

namespace opennvsci::driver {

/// While it exists, the calling thread is relaxed.
class RelaxedCapture {
  public:
    explicit RelaxedCapture(const Driver& driver) noexcept : driver_(driver) { exchange(); }
    RelaxedCapture(const RelaxedCapture&) = delete;
    RelaxedCapture& operator=(const RelaxedCapture&) = delete;
    ~RelaxedCapture() { exchange(); }

  private:
    void exchange() noexcept { driver_.call.cuThreadExchangeStreamCaptureMode(&mode_); }

    const Driver& driver_;
    CUstreamCaptureMode mode_ = CU_STREAM_CAPTURE_MODE_RELAXED;
};

/// The entry points for one call apart from all captures: `apart(driver)->cuMemHostRegister(...)`. Every call about
/// memory goes this way (scripts/check_includes), so that none can be forgotten.
class CallsApart {
  public:
    explicit CallsApart(const Driver& driver) noexcept : relaxed_(driver), call_(driver.call) {}
    [[nodiscard]] const EntryPoints* operator->() const noexcept { return &call_; }

  private:
    const RelaxedCapture relaxed_;
    const EntryPoints& call_;
};

[[nodiscard]] inline CallsApart apart(const Driver& driver) noexcept {
    return CallsApart(driver);
}

}  // namespace opennvsci::driver
