// SPDX-License-Identifier: Apache-2.0
#include "sync/stream_signals.h"

#include <algorithm>
#include <utility>

namespace opennvsci::sync {

const StreamSignal* StreamSignals::find(std::uint64_t value) const noexcept {
    if (empty() || value > newest().value) return nullptr;
    if (value == newest().value) return &newest();
    std::size_t low = 0;
    std::size_t high = count_ - 1;
    while (low < high) {
        const std::size_t middle = (low + high) / 2;
        if (at(middle).value < value) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return at(low).value == value ? &at(low) : nullptr;
}

void StreamSignals::drop(std::uint64_t value) noexcept {
    while (count_ != 0 && at(0).value <= value) {
        first_ = place(1);
        --count_;
    }
    spans_contexts_ = false;
    for (std::size_t i = 1; i < count_ && !spans_contexts_; ++i)
        spans_contexts_ = !at(i).event->is_of(&at(0).event->context());
}

void StreamSignals::grow() {
    std::vector<StreamSignal> larger(2 * ring_.size());
    std::rotate(ring_.begin(), ring_.begin() + static_cast<std::ptrdiff_t>(first_), ring_.end());
    std::move(ring_.begin(), ring_.end(), larger.begin());
    ring_ = std::move(larger);
    first_ = 0;
}

Result<const driver::StreamEvent*> StreamSignals::prepare_event(const driver::ContextWatch* context) {
    SharedEvent& event = ring_[place(count_)].event;
    if (event == nullptr || event.use_count() != 1 || !event->is_of(context)) {
        OPENNVSCI_TRY_ASSIGN(made, driver::StreamEvent::create(context));
        event = std::make_shared<driver::StreamEvent>(std::move(made));
    }
    return event.get();
}

void StreamSignals::append(std::uint64_t value) noexcept {
    StreamSignal& added = ring_[place(count_)];
    added.value = value;
    if (count_ != 0) spans_contexts_ = spans_contexts_ || !added.event->is_of(&newest().event->context());
    ++count_;
}

}  // namespace opennvsci::sync
