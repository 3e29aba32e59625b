// SPDX-License-Identifier: Apache-2.0
#include "channel.h"

#include <poll.h>

#include <cerrno>
#include <utility>

namespace opennvsci::test {
namespace {

constexpr int kSliceMs = 5'000;
constexpr int kLongestWaitMs = 60'000;  // shorter than the life of a role, so that it says what it waited for

}  // namespace

Channel::Channel(const char* name) {
    MUST(NvSciIpcInit());
    try {
        MUST(NvSciIpcOpenEndpoint(name, &endpoint_));
        MUST(NvSciIpcGetLinuxEventFd(endpoint_, &descriptor_));
        NvSciIpcEndpointInfo info{};
        MUST(NvSciIpcGetEndpointInfo(endpoint_, &info));
        frame_size_ = info.frame_size;
    } catch (...) {
        close();
        throw;
    }
}

void Channel::close() {
    if (endpoint_ != 0) (void)CALL(NvSciIpcCloseEndpointSafe(std::exchange(endpoint_, 0), false));
    if (std::exchange(frame_size_, 0) != 0) NvSciIpcDeinit();
}

std::uint32_t Channel::events() {
    std::uint32_t seen = 0;
    MUST(NvSciIpcGetEventSafe(endpoint_, &seen));
    return seen;
}

// Sleeps until the descriptor says that something is new. If nothing is for long, the endpoint is asked all the same:
// what it has to tell then was told to nobody.
void Channel::sleep(std::uint32_t awaited, const char* why) {
    for (int slept = 0; slept < kLongestWaitMs; slept += kSliceMs) {
        pollfd poll_for{descriptor_, POLLIN, 0};
        const int ready = ::poll(&poll_for, 1, kSliceMs);
        if (ready > 0 || (ready < 0 && errno == EINTR)) return;
        const std::uint32_t seen = events() & (awaited | NV_SCI_IPC_EVENT_CONN_RESET);
        require_that(seen == 0, std::string("a wake-up was lost while waiting for ") + why + ": events " +
                                    std::to_string(seen) + " were there");
    }
    throw Failure(std::string("nothing came while waiting for ") + why);
}

void Channel::await_connection() {
    // READ and WRITE may still be those of the connection before.
    while ((events() & NV_SCI_IPC_EVENT_CONN_EST) == 0)
        sleep(NV_SCI_IPC_EVENT_CONN_EST, "a connection");
}

void Channel::await(std::uint32_t wanted) {
    for (;;) {
        const std::uint32_t seen = events();
        if ((seen & NV_SCI_IPC_EVENT_CONN_RESET) != 0) throw PeerIsNew();
        if ((seen & wanted) != 0) return;
        sleep(wanted, "the peer");
    }
}

void Channel::send(std::span<const std::byte> message) {
    await(NV_SCI_IPC_EVENT_WRITE);
    std::uint32_t written = 0;
    MUST(NvSciIpcWriteSafe(endpoint_, message.data(), static_cast<std::uint32_t>(message.size()), &written));
    require_that(written == message.size(), "a message was written in part");
}

Bytes Channel::receive(std::size_t size) {
    await(NV_SCI_IPC_EVENT_READ);
    Bytes message(size);
    std::uint32_t read = 0;
    MUST(NvSciIpcReadSafe(endpoint_, message.data(), static_cast<std::uint32_t>(size), &read));
    require_that(read == size, "a message was read in part");
    return message;
}

void Channel::send_blob(std::span<const std::byte> blob) {
    require_that(blob.size() <= frame_size_, "a blob of " + std::to_string(blob.size()) + " bytes fits no frame");
    send_value<std::uint64_t>(blob.size());
    send(blob);
}

Bytes Channel::receive_blob() {
    const auto size = receive_value<std::uint64_t>();
    require_that(size != 0 && size <= frame_size_, "a length of " + std::to_string(size));
    return receive(size);
}

}  // namespace opennvsci::test
