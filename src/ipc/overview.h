// SPDX-License-Identifier: Apache-2.0
//
// The overview: which endpoints are open, in whose hands, and what they are doing; for people. Nobody is asked, waited
// for or woken. Endpoints of this process tell it themselves. Of those of others
//   * the kernel says who holds the lock file (ipc/process_rendezvous.cpp),
//   * the file says what its owner is doing (ipc/description.h),
//   * the memory of its link, read through the owner's descriptor in /proc, says how much waits for it.
// What is written there is checked as anything that comes from a peer, and read once: no mapping is made, and no file
// is touched that could keep a reader waiting. What cannot be seen, in another container or of another user, is told as
// not known. All of it may be different a moment later.
//
// Nothing here opens the lock file of an endpoint of this process: closing it again would give up the lock.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ipc/configuration.h"
#include "ipc/ring_memory.h"
#include "ipc/states.h"

namespace opennvsci::ipc {

class Endpoint;

namespace overview {

/// What lies at an endpoint.
struct Waiting {
    std::uint64_t frames = 0;       ///< that it can read
    std::uint64_t descriptors = 0;  ///< that were sent to it and not taken
};

/// The counters of one end of a link, copied.
struct Words {
    std::uint64_t written;
    std::uint64_t read;
    std::uint64_t taken;
    std::uint64_t sent;
    [[nodiscard]] static Words of(const SideWords& words) noexcept;
};

/// What lies at the end with the words `own`, which is in `state`; nothing if the words cannot be true.
[[nodiscard]] std::optional<Waiting> waiting_for(const Words& own, const Words& peer, State state,
                                                 Shape shape) noexcept;

/// An endpoint of this process.
struct Glimpse {
    State state;
    std::uint64_t session;  ///< of its link; 0: none
    std::optional<Waiting> waiting;
};

/// Has the endpoint listed as long as it lives.
void enlist(const ChannelEnd& end, const std::shared_ptr<Endpoint>& endpoint);

enum class Condition {
    unknown,     ///< whether it is open
    not_open,    ///< of INTER_THREAD: not in this process
    open,        ///< more is not known
    not_reset,   ///< State::closed
    waiting,     ///< State::sync
    connecting,  ///< State::ack
    connected,   ///< State::established
    peer_gone,   ///< the same, with a peer that has closed its end, or ended
};

[[nodiscard]] constexpr Condition condition_of(State state) noexcept {
    constexpr Condition kConditions[] = {Condition::not_reset, Condition::waiting, Condition::connecting,
                                         Condition::connected};
    return kConditions[static_cast<std::size_t>(state)];
}

struct EndpointView {
    std::string name;
    Condition condition = Condition::unknown;
    bool is_own = false;        ///< open in this process
    std::int64_t owner = 0;     ///< number of the process; 0: none, or not to be seen from here
    std::string program;        ///< as the owner's process calls itself; empty if it cannot be seen
    std::uint64_t session = 0;  ///< of its link; 0: none, or not known
    std::optional<Waiting> waiting;
};

struct ChannelView {
    Channel channel;
    std::vector<EndpointView> ends;  ///< two, or one of a channel of another kind
};

struct Overview {
    std::string configuration;  ///< where the channels come from, for people
    std::string folder;         ///< in which processes find each other
    bool has_folder = false;    ///< it is there
    /// Those of the configuration, then open ones that it does not name.
    std::vector<ChannelView> channels;
};

/// Errors: NotPermitted if the configuration or the folder cannot be used; ResourceError.
[[nodiscard]] Result<Overview> take();

}  // namespace overview
}  // namespace opennvsci::ipc
