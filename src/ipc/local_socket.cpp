// SPDX-License-Identifier: Apache-2.0
#include "ipc/local_socket.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "base/os.h"

namespace opennvsci::ipc::local_socket {
namespace {

// By the descriptor of the folder; by its path where there is no /proc. Errors: ResourceError.
Result<sockaddr_un> address_of(const RuntimeFolder& folder, const std::string& name) {
    for (const std::string& path : {fmt::format("/proc/self/fd/{}", folder.descriptor()), folder.path()}) {
        struct stat status {};
        const std::string full = fmt::format("{}/{}", path, name);
        sockaddr_un address{};
        if (::stat(path.c_str(), &status) != 0 || full.size() >= sizeof(address.sun_path)) continue;
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, full.c_str(), full.size() + 1);
        return address;
    }
    return fail(NvSciError_ResourceError,
                fmt::format("the path of the folder {} is too long for a socket, and there is no /proc: name a shorter "
                            "one with OPENNVSCI_RUNTIME_DIR",
                            folder.path()));
}

const sockaddr* generic(const sockaddr_un& address) noexcept {
    return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

Result<ProcessFd> create(int type) {
    auto socket = ProcessFd::make([&] { return ::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); });
    if (!socket) return os::os_error("socket");
    return socket;
}

Result<> bind(int socket, const RuntimeFolder& folder, const std::string& name) {
    OPENNVSCI_TRY_ASSIGN(address, address_of(folder, name));
    if (::bind(socket, generic(address), sizeof(address)) != 0)
        return os::os_error(fmt::format("bind to {}/{}", folder.path(), name));
    return {};
}

Result<Reached> connect(int socket, const RuntimeFolder& folder, const std::string& name) {
    OPENNVSCI_TRY_ASSIGN(address, address_of(folder, name));
    if (::connect(socket, generic(address), sizeof(address)) == 0) return Reached::yes;
    if (errno == ENOENT || errno == ECONNREFUSED) return Reached::nobody;
    if (errno == EAGAIN) return Reached::not_now;
    return os::os_error(fmt::format("connect to {}/{}", folder.path(), name));
}

Result<Reached> connect_to_any(int socket, const RuntimeFolder& folder, const std::string& name) {
    OPENNVSCI_TRY_ASSIGN(address, address_of(folder, name));
    if (::connect(socket, generic(address), sizeof(address)) == 0) return Reached::yes;
    return errno == EAGAIN ? Reached::not_now : Reached::nobody;
}

std::optional<ucred> peer_of(int socket) noexcept {
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
    return credentials;
}

ProcessFd accept(int listener) {
    // Whoever blocks here keeps the process from forking. One that does is not what create() made, but the program's.
    const auto accept_now = [listener] {
        const int flags = ::fcntl(listener, F_GETFL);
        if (flags >= 0 && (flags & O_NONBLOCK) != 0)
            return ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        errno = EBADF;
        return -1;
    };
    for (;;) {
        auto socket = ProcessFd::make(accept_now);
        if (socket || (errno != EINTR && errno != ECONNABORTED)) return socket;
    }
}

}  // namespace opennvsci::ipc::local_socket
