// SPDX-License-Identifier: Apache-2.0
//
// StreamEvent owns a CUDA event without timing in a context of the program. It may outlive the context, with which the
// event goes: then it is neither asked nor destroyed (driver/context_watch.h).
#pragma once

#include <memory>
#include <utility>

#include "driver/context_watch.h"

namespace opennvsci::driver {

/// What the driver says of work that was put into a stream.
struct Progress {
    enum class State {
        done,
        running,
        lost,     ///< its context was destroyed, or ended by a fault: it will never be done
        unknown,  ///< the driver could not be asked here and now, as in a host function or while the process ends
    };
    State state;
    CUresult why;  ///< of what is lost or unknown
};

class StreamEvent {
  public:
    StreamEvent() = default;  ///< no event yet
    /// Errors: the driver's.
    [[nodiscard]] static Result<StreamEvent> create(const ContextWatch* context);
    StreamEvent(StreamEvent&& other) noexcept
        : context_(other.context_), event_(std::exchange(other.event_, nullptr)) {}
    StreamEvent& operator=(StreamEvent&& other) noexcept {
        std::swap(context_, other.context_);
        std::swap(event_, other.event_);
        return *this;
    }
    ~StreamEvent();

    [[nodiscard]] CUevent handle() const noexcept { return event_; }
    [[nodiscard]] const ContextWatch& context() const noexcept { return *context_; }
    [[nodiscard]] bool is_of(const ContextWatch* context) const noexcept { return context_ == context; }

    /// Of the work before the newest record. A context that is gone has lost it, though it may have been done before.
    [[nodiscard]] Progress progress() const noexcept;

  private:
    StreamEvent(const ContextWatch* context, CUevent event) noexcept : context_(context), event_(event) {}

    const ContextWatch* context_ = nullptr;
    CUevent event_ = nullptr;
};

}  // namespace opennvsci::driver
