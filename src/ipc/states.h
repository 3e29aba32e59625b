// SPDX-License-Identifier: Apache-2.0
//
// The states of a connection (nvsciipc.md 5.2): what one end does next, as it sees its own state and the other's.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace opennvsci::ipc {

enum class State : std::uint32_t {
    closed = 0,       ///< not reset yet; what fresh memory says
    sync = 1,         ///< wants a new connection, old frames are void
    ack = 2,          ///< has seen the peer's sync and cleared its own counters
    established = 3,  ///< may exchange frames
};

/// What a word of the peer says; anything unknown is no state that one could connect to.
[[nodiscard]] constexpr State state_of(std::uint32_t word) noexcept {
    return word <= static_cast<std::uint32_t>(State::established) ? static_cast<State>(word) : State::closed;
}

[[nodiscard]] constexpr std::string_view name_of(State state) noexcept {
    constexpr std::string_view kNames[] = {"closed", "sync", "ack", "established"};
    return kNames[static_cast<std::uint32_t>(state)];
}

struct Step {
    State next;
    bool clears;  ///< own counters go back to 0 before the state is shown
};

/// The next step of the end that is in `own`, or none. Words that a peer left behind in sync or ack must not come here.
[[nodiscard]] constexpr std::optional<Step> next_step(State own, State peer) noexcept {
    if (own == State::closed) return std::nullopt;  // who never called Reset never connects
    if (peer == State::sync && own != State::ack) return Step{State::ack, true};
    if (own == State::sync && peer == State::ack) return Step{State::established, true};
    if (own == State::ack && (peer == State::ack || peer == State::established)) return Step{State::established, false};
    return std::nullopt;
}

}  // namespace opennvsci::ipc
