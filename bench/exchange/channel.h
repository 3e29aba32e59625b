// SPDX-License-Identifier: Apache-2.0
//
// Ways to send messages of a fixed size between the two processes: NvSciIpc, and the bare ring in shared memory that
// it is compared with.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstddef>
#include <cstring>
#include <vector>

#include "exchange/peer.h"
#include "nvsciipc.h"

namespace opennvsci::bench {

/// Looking again and again. After some 40 microseconds the processor goes to others in between: there may be fewer
/// than threads that spin.
class Spin {
  public:
    void again() {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
        if (++times_ > kTimesAlone) ::sched_yield();
    }

  private:
    static constexpr unsigned kTimesAlone = 1000;
    unsigned times_ = 0;
};

/// An endpoint of NvSciIpc, connected; "NAME_0" in the leader, "NAME_1" in the follower.
class IpcChannel {
  public:
    IpcChannel(const Peer& peer, const std::string& name);
    IpcChannel(const IpcChannel&) = delete;
    IpcChannel& operator=(const IpcChannel&) = delete;
    ~IpcChannel();

    [[nodiscard]] NvSciIpcEndpoint endpoint() const noexcept { return endpoint_; }

    /// Looks again and again until there is room, or a message.
    void send_spinning(const void* message, std::size_t size);
    void receive_spinning(void* message, std::size_t size);
    /// Sleeps on the event descriptor.
    void send_blocking(const void* message, std::size_t size);
    void receive_blocking(void* message, std::size_t size);

    /// Bytes of any number up to a frame.
    void send_blob(const void* blob, std::size_t size);
    [[nodiscard]] std::vector<std::byte> receive_blob();

  private:
    void wait_for(std::uint32_t events) const;

    NvSciIpcEndpoint endpoint_ = 0;
    std::int32_t event_descriptor_ = -1;
    std::size_t frame_size_ = 0;
};

/// Two rings of one writer and one reader, as short as they can be.
class RingChannel {
  public:
    RingChannel(const Peer& peer, std::size_t frame_size);

    void send(const void* message, std::size_t size);
    void receive(void* message, std::size_t size);

  private:
    static constexpr std::uint64_t kFrames = 16;
    struct alignas(64) Index {
        std::atomic<std::uint64_t> value;
    };
    struct Indices {
        Index written;
        Index read;
    };
    static std::size_t size_of_one(std::size_t frame_size) { return sizeof(Indices) + kFrames * frame_size; }
    [[nodiscard]] Indices& indices(bool of_leader) const;
    [[nodiscard]] std::byte* frame(bool of_leader, std::uint64_t number) const;

    std::size_t frame_size_;
    bool is_leader_;
    SharedMemory memory_;
    std::uint64_t written_ = 0;
    std::uint64_t read_ = 0;
    std::uint64_t read_by_peer_ = 0;  // as far as seen
};

}  // namespace opennvsci::bench
