// SPDX-License-Identifier: Apache-2.0
//
// The states of a connection (nvsciipc.md 5.2): what one end does next, as it sees its own standing and the other's.
//
// A state alone would not do. An end that resets a second time could take the peer's answer to its first reset for one
// to the second, while the peer still writes frames of the connection that is over. So each end counts its resets, an
// answer says which reset it is for, and all three numbers are one word, written at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace opennvsci::ipc {

enum class State : std::uint32_t {
    closed = 0,       ///< not reset yet; what fresh memory says
    sync = 1,         ///< wants a new connection, old frames are void
    ack = 2,          ///< has seen the peer's reset and cleared its own counters
    established = 3,  ///< may exchange frames
};

[[nodiscard]] constexpr std::string_view name_of(State state) noexcept {
    constexpr std::string_view kNames[] = {"closed", "sync", "ack", "established"};
    return kNames[static_cast<std::uint32_t>(state)];
}

/// Where an end stands.
struct Standing {
    static constexpr std::uint32_t kMostResets = 0x7FFF;  // then they begin again with 1

    State state = State::closed;
    std::uint32_t resets = 0;  ///< of this end; 0: none yet
    std::uint32_t echo = 0;    ///< the peer's resets that this end has answered; 0: none on this link

    /// As it lies in the memory of a link: every word is one, whoever wrote it.
    [[nodiscard]] constexpr std::uint32_t word() const noexcept {
        return static_cast<std::uint32_t>(state) | resets << 2 | echo << 17;
    }
    [[nodiscard]] static constexpr Standing of(std::uint32_t word) noexcept {
        return {static_cast<State>(word & 3), word >> 2 & kMostResets, word >> 17};
    }
    /// After one more reset of this end.
    [[nodiscard]] constexpr Standing after_reset() const noexcept {
        return {State::sync, resets == kMostResets ? 1 : resets + 1, 0};
    }
    /// The same in another state, in answer to the peer's `answered`.
    [[nodiscard]] constexpr Standing with(State next, std::uint32_t answered) const noexcept {
        return {next, resets, answered};
    }
    friend bool operator==(const Standing&, const Standing&) = default;
};

struct Step {
    Standing next;
    bool clears;  ///< own counters go back to 0 before the word is shown
    friend bool operator==(const Step&, const Step&) = default;
};

/// The next step of the end that stands at `own`, or none. Words that a peer left behind in sync or ack must not come
/// here.
[[nodiscard]] constexpr std::optional<Step> next_step(Standing own, Standing peer) noexcept {
    if (own.state == State::closed) return std::nullopt;  // who never called Reset never connects
    const bool peer_asks = peer.state == State::sync || peer.state == State::ack;
    // Who was connected was so by an answer, so a SYNC is new even if the numbers have gone all the way round.
    const bool is_new = own.state == State::ack ? peer_asks && peer.resets != own.echo
                                                : peer.state == State::sync || (own.state == State::established &&
                                                                                peer_asks && peer.resets != own.echo);
    if (is_new) return Step{own.with(State::ack, peer.resets), true};
    const bool is_answer = peer.echo == own.resets;
    if (own.state == State::sync && peer.state == State::ack && is_answer)
        return Step{own.with(State::established, peer.resets), true};
    const bool peer_goes_on = peer.state == State::ack || peer.state == State::established;
    if (own.state == State::ack && peer_goes_on && is_answer && peer.resets == own.echo)
        return Step{own.with(State::established, own.echo), false};
    return std::nullopt;
}

}  // namespace opennvsci::ipc
