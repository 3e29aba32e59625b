// SPDX-License-Identifier: Apache-2.0
//
// The folder in which endpoints of different processes meet, and the channels that the configuration names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "doctor/environment.h"
#include "doctor/finding.h"

namespace opennvsci::tool {

/// What opennvsciIpcGetOverview() says in a process of its own.
struct ChannelFacts {
    std::string failure;  ///< the library's reason; empty if it worked
    std::string configuration;
    std::size_t channels = 0;
    std::vector<std::string> unusable;  ///< names of endpoints of kinds that do not work here
    std::vector<std::string> warnings;  ///< lines that the library printed
    std::string refused_folder;         ///< of which check_folder() has told a problem; empty if it has not
};
[[nodiscard]] ChannelFacts look_at_channels();
[[nodiscard]] std::vector<Finding> check_channels(const ChannelFacts& facts);

struct FolderFacts {
    std::string path;
    bool is_usual = true;  ///< nobody named it with OPENNVSCI_RUNTIME_DIR
    bool is_there = false;
    bool is_folder = false;  ///< and no link
    unsigned mode = 0;
    unsigned owner = 0;
    unsigned user = 0;           ///< of this process
    bool allows_others = false;  ///< OPENNVSCI_IPC_ALLOWED_UIDS names somebody else
    bool allows_owner = false;   ///< and the owner
    bool can_write = false;      ///< of the folder, or of its parent if it is not there
    std::string file_system;     ///< "tmpfs"; a number if it is an unusual one
    bool is_on_network = false;  ///< the file system is of another machine
    bool has_room = true;        ///< for one more file
    bool has_proc = true;
    std::string lost_session;  ///< an XDG_RUNTIME_DIR that is not there; empty if it is, or is not set
};
/// Where the library looks. It says so itself only if it can use the folder.
[[nodiscard]] std::string runtime_folder(const Environment& environment);
[[nodiscard]] FolderFacts look_at_folder(const Environment& environment);
[[nodiscard]] std::vector<Finding> check_folder(const FolderFacts& facts);

}  // namespace opennvsci::tool
