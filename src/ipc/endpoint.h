// SPDX-License-Identifier: Apache-2.0
//
// Endpoint: one end of a channel, as an NvSciIpcEndpoint handle stands for it, from open to close. It owns the
// endpoint's place in the rendezvous, the links to the peer, the two queues, the state of the connection
// (nvsciipc.md 5.2) and the descriptor by which programs wait (nvsciipc.md 6).
//
// While it is open, peers may come and go; each comes by a link of its own. The queues stay with the link of the peer
// that has gone, whose frames may not all have been read, until a new peer asks for a connection.
//
// The descriptor. Each end has a word `armed` in the memory of a link. Only events() arms, when it has taken off
// everything that makes the descriptor readable and found nothing new; whoever then has something new disarms and
// knocks. So at any time: if the end is not armed, its descriptor is readable, or is about to be. The descriptor stays
// readable while frames can be read or an event was not told yet.
//
// Thread-safe. In a forked child every call gives InvalidState.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/since.h"
#include "event/service.h"
#include "ipc/configuration.h"
#include "ipc/link.h"
#include "ipc/overview.h"
#include "ipc/queues.h"
#include "ipc/rendezvous.h"
#include "ipc/states.h"

namespace opennvsci::ipc {

class Endpoint {
  public:
    /// Errors: NotSupported if the channel is of a kind that this library does not have; as Rendezvous::open.
    [[nodiscard]] static Result<std::shared_ptr<Endpoint>> open(ChannelEnd end);

    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;
    ~Endpoint() { close(); }

    /// The endpoint is free, for any process, when this returns, and connected to nobody any more. Frames that were
    /// written stay readable for the peer. What still holds the object cannot do anything with it.
    void close() noexcept;

    /// A random number, never 0, of this opening of the endpoint. Blobs carry it, so that the peer knows whose they
    /// are.
    [[nodiscard]] std::uint64_t instance() const noexcept { return terms_.instance; }
    [[nodiscard]] const std::string& name() const noexcept { return terms_.own_name; }
    [[nodiscard]] const std::string& peer_name() const noexcept { return terms_.peer_name; }
    [[nodiscard]] const Since& since() const noexcept { return since_; }

    /// The link to the peer as it is now, for an export. Errors: ResourceError if the peer has not opened its endpoint,
    /// or is gone.
    [[nodiscard]] Result<std::shared_ptr<Link>> link();

    /// The link to the opening `peer_instance` of the peer, for an import of what that one exported: also if it is gone
    /// meanwhile. Errors: BadParameter if this endpoint has never met it.
    [[nodiscard]] Result<std::shared_ptr<Link>> link_from(std::uint64_t peer_instance);

    // What the functions of nvsciipc.h do; errors as there.

    [[nodiscard]] Shape shape() const noexcept { return terms_.shape; }
    [[nodiscard]] Result<> reset();
    [[nodiscard]] Result<std::uint32_t> events();
    [[nodiscard]] Result<Transfer> read(std::span<std::byte> bytes);
    [[nodiscard]] Result<const std::byte*> next_to_read();
    [[nodiscard]] Result<> release_read();
    [[nodiscard]] Result<Transfer> write(std::span<const std::byte> bytes);
    [[nodiscard]] Result<std::byte*> next_to_write();
    [[nodiscard]] Result<> post_written();
    [[nodiscard]] Result<> set_notification(bool is_on);
    /// To be polled for POLLIN; it stays the endpoint's.
    [[nodiscard]] Result<int> event_descriptor() const;

    /// For the list of endpoints; nothing if it is closed, or of another process.
    [[nodiscard]] std::optional<overview::Glimpse> glimpse();

    /// The event service that the program opened the endpoint with; set before the endpoint is known to anybody.
    void set_service(std::shared_ptr<event::Service> service) noexcept { service_ = std::move(service); }
    [[nodiscard]] const std::shared_ptr<event::Service>& service() const noexcept { return service_; }
    /// A notifier, of that service, that has an event when the descriptor is readable. Errors: InvalidState if the one
    /// of before has not been deleted, or the service has.
    [[nodiscard]] static Result<NvSciEventNotifier*> create_notifier(const std::shared_ptr<Endpoint>& endpoint);

  private:
    // A socket that somebody has connected to; numbered as they came, for the peer is whoever connected last.
    struct Stranger {
        std::uint64_t number;
        ProcessFd socket;
    };

    explicit Endpoint(LinkTerms terms);

    [[nodiscard]] Result<> require_owner() const;

    // All below need mutex_.

    [[nodiscard]] Result<> watch(int descriptor);
    void unwatch(int descriptor) noexcept;
    void warn(const Error& error) const;

    bool accept_peers();  // true if one came
    [[nodiscard]] std::shared_ptr<Link> find_link(std::uint64_t peer_instance) const noexcept;
    [[nodiscard]] bool greet(Stranger& stranger);
    void add_link(std::shared_ptr<Link> link);
    void switch_to_next_link(Standing standing);
    void keep_former(std::shared_ptr<Link> link);
    void drain_all();
    void drain_for_wait() noexcept;  // takes the lock itself
    [[nodiscard]] std::uint32_t look();

    [[nodiscard]] bool advance();
    bool advance_far();  // true if there is more to do
    void enter(Standing next, bool clears);
    [[nodiscard]] static Standing peer_standing(const Link* link) noexcept;
    void show_state() noexcept;
    [[nodiscard]] Activity activity() const noexcept;
    void notify() const noexcept;

    [[nodiscard]] std::uint32_t levels() const noexcept;
    void remember_told(std::uint32_t bits) noexcept;
    [[nodiscard]] bool must_stay_readable() const noexcept;
    [[nodiscard]] bool has_frames() const noexcept;
    [[nodiscard]] bool is_armed() const noexcept;
    void arm() noexcept;
    void keep_readable() noexcept;

    const std::uint64_t owner_;  // token of the process
    const LinkTerms terms_;
    const Since since_;
    ProcessFd poller_;  // an epoll descriptor over all that can bring something new
    std::unique_ptr<Rendezvous> rendezvous_;
    Outgoing outgoing_;
    Incoming incoming_;

    std::shared_ptr<event::Service> service_;
    std::atomic<bool> has_notifier_{false};

    std::mutex mutex_;
    bool is_closed_ = false;
    bool is_drained_ = false;  // a wait has taken the readiness away, and events() has not looked since
    bool notifies_ = true;
    Standing standing_;
    bool must_tell_connection_ = false;  // the edges that events() has not told yet
    bool must_tell_own_reset_ = false;
    bool must_tell_peers_reset_ = false;
    // A thread that was told last that there is no room, and for how many looks of others it is waited for at least.
    struct Waiter {
        std::uint32_t thread = 0;  // 0: none
        std::uint32_t patience = 0;
        std::chrono::steady_clock::time_point told{};
    };
    std::array<Waiter, 4> waiters_{};
    std::size_t met_count_ = 0;        // links in all
    std::shared_ptr<Link> link_;       // which the queues are attached to
    std::shared_ptr<Link> next_link_;  // to a peer that came later and has not asked for a connection
    // Both in the order in which they came, with room from the beginning: without memory no peer is lost.
    std::vector<std::shared_ptr<Link>> former_links_;  // whose parcels can still be taken
    std::vector<Stranger> strangers_;                  // from whom no greeting has come yet
    std::uint64_t last_stranger_ = 0;
    std::uint64_t peer_number_ = 0;  // of the newest link; 0: this end has connected
};

}  // namespace opennvsci::ipc
