// SPDX-License-Identifier: Apache-2.0
//
// What the two processes of `demo --two-processes` have in common: a channel, a device with a stream, and the fences of
// both directions, which they agree on first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "channel.h"
#include "driver_objects.h"
#include "sync.h"

namespace opennvsci::tool {

/// What goes around. `buffer` is checked before it is used.
struct Packet {
    std::uint32_t buffer;    ///< kNoMoreFrames ends it
    std::uint32_t checksum;  ///< of the frame that is in the buffer once the fence has expired
    NvSciSyncFenceIpcExportDescriptor fence;

    static constexpr std::uint32_t kBuffers = 4;
    static constexpr std::uint32_t kNoMoreFrames = kBuffers;
};

class Process {
  public:
    /// Connects, and agrees with the peer on fences. Prints what became of it.
    [[nodiscard]] static Result<Process> begin(const Driver& driver, const OpenNvSciDevice& device,
                                               const std::string& name, const std::string& endpoint);

    [[nodiscard]] const Driver& driver() const noexcept { return driver_; }
    [[nodiscard]] const OpenNvSciDevice& device() const noexcept { return device_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] Channel& channel() noexcept { return channel_; }
    [[nodiscard]] const Stream& stream() const noexcept { return stream_; }

    /// Sends a packet with a fence of all work that is in the stream.
    [[nodiscard]] Result<> send(std::uint32_t buffer, std::uint32_t checksum);
    /// Receives a packet. What comes next in the stream waits for its fence. Errors: a number that is no buffer's.
    [[nodiscard]] Result<Packet> receive();

  private:
    Process(const Driver& driver, const OpenNvSciDevice& device, std::string name, Channel channel, Stream stream)
        : driver_(driver),
          device_(device),
          name_(std::move(name)),
          channel_(std::move(channel)),
          stream_(std::move(stream)) {}
    [[nodiscard]] Result<> agree_on_fences();

    const Driver& driver_;
    const OpenNvSciDevice& device_;
    std::string name_;
    Channel channel_;
    Stream stream_;
    SyncObject peers_object_;
    std::optional<Semaphore> own_;
    std::optional<Semaphore> peers_;
};

}  // namespace opennvsci::tool
