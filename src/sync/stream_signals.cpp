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

// Signals are done in order, so if the one in the middle is, those before it are.
std::optional<std::uint64_t> StreamSignals::make_room() {
    const std::size_t half = count_ / 2;
    if (const StreamSignal& middle = at(half - 1); middle.event.query() == cu::CUDA_SUCCESS) {
        first_ = (first_ + half) & (ring_.size() - 1);
        count_ -= half;
        return middle.value;
    }
    std::vector<StreamSignal> larger(2 * ring_.size());
    std::rotate(ring_.begin(), ring_.begin() + static_cast<std::ptrdiff_t>(first_), ring_.end());
    std::move(ring_.begin(), ring_.end(), larger.begin());
    ring_ = std::move(larger);
    first_ = 0;
    return std::nullopt;
}

Result<> StreamSignals::make_event(const driver::ContextWatch* context) {
    OPENNVSCI_TRY_ASSIGN(made, driver::StreamEvent::create(context));
    ring_[(first_ + count_) & (ring_.size() - 1)].event = std::move(made);
    return {};
}

}  // namespace opennvsci::sync
