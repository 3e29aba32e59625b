// SPDX-License-Identifier: Apache-2.0
//
// StreamSignals: the signals of a timeline that streams give and that are not known to be done, oldest first, each with
// the event recorded behind it. A ring: an event whose signal is done stays in its place and is recorded again.
//
// CUDA is asked whether signals are done only when the ring is full, because asking costs as much as recording.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "driver/stream_event.h"

namespace opennvsci::sync {

struct StreamSignal {
    std::uint64_t value = 0;
    driver::StreamEvent event;
};

class StreamSignals {
  public:
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] bool is_full() const noexcept { return count_ == ring_.size(); }

    [[nodiscard]] const StreamSignal& oldest() const noexcept { return at(0); }
    [[nodiscard]] const StreamSignal& newest() const noexcept { return at(count_ - 1); }
    /// The one before the newest, or null.
    [[nodiscard]] const StreamSignal* before_newest() const noexcept { return count_ < 2 ? nullptr : &at(count_ - 2); }
    /// The signal of a value, or null.
    [[nodiscard]] const StreamSignal* find(std::uint64_t value) const noexcept;

    /// Drops the older half of a full ring if its signals are done, or gives the ring more room. Returns the greatest
    /// value that turned out to be reached.
    [[nodiscard]] std::optional<std::uint64_t> make_room();

    /// True if the event of the next signal is one of this context. Only if not full.
    [[nodiscard]] bool has_event_of(const driver::ContextWatch* context) const noexcept {
        return at(count_).event.is_of(context);
    }
    /// Makes it one. Errors: the driver's.
    [[nodiscard]] Result<> make_event(const driver::ContextWatch* context);

    /// Adds the signal of `value`, greater than all others, whose event is recorded next. Only with an event.
    const StreamSignal& append(std::uint64_t value) noexcept {
        StreamSignal& added = ring_[(first_ + count_++) & (ring_.size() - 1)];
        added.value = value;
        return added;
    }
    void drop_newest() noexcept { --count_; }

  private:
    static constexpr std::size_t kLeastRoom = 64;

    [[nodiscard]] const StreamSignal& at(std::size_t i) const noexcept {
        return ring_[(first_ + i) & (ring_.size() - 1)];
    }

    std::vector<StreamSignal> ring_{kLeastRoom};  // a power of two
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

}  // namespace opennvsci::sync
