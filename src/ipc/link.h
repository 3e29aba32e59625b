// SPDX-License-Identifier: Apache-2.0
//
// Link: one life of the connection between the two endpoints of a channel, made when the second of them is opened. Over
// it go the descriptors that blobs speak of: a blob is carried by the program, any way it likes, and cannot hold a
// descriptor. So whoever exports sends the descriptors ahead over the link, under a random token that the blob holds;
// whoever imports finds them there by that token, once. They are there before the blob can be, and stay when the sender
// has gone.
//
// A link is a socket, the memory of the rings, and the parcels that came and were not taken yet. How much may lie there
// is bounded: each end tells the other how much it parks, and the sender keeps to that. The weight of a parcel is the
// number of its descriptors, or 1. The taker counts what it took in the memory of the rings.
//
// A link lives as long as anything holds it: the endpoint, and objects that must know whether the process at the other
// end is still there. The kernel tells the other side when the last holder here has gone, or the process has died:
// there is no other notice. A forked child holds nothing of it.
//
// Everything that comes by a link is the peer's and hostile until it is checked. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "ipc/descriptors.h"
#include "ipc/doorbell.h"
#include "ipc/ring_memory.h"

namespace opennvsci::ipc {

/// The name under which something handed over is found at the other end: random, used once.
struct Token {
    std::array<std::uint64_t, 2> words{};
    friend bool operator==(const Token&, const Token&) = default;
};

/// What was handed over under a token: bytes that the sender's library wrote, and descriptors.
struct Parcel {
    std::vector<std::byte> content;
    std::vector<UniqueFd> files;
};

/// What an endpoint brings to each of its links.
struct LinkTerms {
    std::string own_name;
    std::string peer_name;
    Shape shape;
    std::uint64_t instance;              ///< of the endpoint's opening
    std::shared_ptr<Doorbell> doorbell;  ///< rung when somebody else than the endpoint takes a knock off the socket
    bool is_shown = false;               ///< the memory's file is kept, so that other processes can look at it
};

class Link {
  public:
    static constexpr std::size_t kMostContent = 1024;  ///< bytes of a parcel
    static constexpr std::size_t kMostFiles = 8;       ///< descriptors of a parcel
    static constexpr std::uint32_t kMostParked = 256;  ///< weight of what lies at one end untaken

    /// Over `socket`, to an endpoint that listens at the other end: sends all that the peer must know, and does not
    /// wait for it. Errors: ConnectionReset if it is gone already, ResourceError.
    [[nodiscard]] static Result<std::shared_ptr<Link>> connect(ProcessFd socket, const LinkTerms& terms);

    /// Over `socket`, from which connect() of the other end can be read. The result is null if nothing has come yet, or
    /// no descriptor or no memory is free for it: then `socket` stays. Errors: NotPermitted if what came is not what a
    /// peer sends.
    [[nodiscard]] static Result<std::shared_ptr<Link>> accept(ProcessFd& socket, const LinkTerms& terms);

    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    ~Link();

    /// A random number, never 0, that both ends have and no other link.
    [[nodiscard]] std::uint64_t session() const noexcept { return session_; }
    /// The name of the endpoint at the other end.
    [[nodiscard]] const std::string& peer_name() const noexcept { return terms_.peer_name; }

    /// False once nothing at the other end holds the link any more.
    [[nodiscard]] bool is_peer_alive() const noexcept;
    /// To be polled for POLLHUP, which comes when the peer is not alive any more; not to be read.
    [[nodiscard]] int watch_descriptor() const noexcept { return socket_.get(); }

    /// Sends a parcel; it is at the other end when this returns. `files` stay the caller's. Errors: TryItAgain if the
    /// peer has not taken too many that were sent before; ResourceError if the peer is gone or the system refuses.
    [[nodiscard]] Result<Token> send(std::span<const std::byte> content, std::span<const int> files);

    /// Whether a parcel with so many descriptors could be sent now. Errors: TryItAgain.
    [[nodiscard]] Result<> check_room(std::size_t file_count);

    /// The parcel that came under `token`. Errors: BadParameter if none came, or it was taken before; ResourceError if
    /// its descriptors were lost on the way, because this process has too many open.
    [[nodiscard]] Result<Parcel> take(const Token& token);

    // For the endpoint.

    /// The peer's opening of its endpoint; 0 if it has not said so yet.
    [[nodiscard]] std::uint64_t peer_instance() const noexcept {
        return peer_instance_.load(std::memory_order_acquire);
    }
    [[nodiscard]] const std::shared_ptr<RingMemory>& rings() const noexcept { return rings_; }

    /// Makes the peer's event descriptor readable if it has asked for that.
    void knock_if_armed() const noexcept;
    /// Takes everything off the socket. True if a knock was among it, or may have been lost.
    bool drain() noexcept;
    /// True if a parcel lies here that was not taken.
    [[nodiscard]] bool has_parked() const noexcept;

  private:
    struct Parked {
        Token token;
        std::vector<std::byte> content;
        std::vector<ProcessFd> files;
        std::uint64_t weight;
        bool is_lost;
    };
    struct Batch;

    Link(LinkTerms terms, std::uint64_t session, std::shared_ptr<RingMemory> rings);
    void adopt(ProcessFd socket) noexcept;

    [[nodiscard]] Result<> charge(std::uint64_t weight);
    void receive(Batch& batch) const noexcept;
    [[nodiscard]] bool drain_locked() noexcept;
    void believe(std::span<const std::byte> bytes, std::span<ProcessFd> files, bool is_cut) noexcept;
    [[nodiscard]] std::deque<Parked>::iterator find(const Token& token) noexcept;
    void lose(const Token& token, std::uint64_t weight);
    void count_taken(std::uint64_t weight) noexcept;

    const std::uint64_t owner_;  // token of the process
    const LinkTerms terms_;
    const std::uint64_t session_;
    ProcessFd socket_;  // there from the beginning, and never another one
    const std::shared_ptr<RingMemory> rings_;
    std::atomic<std::uint64_t> peer_instance_{0};
    const std::uint32_t parks_;  // weight that is parked here at most
    std::atomic<std::uint32_t> peer_parks_;

    std::mutex send_mutex_;
    std::uint64_t sent_ = 0;  // weight of all parcels that went out

    mutable std::mutex receive_mutex_;
    std::deque<Parked> parked_;  // in the order in which they came, lost ones among them
    std::uint64_t parked_weight_ = 0;
    std::size_t lost_count_ = 0;
    std::uint64_t taken_ = 0;
};

}  // namespace opennvsci::ipc
