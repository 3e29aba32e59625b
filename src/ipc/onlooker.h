// SPDX-License-Identifier: Apache-2.0
//
// Onlooker: sees the endpoints of other processes in a runtime folder, as ipc/overview.h says, and changes nothing.
// Each look at an endpoint is two: what was seen counts if the lock file was the same before and after, so that a
// process which ends, or connects anew, is not mixed up with the next one.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "ipc/description.h"
#include "ipc/overview.h"
#include "ipc/runtime_folder.h"

namespace opennvsci::ipc::overview {

/// What a process calls itself, in printable characters; empty if it cannot be seen.
[[nodiscard]] std::string program_of(pid_t process);

class Onlooker {
  public:
    /// Errors: ResourceError.
    [[nodiscard]] static Result<Onlooker> create(RuntimeFolder folder, AllowedUsers users);

    /// What is seen of the endpoint; its name stands there. Errors: ResourceError.
    [[nodiscard]] Result<EndpointView> look(const ChannelEnd& end) const;

    /// The channels of endpoints that other processes have open, as their owners describe them. Errors: ResourceError.
    [[nodiscard]] Result<std::vector<Channel>> described_channels() const;

  private:
    Onlooker(RuntimeFolder folder, AllowedUsers users, dev_t memory_device)
        : folder_(std::move(folder)), users_(std::move(users)), memory_device_(memory_device) {}

    /// A lock file at one moment.
    struct LockFile {
        enum class Hold { unknown, nobody, another, own } hold = Hold::unknown;
        pid_t owner = 0;   ///< 0 if it cannot be seen
        std::string text;  ///< of one that another process holds
        bool operator==(const LockFile&) const = default;
    };
    [[nodiscard]] Result<LockFile> look_at(const std::string& stem) const;
    [[nodiscard]] Result<LockFile> look_at_others(const std::string& stem) const;
    [[nodiscard]] std::optional<Waiting> waiting_at(pid_t owner, const Description& description) const;

    RuntimeFolder folder_;
    AllowedUsers users_;
    dev_t memory_device_;  // of the kernel's file system for memory files
};

}  // namespace opennvsci::ipc::overview
