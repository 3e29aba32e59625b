// SPDX-License-Identifier: Apache-2.0
//
// The rendezvous of INTER_PROCESS: for each endpoint a lock file and a listening socket in the runtime folder.
//
// Who has the record lock of the lock file owns the endpoint. It is a lock of the process: it ends with it, and a
// forked child does not have it. It would also end if the process closed any other descriptor of the same file, so
// nothing in the project opens a lock file that this process may have: the table of open names is asked before.
//
// A channel has a third file, whose lock is held while one of its ends is opened: own socket first, then the look for
// the other one. So of two ends that are opened at the same time the second finds the first, and not both or neither.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/file_size_limit.h"
#include "base/os.h"
#include "ipc/local_socket.h"
#include "ipc/open_names.h"
#include "ipc/rendezvous.h"
#include "ipc/runtime_folder.h"

namespace opennvsci::ipc {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// An endpoint that is opened anew while the survivor does not look waits here; 64 generations are a loop of crashes.
constexpr int kBacklog = 64;
// The lock of a channel is held for some system calls; longer is a process that was stopped in them.
constexpr milliseconds kLongestChannelWait{2000};

// Opens, or makes, a lock file, for all users that may be at the other end.
Result<ProcessFd> open_lock_file(const RuntimeFolder& folder, const AllowedUsers& users, const std::string& name) {
    auto file = ProcessFd::make([&] {
        return ::openat(folder.descriptor(), name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
                        users.has_others() ? 0666 : 0600);
    });
    if (!file) return os::os_error(fmt::format("open of {}/{}", folder.path(), name));
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return os::os_error("fstat");
    if (!S_ISREG(status.st_mode) || !users.allows(status.st_uid)) {
        return fail(NvSciError_NotPermitted,
                    fmt::format("{}/{} is no lock file of user {}: remove it", folder.path(), name, ::geteuid()));
    }
    if (users.has_others() && status.st_uid == ::geteuid() && (status.st_mode & 0666) != 0666)
        ::fchmod(file.get(), 0666);  // what the umask took away
    return file;
}

// Takes the record lock. Errors: Busy.
Result<> own(int lock_file, const ChannelEnd& end) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(lock_file, F_SETLK, &lock) == 0) return {};
    if (errno != EAGAIN && errno != EACCES) return os::os_error("fcntl(F_SETLK)");
    const bool is_known = ::fcntl(lock_file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0;
    return fail(NvSciError_Busy,
                fmt::format("endpoint {} is open already, in {}", end.name(),
                            is_known ? fmt::format("process {}", lock.l_pid) : std::string("another process")));
}

// Holds the lock of the channel until the descriptor is closed. Errors: Busy.
Result<> hold_channel(int lock_file, const ChannelEnd& end) {
    const auto deadline = steady_clock::now() + kLongestChannelWait;
    for (milliseconds pause{1};; pause = std::min(pause * 2, milliseconds{50})) {
        struct flock lock {};
        lock.l_type = F_WRLCK;
        lock.l_whence = SEEK_SET;
        if (::fcntl(lock_file, F_OFD_SETLK, &lock) == 0) return {};
        if (errno != EAGAIN && errno != EACCES && errno != EINTR) return os::os_error("fcntl(F_OFD_SETLK)");
        if (steady_clock::now() >= deadline) {
            return fail(NvSciError_Busy,
                        fmt::format("endpoint {} cannot be opened: a process that is opening the other end of its "
                                    "channel stands still",
                                    end.name()));
        }
        std::this_thread::sleep_for(pause);
    }
}

// Makes the listening socket, in place of one that a dead owner left.
Result<ProcessFd> listen_at(const RuntimeFolder& folder, const AllowedUsers& users, const std::string& name) {
    if (::unlinkat(folder.descriptor(), name.c_str(), 0) != 0 && errno != ENOENT)
        return os::os_error(fmt::format("unlink of {}/{}", folder.path(), name));
    OPENNVSCI_TRY_ASSIGN(socket, local_socket::create(SOCK_SEQPACKET));
    OPENNVSCI_TRY(local_socket::bind(socket.get(), folder, name));
    if (users.has_others() && ::fchmodat(folder.descriptor(), name.c_str(), 0666, 0) != 0)
        return os::os_error(fmt::format("chmod of {}/{}", folder.path(), name));
    if (::listen(socket.get(), kBacklog) != 0) return os::os_error("listen");
    return std::move(socket);
}

// A socket to the other end, if that is open.
Result<ProcessFd> connect_to(const RuntimeFolder& folder, const AllowedUsers& users, const std::string& name,
                             const std::string& peer) {
    OPENNVSCI_TRY_ASSIGN(socket, local_socket::create(SOCK_SEQPACKET));
    OPENNVSCI_TRY_ASSIGN(reached, local_socket::connect(socket.get(), folder, name));
    if (reached == local_socket::Reached::nobody) return ProcessFd();
    if (reached == local_socket::Reached::not_now) {
        return fail(
            NvSciError_ResourceError,
            fmt::format("peer {} is open and has not looked at {} connections that came before", peer, kBacklog));
    }
    const auto owner = local_socket::peer_of(socket.get());
    if (!owner || !users.allows(owner->uid)) {
        return fail(NvSciError_NotPermitted,
                    fmt::format("endpoint {} is open in a process of user {}: OPENNVSCI_IPC_ALLOWED_UIDS does not name "
                                "that one",
                                peer, owner ? static_cast<long>(owner->uid) : -1L));
    }
    return std::move(socket);
}

class ProcessRendezvous final : public Rendezvous {
  public:
    ProcessRendezvous(OpenName open_name, const ChannelEnd& end, AllowedUsers users, ProcessFd lock)
        : open_name_(std::move(open_name)),
          end_(end),
          socket_name_(file_stem(end.name()) + ".sock"),
          users_(std::move(users)),
          lock_(std::move(lock)) {}

    ~ProcessRendezvous() override {
        // A socket that stays behind says nothing; removing it is tidier.
        if (listener_) {
            if (const UniqueFd folder = folder_.reopen(); folder) ::unlinkat(folder.get(), socket_name_.c_str(), 0);
        }
        listener_.reset();
        describe({});
        lock_.reset();  // before the name, which other threads of this process look at first
    }

    [[nodiscard]] Result<> meet(const RuntimeFolder& folder, const ChannelEnd& end, ProcessFd& found) {
        // Ends with this function, whoever made the file.
        OPENNVSCI_TRY_ASSIGN(channel, open_lock_file(folder, users_, file_stem(end.channel.names[0]) + ".channel"));
        OPENNVSCI_TRY(hold_channel(channel.get(), end));
        OPENNVSCI_TRY_ASSIGN(listener, listen_at(folder, users_, socket_name_));
        listener_ = std::move(listener);
        folder_ = folder.identity();
        OPENNVSCI_TRY_ASSIGN(socket, connect_to(folder, users_, file_stem(end.peer_name()) + ".sock", end.peer_name()));
        found = std::move(socket);
        return {};
    }

    [[nodiscard]] ProcessFd accept() override {
        for (;;) {
            auto socket = local_socket::accept(listener_.get());
            if (!socket) return {};
            const auto peer = local_socket::peer_of(socket.get());
            if (peer && users_.allows(peer->uid)) return socket;
        }
    }

    [[nodiscard]] bool is_visited() const noexcept override {
        pollfd asked{listener_.get(), POLLIN, 0};
        return ::poll(&asked, 1, 0) == 1;
    }
    [[nodiscard]] int descriptor() const noexcept override { return listener_.get(); }

    void describe(const Activity& activity) noexcept override {
        if (file_size_limit() < Description::kBytes) return;  // the kernel would end the process
        const auto text = Description::write(end_, activity);
        [[maybe_unused]] const auto put = ::pwrite(lock_.get(), text.data(), text.size(), 0);
    }

  private:
    const OpenName open_name_;
    const ChannelEnd end_;
    const std::string socket_name_;
    const AllowedUsers users_;
    RuntimeFolder::Identity folder_;
    ProcessFd lock_;
    ProcessFd listener_;
};

}  // namespace

Result<std::unique_ptr<Rendezvous>> open_between_processes(const ChannelEnd& end, ProcessFd& found) {
    std::shared_ptr<Mailbox> none;
    OPENNVSCI_TRY_ASSIGN(name, OpenName::claim(end.name(), end.peer_name(), nullptr, none));
    OPENNVSCI_TRY_ASSIGN(users, AllowedUsers::load());
    OPENNVSCI_TRY_ASSIGN(folder, RuntimeFolder::open(users));
    OPENNVSCI_TRY_ASSIGN(lock, open_lock_file(folder, users, file_stem(end.name()) + ".lock"));
    OPENNVSCI_TRY(own(lock.get(), end));
    auto made = std::make_unique<ProcessRendezvous>(std::move(name), end, users, std::move(lock));
    OPENNVSCI_TRY(made->meet(folder, end, found));
    return made;
}

}  // namespace opennvsci::ipc
