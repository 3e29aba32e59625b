// SPDX-License-Identifier: Apache-2.0
//
// Sockets by which processes find each other in the runtime folder, by the name of a file in it. They are addressed by
// the descriptor of the folder, so that neither a long path nor a folder that was exchanged matters.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"
#include "ipc/descriptors.h"
#include "ipc/runtime_folder.h"

namespace opennvsci::ipc::local_socket {

/// A socket of SOCK_SEQPACKET or SOCK_STREAM, which never blocks. Errors: ResourceError.
[[nodiscard]] Result<ProcessFd> create(int type);

/// Gives it a name that nothing in the folder has. Errors: ResourceError.
[[nodiscard]] Result<> bind(int socket, const RuntimeFolder& folder, const std::string& name);

enum class Reached {
    yes,
    nobody,   ///< no process listens there
    not_now,  ///< more have connected than it has looked at
};
/// Connects it to the one of that name. Errors: ResourceError.
[[nodiscard]] Result<Reached> connect(int socket, const RuntimeFolder& folder, const std::string& name);

/// The same, where anything may lie under the name: what is no socket of this type is nobody. Errors: ResourceError if
/// the folder cannot be named.
[[nodiscard]] Result<Reached> connect_to_any(int socket, const RuntimeFolder& folder, const std::string& name);

/// Who is at the other end, as the kernel knows it; of a socket that has connected, who began to listen. The process is
/// 0 if it cannot be seen from here.
[[nodiscard]] std::optional<ucred> peer_of(int socket) noexcept;

/// The next one that has connected to a listening socket that never blocks; none if there is no other.
[[nodiscard]] ProcessFd accept(int listener);

}  // namespace opennvsci::ipc::local_socket
