// SPDX-License-Identifier: Apache-2.0
#include "channel.h"

#include <fmt/format.h>
#include <poll.h>

#include <cerrno>
#include <cstring>

#include "nvsci.h"

namespace opennvsci::tool {
namespace {

constexpr int kPatienceMs = 30000;  // a peer that starts on a busy machine takes its time

}  // namespace

Result<Channel> Channel::connect(const std::string& endpoint) {
    OPENNVSCI_TRY(check(NvSciIpcInit(), "NvSciIpcInit"));
    Channel channel(endpoint);  // drops the configuration again if what follows fails
    OPENNVSCI_TRY(check(NvSciIpcOpenEndpoint(endpoint.c_str(), &channel.endpoint_), "NvSciIpcOpenEndpoint"));
    OPENNVSCI_TRY(
        check(NvSciIpcGetLinuxEventFd(channel.endpoint_, &channel.event_descriptor_), "NvSciIpcGetLinuxEventFd"));
    NvSciIpcEndpointInfo info{};
    OPENNVSCI_TRY(check(NvSciIpcGetEndpointInfo(channel.endpoint_, &info), "NvSciIpcGetEndpointInfo"));
    channel.frame_size_ = info.frame_size;
    OPENNVSCI_TRY(check(NvSciIpcResetEndpointSafe(channel.endpoint_), "NvSciIpcResetEndpointSafe"));
    OPENNVSCI_TRY(channel.wait_for(NV_SCI_IPC_EVENT_CONN_EST_ALL));
    return channel;
}

Channel::Channel(Channel&& other) noexcept
    : name_(std::exchange(other.name_, {})),
      endpoint_(std::exchange(other.endpoint_, 0)),
      event_descriptor_(other.event_descriptor_),
      frame_size_(other.frame_size_) {}

Channel::~Channel() {
    if (name_.empty()) return;  // moved from
    if (endpoint_ != 0) NvSciIpcCloseEndpoint(endpoint_);
    NvSciIpcDeinit();
}

Result<> Channel::send(const void* message, std::size_t size) {
    if (size > frame_size_) return fail(fmt::format("{}: {} bytes in a frame of {}", name_, size, frame_size_));
    OPENNVSCI_TRY(wait_for(NV_SCI_IPC_EVENT_WRITE));
    std::uint32_t written = 0;
    return check(NvSciIpcWriteSafe(endpoint_, message, static_cast<std::uint32_t>(size), &written),
                 "NvSciIpcWriteSafe");
}

Result<> Channel::receive(void* message, std::size_t size) {
    if (size > frame_size_) return fail(fmt::format("{}: {} bytes in a frame of {}", name_, size, frame_size_));
    OPENNVSCI_TRY(wait_for(NV_SCI_IPC_EVENT_READ));
    std::uint32_t read = 0;
    return check(NvSciIpcReadSafe(endpoint_, message, static_cast<std::uint32_t>(size), &read), "NvSciIpcReadSafe");
}

Result<> Channel::send_blob(const void* blob, std::size_t size) {
    OPENNVSCI_TRY(send(static_cast<std::uint64_t>(size)));
    return send(blob, size);
}

Result<std::vector<std::byte>> Channel::receive_blob() {
    OPENNVSCI_TRY_ASSIGN(size, receive<std::uint64_t>());
    if (size == 0 || size > frame_size_) return fail(fmt::format("{}: a blob of {} bytes is announced", name_, size));
    std::vector<std::byte> blob(size);
    OPENNVSCI_TRY(receive(blob.data(), blob.size()));
    return blob;
}

Result<> Channel::wait_for(std::uint32_t wanted) const {
    for (;;) {
        std::uint32_t events = 0;
        OPENNVSCI_TRY(check(NvSciIpcGetEventSafe(endpoint_, &events), "NvSciIpcGetEventSafe"));
        if ((events & wanted) != 0) return {};
        pollfd ready{event_descriptor_, POLLIN, 0};
        const int count = ::poll(&ready, 1, kPatienceMs);
        if (count == 0) return fail(fmt::format("{}: the peer does not answer", name_));
        if (count < 0 && errno != EINTR) return fail(fmt::format("poll: {}", std::strerror(errno)));
    }
}

}  // namespace opennvsci::tool
