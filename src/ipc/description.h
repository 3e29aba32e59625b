// SPDX-License-Identifier: Apache-2.0
//
// Description: what the owner of an endpoint between processes writes into its lock file, for those who look from
// outside (ipc/overview.h) and for people: it is text. Nothing that an endpoint does depends on it, and whoever reads
// it believes nothing that is not checked.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "ipc/configuration.h"
#include "ipc/states.h"

namespace opennvsci::ipc {

/// What an endpoint is doing.
struct Activity {
    State state = State::closed;
    std::uint64_t session = 0;  ///< of its link; 0: it has none
    int memory = -1;            ///< descriptor of the link's memory, in the owner's process; negative: none
    int side = 0;               ///< the owner's, in that memory
};

struct Description {
    /// Of the file: two names of 63 characters, each twice, and numbers.
    static constexpr std::size_t kBytes = 512;

    ChannelEnd end;
    Activity activity;
    std::uint64_t memory_number = 0;  ///< of the memory's inode

    /// What an owner writes; all of it, so that nothing stays of what was there before.
    [[nodiscard]] static std::array<char, kBytes> write(const ChannelEnd& end, const Activity& activity) noexcept;
    /// Nothing if a line is missing, or says what no owner does.
    [[nodiscard]] static std::optional<Description> read(std::string_view text);
};

}  // namespace opennvsci::ipc
