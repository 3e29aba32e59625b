// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "commands.h"
#include "nvsci.h"
#include "opennvsci.h"
#include "output.h"
#include "text_table.h"

namespace opennvsci::tool {
namespace {

using Channel = OpenNvSciIpcChannel;
using Endpoint = OpenNvSciIpcEndpoint;

std::span<const Endpoint> ends_of(const Channel& channel) {
    return {channel.endpoints, channel.endpointCount};
}

struct StateName {
    OpenNvSciIpcState state;
    const char* text;
    const char* json;
};
constexpr StateName kStateNames[] = {
    {OpenNvSciIpcState_Unknown, "unknown", "unknown"},
    {OpenNvSciIpcState_NotOpen, "not open", "not_open"},
    {OpenNvSciIpcState_Open, "open", "open"},
    {OpenNvSciIpcState_NotReset, "not reset", "not_reset"},
    {OpenNvSciIpcState_Waiting, "waiting for its peer", "waiting"},
    {OpenNvSciIpcState_Connecting, "connecting", "connecting"},
    {OpenNvSciIpcState_Connected, "connected", "connected"},
    {OpenNvSciIpcState_PeerGone, "peer gone", "peer_gone"},
};

const StateName& name_of(OpenNvSciIpcState state) {
    for (const StateName& name : kStateNames) {
        if (name.state == state) return name;
    }
    return kStateNames[0];
}

bool is_open(const Endpoint& endpoint) {
    return endpoint.state >= OpenNvSciIpcState_Open;
}

/// A channel of which something can be told that is more than where it stands in the configuration.
bool is_in_use(const Channel& channel) {
    for (const Endpoint& endpoint : ends_of(channel)) {
        const bool cannot_be_seen = endpoint.state == OpenNvSciIpcState_Unknown && channel.endpointCount == 2;
        if (is_open(endpoint) || cannot_be_seen) return true;
    }
    return false;
}

std::string frames_text(const Channel& channel) {
    return channel.frames == 0 ? "" : fmt::format("{} x {}", channel.frames, channel.frameSize);
}

std::string owner_text(const Endpoint& endpoint) {
    if (!is_open(endpoint)) return "-";
    if (endpoint.ownerPid == 0) return "?";
    return fmt::format("{} {}", endpoint.ownerPid, printable(endpoint.ownerProgram));
}

std::string count_text(const Endpoint& endpoint, std::uint64_t count) {
    if (!is_open(endpoint)) return "-";
    return endpoint.hasCounts ? fmt::format("{}", count) : "?";
}

/// One text for each row: of each end of each channel.
template <class Text>
std::vector<std::string> column_of(const std::vector<const Channel*>& channels, Text&& text) {
    std::vector<std::string> texts;
    for (const Channel* const channel : channels) {
        for (const Endpoint& endpoint : ends_of(*channel))
            texts.push_back(text(*channel, endpoint));
    }
    return texts;
}

std::string table_of_used(const std::vector<const Channel*>& channels) {
    TextTable table;
    table.add_column("endpoint", Column::name, column_of(channels, [](const Channel&, const Endpoint& endpoint) {
                         return printable(endpoint.name);
                     }));
    table.add_column("peer", Column::name, column_of(channels, [](const Channel& channel, const Endpoint& endpoint) {
                         return printable(channel.endpoints[&endpoint == channel.endpoints ? 1 : 0].name);
                     }));
    table.add_column("frames", Column::number,
                     column_of(channels, [](const Channel& channel, const Endpoint&) { return frames_text(channel); }));
    table.add_column("owner", Column::text, column_of(channels, [](const Channel&, const Endpoint& endpoint) {
                         return owner_text(endpoint);
                     }));
    table.add_column("state", Column::text, column_of(channels, [](const Channel&, const Endpoint& endpoint) {
                         return std::string(name_of(endpoint.state).text);
                     }));
    table.add_column("unread", Column::number, column_of(channels, [](const Channel&, const Endpoint& endpoint) {
                         return count_text(endpoint, endpoint.unreadFrames);
                     }));
    table.add_column("parked", Column::number, column_of(channels, [](const Channel&, const Endpoint& endpoint) {
                         return count_text(endpoint, endpoint.parkedDescriptors);
                     }));
    return table.text(terminal_width());
}

std::string table_of_unused(const std::vector<const Channel*>& channels) {
    std::vector<std::string> kinds;
    std::vector<std::string> names;
    std::vector<std::string> peers;
    std::vector<std::string> frames;
    std::vector<std::string> remarks;
    for (const Channel* const channel : channels) {
        const std::string_view kind = channel->kind;
        kinds.push_back(printable(channel->kind));
        names.push_back(printable(channel->endpoints[0].name));
        peers.push_back(channel->endpointCount == 2 ? printable(channel->endpoints[1].name) : "");
        frames.push_back(frames_text(*channel));
        remarks.emplace_back(channel->endpointCount != 2 ? "does not work here"
                             : kind == "INTER_THREAD"    ? "each process has its own"
                                                         : "");
    }
    TextTable table;
    table.add_column("", Column::name, std::move(kinds));
    table.add_column("", Column::name, std::move(names));
    table.add_column("", Column::name, std::move(peers));
    table.add_column("", Column::number, std::move(frames));
    table.add_column("", Column::text, std::move(remarks));
    return table.text(terminal_width());
}

void print_as_text(const OpenNvSciIpcOverview& overview) {
    std::vector<const Channel*> used;
    std::vector<const Channel*> unused;
    for (const Channel& channel : std::span(overview.channels, overview.channelCount))
        (is_in_use(channel) ? used : unused).push_back(&channel);
    print("channels  {}\n", printable(overview.configuration));
    print("folder    {}{}\n", printable(overview.folder), overview.hasFolder ? "" : " (nobody has made it yet)");
    if (!used.empty()) print("\n{}", table_of_used(used));
    if (!unused.empty()) print("\n{}:\n{}", used.empty() ? "no endpoint is open" : "not open", table_of_unused(unused));
}

Json json_of(const Endpoint& endpoint) {
    const bool is_known = endpoint.ownerPid != 0;
    return {{"name", endpoint.name},
            {"state", name_of(endpoint.state).json},
            {"owner_pid", is_known ? Json(endpoint.ownerPid) : Json(nullptr)},
            {"owner_program", is_known ? Json(endpoint.ownerProgram) : Json(nullptr)},
            {"unread_frames", endpoint.hasCounts ? Json(endpoint.unreadFrames) : Json(nullptr)},
            {"parked_descriptors", endpoint.hasCounts ? Json(endpoint.parkedDescriptors) : Json(nullptr)}};
}

void print_as_json(const OpenNvSciIpcOverview& overview) {
    auto channels = Json::array();
    for (const Channel& channel : std::span(overview.channels, overview.channelCount)) {
        auto endpoints = Json::array();
        for (const Endpoint& endpoint : ends_of(channel))
            endpoints.push_back(json_of(endpoint));
        channels.push_back({{"kind", channel.kind},
                            {"frames", channel.frames},
                            {"frame_size", channel.frameSize},
                            {"endpoints", std::move(endpoints)}});
    }
    const Json all{{"configuration", overview.configuration},
                   {"folder", overview.folder},
                   {"folder_exists", overview.hasFolder},
                   {"channels", std::move(channels)}};
    print_json(all);
}

}  // namespace

Result<> ipc(const IpcOptions& options) {
    const OpenNvSciIpcOverview* overview = nullptr;
    OPENNVSCI_TRY(check(opennvsciIpcGetOverview(&overview), "opennvsciIpcGetOverview"));
    options.json ? print_as_json(*overview) : print_as_text(*overview);
    return {};
}

}  // namespace opennvsci::tool
