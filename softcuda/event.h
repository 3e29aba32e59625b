// SPDX-License-Identifier: Apache-2.0
//
// An event remembers the completion of its most recent record. Whoever waits captures that completion at the time of
// the call, so a later record, or the destruction of the event, does not disturb the wait.
#pragma once

#include <memory>
#include <mutex>

#include "softcuda/abi.h"
#include "softcuda/handle_table.h"
#include "softcuda/stream.h"

namespace opennvsci::softcuda {

class Context;

class Event {
  public:
    Event(ContextId context, unsigned flags) noexcept : context_(context), flags_(flags) {}

    [[nodiscard]] ContextId context() const noexcept { return context_; }
    [[nodiscard]] bool timed() const noexcept { return (flags_ & CU_EVENT_DISABLE_TIMING) == 0; }

    /// INVALID_HANDLE if the stream belongs to another context.
    [[nodiscard]] CUresult record(Stream& stream);

    /// The most recent record; nullptr if there was none.
    [[nodiscard]] std::shared_ptr<Completion> recorded() const;

  private:
    const ContextId context_;
    const unsigned flags_;
    mutable std::mutex mutex_;
    std::shared_ptr<Completion> recorded_;
};

[[nodiscard]] CUresult create_event(const Context& context, unsigned flags, CUevent& event);

/// Milliseconds from one event to the other, both timed, finished and of one context.
[[nodiscard]] CUresult elapsed_time(const Event& start, const Event& end, float& milliseconds);

[[nodiscard]] HandleTable<Event>& event_handles();

}  // namespace opennvsci::softcuda
