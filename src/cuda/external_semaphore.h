// SPDX-License-Identifier: Apache-2.0
//
// ExternalSemaphore: an NvSciSync object imported into CUDA. It holds the object, so the program may free its own
// handles in any order. It may be used with streams of any context of the process. Destroying it while streams still
// use it is allowed: the timeline stays until they are done (sync/timelines.h).
#pragma once

#include <memory>
#include <span>

#include "base/cuda_abi.h"
#include "driver/stream_place.h"
#include "sync/object.h"

namespace opennvsci::cuda {

class ExternalSemaphore {
  public:
    /// Imports `object` into the calling thread's current context. Errors: INVALID_CONTEXT; NOT_SUPPORTED if the device
    /// cannot take part.
    [[nodiscard]] static Result<ExternalSemaphore> import(std::shared_ptr<sync::Object> object);

    [[nodiscard]] const sync::Object& object() const noexcept { return *object_; }

  private:
    explicit ExternalSemaphore(std::shared_ptr<sync::Object> object) : object_(std::move(object)) {}

    std::shared_ptr<sync::Object> object_;
};

struct SemaphoreSignal {
    const ExternalSemaphore* semaphore;
    const cu::CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS* parameters;
};
struct SemaphoreWait {
    const ExternalSemaphore* semaphore;
    const cu::CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS* parameters;
};

/// What can be refused is refused here, before anything has happened. Errors: INVALID_VALUE for flags and fences,
/// NOT_SUPPORTED without the permission, STREAM_CAPTURE_UNSUPPORTED, the driver's for the stream.
[[nodiscard]] Result<driver::StreamPlace> check_signals(std::span<const SemaphoreSignal> signals, cu::CUstream stream);
[[nodiscard]] Result<driver::StreamPlace> check_waits(std::span<const SemaphoreWait> waits, cu::CUstream stream);

/// The n-th signal's fence is written when it is in the stream. Errors: those of sync::Timeline; the signals before the
/// one that failed stay.
[[nodiscard]] Result<> signal(std::span<const SemaphoreSignal> signals, const driver::StreamPlace& stream);
[[nodiscard]] Result<> wait(std::span<const SemaphoreWait> waits, const driver::StreamPlace& stream);

}  // namespace opennvsci::cuda
