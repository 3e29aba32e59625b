// SPDX-License-Identifier: Apache-2.0
//
// The text of a configuration: whatever it says, the channels that come of it are ones that can be opened.
#include "ipc/configuration.h"

#include "peer.h"

namespace opennvsci::fuzz {

void fuzz_configuration(FuzzedDataProvider& in) {
    g_step = "a configuration";
    const std::string text = in.ConsumeRemainingBytesAsString();
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
        REQUIRE(channel.names[0] != channel.names[1]);
        REQUIRE(channel.frames >= 1 && channel.frames <= ipc::kMostFrames);
        REQUIRE(channel.frame_size >= 1 && channel.frame_size <= ipc::kMostFrameSize);
        REQUIRE(channel.frame_size % ipc::kFrameSizeUnit == 0);
    }
    REQUIRE(!made.find(""));
}

}  // namespace opennvsci::fuzz
