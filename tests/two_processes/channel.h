// SPDX-License-Identifier: Apache-2.0
//
// Channel: an endpoint of NvSciIpc as programs for DRIVE OS use it: open, reset, ask for events, sleep on the
// descriptor; a blob goes as its length, then as one frame. What a peer does not do in time is a Failure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "nvsciipc.h"
#include "role.h"

namespace opennvsci::test {

using Bytes = std::vector<std::byte>;

class Channel {
  public:
    explicit Channel(const char* name);
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;
    ~Channel() { close(); }
    void close();

    /// Asks for a connection.
    void reset() { MUST(NvSciIpcResetEndpointSafe(endpoint_)); }
    /// Waits until there is one that was not there before.
    void await_connection();

    /// Waits until one of these events holds. Throws PeerIsNew if the connection goes.
    void await(std::uint32_t events);
    /// One message, which the peer reads with as many bytes.
    void send(std::span<const std::byte> message);
    [[nodiscard]] Bytes receive(std::size_t size);
    void send_blob(std::span<const std::byte> blob);
    [[nodiscard]] Bytes receive_blob();
    template <class T>
    void send_value(const T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        send(std::as_bytes(std::span(&value, 1)));
    }
    template <class T>
    [[nodiscard]] T receive_value() {
        T value;
        std::memcpy(&value, receive(sizeof(value)).data(), sizeof(value));
        return value;
    }
    /// Waits until the peer has read everything.
    void flush() { await(NV_SCI_IPC_EVENT_WRITE_EMPTY); }

    operator NvSciIpcEndpoint() const noexcept { return endpoint_; }  // NOLINT(google-explicit-constructor)

  private:
    [[nodiscard]] std::uint32_t events();
    void sleep(std::uint32_t awaited, const char* why);

    NvSciIpcEndpoint endpoint_ = 0;
    int descriptor_ = -1;
    std::uint32_t frame_size_ = 0;
};

}  // namespace opennvsci::test
