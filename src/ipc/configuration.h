// SPDX-License-Identifier: Apache-2.0
//
// Configuration: the channels that a process knows (nvsciipc.md 3), from a text file with one channel on each line, or
// from the list that is built in. A line that cannot be understood is said and ignored; of two endpoints with one name
// the first wins.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace opennvsci::ipc {

inline constexpr std::size_t kLongestName = 63;            // NVSCIIPC_MAX_ENDPOINT_NAME without the terminator
inline constexpr std::uint32_t kFrameSizeUnit = 64;        // documented
inline constexpr std::uint32_t kMostFrameSize = 1U << 20;  // decisions: what one could want, and what cannot
inline constexpr std::uint32_t kMostFrames = 4096;         // be a slip

enum class Backend { thread, process, other };

/// One line of the configuration. A channel of another backend has one endpoint and no shape that is known here.
struct Channel {
    Backend backend;
    std::string backend_name;
    std::array<std::string, 2> names;
    std::uint32_t frames;
    std::uint32_t frame_size;
};

/// An endpoint: a channel, and which end of it.
struct ChannelEnd {
    Channel channel;
    int side;
    [[nodiscard]] const std::string& name() const noexcept { return channel.names[side]; }
    [[nodiscard]] const std::string& peer_name() const noexcept { return channel.names[1 - side]; }
};

class Configuration {
  public:
    /// The configuration of this process: the file that OPENNVSCI_IPC_CFG names, else the user's, else the system's,
    /// else the built-in list. Errors: NotPermitted if the named file cannot be read.
    [[nodiscard]] static Result<Configuration> load();

    /// `origin` is what messages call the text.
    [[nodiscard]] static Configuration parse(std::string_view text, std::string_view origin);

    /// The channel of the fields of one line; nothing if load() would ignore it.
    [[nodiscard]] static std::optional<Channel> channel_of(const std::vector<std::string_view>& fields);

    /// Errors: NoSuchEntry.
    [[nodiscard]] Result<ChannelEnd> find(std::string_view endpoint) const;

    [[nodiscard]] const std::vector<Channel>& channels() const noexcept { return channels_; }
    /// Where it comes from, for people: the file, or "the built-in list".
    [[nodiscard]] const std::string& origin() const noexcept { return origin_; }

  private:
    [[nodiscard]] std::optional<ChannelEnd> search(std::string_view endpoint) const;
    /// Adds the channel of a line. What is wrong with it, or empty.
    [[nodiscard]] std::string add(const std::vector<std::string_view>& fields);

    std::string origin_;
    std::vector<Channel> channels_;
};

}  // namespace opennvsci::ipc
