// SPDX-License-Identifier: Apache-2.0
#include "exchange/channel.h"

#include <poll.h>

#include <cerrno>

namespace opennvsci::bench {

IpcChannel::IpcChannel(const Peer& peer, const std::string& name) {
    NvSciIpcEndpointInfo info{};
    BENCH_CHECK(NvSciIpcInit());
    BENCH_CHECK(NvSciIpcOpenEndpoint((name + (peer.is_leader() ? "_0" : "_1")).c_str(), &endpoint_));
    BENCH_CHECK(NvSciIpcGetLinuxEventFd(endpoint_, &event_descriptor_));
    BENCH_CHECK(NvSciIpcGetEndpointInfo(endpoint_, &info));
    frame_size_ = info.frame_size;
    BENCH_CHECK(NvSciIpcResetEndpointSafe(endpoint_));
    wait_for(NV_SCI_IPC_EVENT_CONN_EST_ALL);
    peer.meet();
}

IpcChannel::~IpcChannel() {
    BENCH_CHECK(NvSciIpcCloseEndpointSafe(endpoint_, false));
    NvSciIpcDeinit();
}

void IpcChannel::send_spinning(const void* message, std::size_t size) {
    std::uint32_t bytes = 0;
    for (Spin spin;; spin.again()) {
        const NvSciError error = NvSciIpcWriteSafe(endpoint_, message, static_cast<std::uint32_t>(size), &bytes);
        if (error == NvSciError_Success) return;
        if (error != NvSciError_InsufficientMemory) BENCH_CHECK(error);
    }
}

void IpcChannel::receive_spinning(void* message, std::size_t size) {
    std::uint32_t bytes = 0;
    for (Spin spin;; spin.again()) {
        const NvSciError error = NvSciIpcReadSafe(endpoint_, message, static_cast<std::uint32_t>(size), &bytes);
        if (error == NvSciError_Success) return;
        if (error != NvSciError_InsufficientMemory) BENCH_CHECK(error);
    }
}

void IpcChannel::send_blocking(const void* message, std::size_t size) {
    wait_for(NV_SCI_IPC_EVENT_WRITE);
    std::uint32_t bytes = 0;
    BENCH_CHECK(NvSciIpcWriteSafe(endpoint_, message, static_cast<std::uint32_t>(size), &bytes));
}

void IpcChannel::receive_blocking(void* message, std::size_t size) {
    wait_for(NV_SCI_IPC_EVENT_READ);
    std::uint32_t bytes = 0;
    BENCH_CHECK(NvSciIpcReadSafe(endpoint_, message, static_cast<std::uint32_t>(size), &bytes));
}

void IpcChannel::send_blob(const void* blob, std::size_t size) {
    BENCH_EXPECT(size <= frame_size_);
    const std::uint64_t announced = size;
    send_blocking(&announced, sizeof(announced));
    send_blocking(blob, size);
}

std::vector<std::byte> IpcChannel::receive_blob() {
    std::uint64_t size = 0;
    receive_blocking(&size, sizeof(size));
    BENCH_EXPECT(size <= frame_size_);
    std::vector<std::byte> blob(size);
    receive_blocking(blob.data(), blob.size());
    return blob;
}

void IpcChannel::wait_for(std::uint32_t wanted) const {
    for (;;) {
        std::uint32_t events = 0;
        BENCH_CHECK(NvSciIpcGetEventSafe(endpoint_, &events));
        if ((events & wanted) != 0) return;
        pollfd ready{event_descriptor_, POLLIN, 0};
        if (::poll(&ready, 1, -1) < 0) BENCH_EXPECT(errno == EINTR);
    }
}

RingChannel::RingChannel(const Peer& peer, std::size_t frame_size)
    : frame_size_(frame_size), is_leader_(peer.is_leader()), memory_(peer, 2 * size_of_one(frame_size)) {}

RingChannel::Indices& RingChannel::indices(bool of_leader) const {
    auto* base = static_cast<std::byte*>(memory_.data()) + (of_leader ? 0 : size_of_one(frame_size_));
    return *reinterpret_cast<Indices*>(base);
}

std::byte* RingChannel::frame(bool of_leader, std::uint64_t number) const {
    return reinterpret_cast<std::byte*>(&indices(of_leader)) + sizeof(Indices) + number % kFrames * frame_size_;
}

void RingChannel::send(const void* message, std::size_t size) {
    Indices& own = indices(is_leader_);
    for (Spin spin; written_ - read_by_peer_ == kFrames; spin.again())
        read_by_peer_ = own.read.value.load(std::memory_order_acquire);
    std::memcpy(frame(is_leader_, written_), message, size);
    own.written.value.store(++written_, std::memory_order_release);
}

void RingChannel::receive(void* message, std::size_t size) {
    Indices& peers = indices(!is_leader_);
    for (Spin spin; peers.written.value.load(std::memory_order_acquire) == read_;)
        spin.again();
    std::memcpy(message, frame(!is_leader_, read_), size);
    peers.read.value.store(++read_, std::memory_order_release);
}

}  // namespace opennvsci::bench
