// SPDX-License-Identifier: Apache-2.0
//
// The text of a configuration, and of what another process says of its endpoint: whatever it says, the channels that
// come of it are ones that can be opened.
#include "ipc/configuration.h"

#include "ipc/description.h"
#include "peer.h"

namespace opennvsci::fuzz {
namespace {

void require_shape(const ipc::Channel& channel) {
    REQUIRE(channel.names[0] != channel.names[1]);
    REQUIRE(channel.frames >= 1 && channel.frames <= ipc::kMostFrames);
    REQUIRE(channel.frame_size >= 1 && channel.frame_size <= ipc::kMostFrameSize);
    REQUIRE(channel.frame_size % ipc::kFrameSizeUnit == 0);
}

void read_as_description(const std::string& text) {
    const auto found = ipc::Description::read(text);
    if (!found) return;
    REQUIRE(found->end.channel.backend == ipc::Backend::process);
    REQUIRE(!found->end.name().empty() && found->end.name().size() <= ipc::kLongestName);
    REQUIRE(found->activity.side == 0 || found->activity.side == 1);
    require_shape(found->end.channel);
}

}  // namespace

void fuzz_configuration(FuzzedDataProvider& in) {
    g_step = "a configuration";
    const std::string text = in.ConsumeRemainingBytesAsString();
    read_as_description(text);
    const ipc::Configuration made = ipc::Configuration::parse(text, "the input");
    for (const ipc::Channel& channel : made.channels()) {
        const int ends = channel.backend == ipc::Backend::other ? 1 : 2;
        for (int side = 0; side < ends; ++side) {
            const std::string& name = channel.names[side];
            REQUIRE(!name.empty() && name.size() <= ipc::kLongestName);
            const auto found = made.find(name);
            REQUIRE(found && found->name() == name && found->side == side);
        }
        if (ends == 1) continue;
        require_shape(channel);
    }
    REQUIRE(!made.find(""));
}

}  // namespace opennvsci::fuzz
