// SPDX-License-Identifier: Apache-2.0
#include "sync/trace_notes.h"

#include <array>
#include <exception>
#include <optional>

#include "sync/seal.h"
#include "trace/slice.h"

namespace opennvsci::sync {
namespace {

// None in a forked child, where the timeline is not its own, or without randomness.
std::optional<Timeline::Identity> note_identity(Timeline& timeline) noexcept {
    try {
        const auto identity = timeline.identity();
        if (!identity) return std::nullopt;
        trace::note_address("timeline", identity->words[0]);
        return *identity;
    } catch (const std::exception&) {  // no memory for the text of the failure
        return std::nullopt;
    }
}

void note(Timeline& timeline, std::uint64_t value, trace::FlowEnd end) noexcept {
    trace::note_number("value", value);
    const auto identity = note_identity(timeline);
    if (!identity || value == 0) return;
    trace::note_flow(end, seal_over(std::array{identity->words[0], identity->words[1], value}));
}

}  // namespace

void note_timeline(Timeline& timeline) noexcept {
    (void)note_identity(timeline);
}

void note_fence(Timeline& timeline, std::uint64_t value) noexcept {
    trace::note_number("value", value);
    note_timeline(timeline);
}

void note_signal(Timeline& timeline, std::uint64_t value) noexcept {
    note(timeline, value, trace::FlowEnd::from_here);
}

void note_wait(Timeline& timeline, std::uint64_t value) noexcept {
    note(timeline, value, trace::FlowEnd::to_here);
}

}  // namespace opennvsci::sync
