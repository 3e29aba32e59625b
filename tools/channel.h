// SPDX-License-Identifier: Apache-2.0
//
// A connected endpoint of NvSciIpc, whose messages are values of a fixed size, or blobs announced by their size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "nvsciipc.h"
#include "result.h"

namespace opennvsci::tool {

class Channel {
  public:
    /// Opens the endpoint and waits for the peer. Errors: the library's reason; no peer within the patience of a
    /// person.
    [[nodiscard]] static Result<Channel> connect(const std::string& endpoint);
    Channel(Channel&& other) noexcept;
    ~Channel();

    [[nodiscard]] NvSciIpcEndpoint endpoint() const noexcept { return endpoint_; }

    /// Errors: the peer does not take it; the size is beyond a frame.
    [[nodiscard]] Result<> send(const void* message, std::size_t size);
    /// Errors: the peer sends nothing.
    [[nodiscard]] Result<> receive(void* message, std::size_t size);

    template <class Message>
    [[nodiscard]] Result<> send(const Message& message) {
        static_assert(std::is_trivially_copyable_v<Message>);
        return send(&message, sizeof(message));
    }
    template <class Message>
    [[nodiscard]] Result<Message> receive() {
        static_assert(std::is_trivially_copyable_v<Message>);
        Message message{};
        OPENNVSCI_TRY(receive(&message, sizeof(message)));
        return message;
    }

    [[nodiscard]] Result<> send_blob(const void* blob, std::size_t size);
    /// Errors: a size that no frame has, too.
    [[nodiscard]] Result<std::vector<std::byte>> receive_blob();

  private:
    explicit Channel(std::string name) : name_(std::move(name)) {}
    /// Until one of the events is there.
    [[nodiscard]] Result<> wait_for(std::uint32_t events) const;

    std::string name_;
    NvSciIpcEndpoint endpoint_ = 0;
    std::int32_t event_descriptor_ = -1;
    std::size_t frame_size_ = 0;
};

}  // namespace opennvsci::tool
