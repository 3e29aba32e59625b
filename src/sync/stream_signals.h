// SPDX-License-Identifier: Apache-2.0
//
// StreamSignals: the signals of a timeline that streams give and that are not known to be done, oldest first, each with
// the event recorded behind it. A ring: an event whose signal is done stays in its place and is recorded again, unless
// somebody is still about to wait for it.
//
// CUDA is asked whether signals are done only when somebody looks or the ring is full, because asking costs as much as
// recording. The signals of one context are done in order, so its newest one tells for all before it; one of another
// context tells nothing about them, because a context that ends lets go of whoever waited for its events.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "driver/stream_event.h"

namespace opennvsci::sync {

/// Shared by the ring and by those who are about to let a stream wait for it.
using SharedEvent = std::shared_ptr<driver::StreamEvent>;

struct StreamSignal {
    std::uint64_t value = 0;
    SharedEvent event;
};

class StreamSignals {
  public:
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] bool is_full() const noexcept { return count_ == ring_.size(); }
    [[nodiscard]] std::size_t size() const noexcept { return count_; }

    /// Oldest first.
    [[nodiscard]] const StreamSignal& at(std::size_t i) const noexcept { return ring_[place(i)]; }
    [[nodiscard]] const StreamSignal& newest() const noexcept { return at(count_ - 1); }
    /// The signal of a value, or null.
    [[nodiscard]] const StreamSignal* find(std::uint64_t value) const noexcept;
    /// True if signals of another context than this one are among them.
    [[nodiscard]] bool has_other_than(const driver::ContextWatch* context) const noexcept {
        return !empty() && (spans_contexts_ || !newest().event->is_of(context));
    }

    /// What the signals of one context up to `value` come to.
    struct ContextProgress {
        driver::Progress progress;     ///< of the newest of them
        std::uint64_t oldest, newest;  ///< values
        SharedEvent event;             ///< of the newest
    };
    /// Asks CUDA, once for each context, and calls `use` with each.
    template <class Use>
    void for_each_context(std::uint64_t value, Use&& use) const;

    /// Drops the signals up to `value`, which is reached.
    void drop(std::uint64_t value) noexcept;
    /// Makes room for twice as many.
    void grow();

    /// The event for the next signal, of this context. Only if not full. Errors: the driver's.
    [[nodiscard]] Result<const driver::StreamEvent*> prepare_event(const driver::ContextWatch* context);

    /// Adds the signal of `value`, greater than all others, behind which the prepared event was recorded.
    void append(std::uint64_t value) noexcept;

  private:
    static constexpr std::size_t kLeastRoom = 64;

    [[nodiscard]] std::size_t place(std::size_t i) const noexcept { return (first_ + i) & (ring_.size() - 1); }

    std::vector<StreamSignal> ring_{kLeastRoom};  // a power of two
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    bool spans_contexts_ = false;  // true as long as it may be
};

template <class Use>
void StreamSignals::for_each_context(std::uint64_t value, Use&& use) const {
    const driver::ContextWatch* known[8];  // more at once: the later ones are asked about again
    std::size_t count = 0;
    for (std::size_t i = count_; i-- > 0;) {
        if (at(i).value > value) continue;
        const driver::ContextWatch* const context = &at(i).event->context();
        bool is_known = false;
        for (std::size_t k = 0; k < count && !is_known; ++k)
            is_known = known[k] == context;
        if (is_known) continue;
        if (count < std::size(known)) known[count++] = context;
        std::size_t oldest = 0;
        while (!at(oldest).event->is_of(context))
            ++oldest;
        use(ContextProgress{at(i).event->progress(), at(oldest).value, at(i).value, at(i).event});
        if (!spans_contexts_) return;
    }
}

}  // namespace opennvsci::sync
