// SPDX-License-Identifier: Apache-2.0
//
// Messages there and back: NvSciIpc against a bare ring in shared memory, both spinning, and against a Unix socket,
// both sleeping until a message comes.
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "exchange/channel.h"
#include "exchange/peer.h"

namespace opennvsci::bench {
namespace {

// A pair of sockets, one for each process.
class Socket {
  public:
    explicit Socket(const Peer& peer) {
        if (!peer.is_leader()) {
            descriptor_ = peer.receive_file();
            return;
        }
        std::array<int, 2> ends{};
        BENCH_EXPECT(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
        descriptor_ = UniqueFd(ends[0]);
        const UniqueFd other(ends[1]);
        peer.send_file(other.get());
    }
    void send(const void* message, std::size_t size) const {
        BENCH_EXPECT(::send(descriptor_.get(), message, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size));
    }
    void receive(void* message, std::size_t size) const {
        ssize_t received = 0;
        while ((received = ::recv(descriptor_.get(), message, size, 0)) < 0 && errno == EINTR) {
        }
        BENCH_EXPECT(received == static_cast<ssize_t>(size));
    }

  private:
    UniqueFd descriptor_;
};

// There and back, so often; the follower's half of it is to send back what came.
template <class Send, class Receive>
std::function<void(int)> round_trips(const Peer& peer, std::size_t size, Send send, Receive receive) {
    return [=, is_leader = peer.is_leader(), message = std::vector<std::byte>(size)](int rounds) mutable {
        for (int i = 0; i < rounds; ++i) {
            if (is_leader) send(message.data(), size);
            receive(message.data(), size);
            if (!is_leader) send(message.data(), size);
        }
    };
}

void measure(const Peer& peer, bool quick, const char* channel_name, std::size_t size, std::size_t frame_size,
             std::vector<Group>& groups) {
    const std::string what =
        "NvSciIpc, " + std::to_string(size) + " bytes there and back, frames of " + std::to_string(frame_size);
    IpcChannel ours(peer, channel_name);
    const Socket socket(peer);
    const auto ours_blocking = round_trips(
        peer, size, [&](const void* m, std::size_t n) { ours.send_blocking(m, n); },
        [&](void* m, std::size_t n) { ours.receive_blocking(m, n); });
    const auto socket_blocking = round_trips(
        peer, size, [&](const void* m, std::size_t n) { socket.send(m, n); },
        [&](void* m, std::size_t n) { socket.receive(m, n); });

    if (processors().size() < 2) {
        groups.push_back({what, "spinning", {skipped_side("NvSciIpc", "needs two processors")}});
        groups.push_back({what, "blocking", {skipped_side("NvSciIpc", "needs two processors")}});
        return;
    }
    const Pinned pinned(peer);
    RingChannel ring(peer, frame_size);
    const auto ours_spinning = round_trips(
        peer, size, [&](const void* m, std::size_t n) { ours.send_spinning(m, n); },
        [&](void* m, std::size_t n) { ours.receive_spinning(m, n); });
    const auto ring_spinning = round_trips(
        peer, size, [&](const void* m, std::size_t n) { ring.send(m, n); },
        [&](void* m, std::size_t n) { ring.receive(m, n); });
    const Amount spinning = quick ? Amount{2, 10, 10} : Amount{50, 400, 10};
    groups.push_back(take_turns(
        peer, what, "spinning", spinning,
        {{"NvSciIpc", {}, ours_spinning}, {"bare ring in shared memory", {Target::Kind::at_most, 2}, ring_spinning}}));
    const Amount blocking = quick ? Amount{2, 10, 1} : Amount{20, 500, 1};
    groups.push_back(take_turns(
        peer, what, "blocking", blocking,
        {{"NvSciIpc", {}, ours_blocking}, {"Unix socket, SEQPACKET", {Target::Kind::at_most, 1.2}, socket_blocking}}));
}

}  // namespace

std::vector<Group> measure_messages(Peer& peer, bool quick) {
    std::vector<Group> groups;
    measure(peer, quick, "bench_64", 64, 64, groups);
    measure(peer, quick, "bench_4096", 4096, 4096, groups);
    measure(peer, quick, "bench_24576", 64, 24576, groups);  // a small message in the frames that NvSciStream needs
    return groups;
}

}  // namespace opennvsci::bench
