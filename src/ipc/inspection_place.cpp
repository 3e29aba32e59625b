// SPDX-License-Identifier: Apache-2.0
#include "ipc/inspection_place.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string_view>

#include "base/os.h"
#include "ipc/local_socket.h"
#include "ipc/random.h"

namespace opennvsci::ipc {
namespace {

// No endings of endpoints' files (ipc/process_rendezvous.cpp).
constexpr std::string_view kLockEnding = ".inspect-lock";
constexpr std::string_view kSocketEnding = ".inspect-sock";
constexpr std::size_t kStemDigits = 16;
constexpr std::size_t kMostEntries = 4 * InspectionPlace::kMostPlaces;  // of a folder, whatever lies there
constexpr int kMostNotLookedAt = 16;
constexpr int kMostTries = 8;  // somebody may take a lock file that is not locked yet for one of the dead

struct CloseFolder {
    void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

std::string lock_name(std::string_view stem) {
    return std::string(stem).append(kLockEnding);
}

std::string socket_name(std::string_view stem) {
    return std::string(stem).append(kSocketEnding);
}

bool is_stem(std::string_view text) noexcept {
    const auto is_digit = [](char letter) {
        return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
    };
    return text.size() == kStemDigits && std::ranges::all_of(text, is_digit);
}

// True if the lock is this open file's now.
bool take_lock(int file) noexcept {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return ::fcntl(file, F_OFD_SETLK, &lock) == 0;
}

bool is_own_file(int file) noexcept {
    struct stat status {};
    return ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == ::geteuid() &&
           status.st_nlink == 1;
}

void remove_both(int folder, std::string_view stem) noexcept {
    ::unlinkat(folder, socket_name(stem).c_str(), 0);
    ::unlinkat(folder, lock_name(stem).c_str(), 0);
}

// Whether somebody has the lock of a file in the folder; if nobody has, what belongs to it is removed.
bool is_held(const RuntimeFolder& folder, std::string_view stem) {
    constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    const auto file = ProcessFd::make([&] { return ::openat(folder.descriptor(), lock_name(stem).c_str(), kFlags); });
    if (!file || !is_own_file(file.get())) return false;
    if (!take_lock(file.get())) return errno == EAGAIN || errno == EACCES;
    remove_both(folder.descriptor(), stem);
    return false;
}

// A new lock file that is locked; none if another process took it for one of the dead.
Result<ProcessFd> make_lock(const RuntimeFolder& folder, std::string_view stem) {
    constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    const std::string name = lock_name(stem);
    auto file = ProcessFd::make([&] { return ::openat(folder.descriptor(), name.c_str(), kFlags, 0600); });
    if (!file) return os::os_error(fmt::format("open of {}/{}", folder.path(), name));
    if (take_lock(file.get()) && is_own_file(file.get())) return file;
    ::unlinkat(folder.descriptor(), name.c_str(), 0);
    return ProcessFd();
}

Result<ProcessFd> listen_under(const RuntimeFolder& folder, std::string_view stem) {
    OPENNVSCI_TRY_ASSIGN(socket, local_socket::create(SOCK_STREAM));
    ::fchmod(socket.get(), 0600);  // which the file gets
    OPENNVSCI_TRY(local_socket::bind(socket.get(), folder, socket_name(stem)));
    if (::listen(socket.get(), kMostNotLookedAt) != 0) return os::os_error("listen");
    return std::move(socket);
}

}  // namespace

Result<InspectionPlace> InspectionPlace::open() {
    OPENNVSCI_TRY_ASSIGN(users, AllowedUsers::load());
    OPENNVSCI_TRY_ASSIGN(folder, RuntimeFolder::open(users));
    InspectionPlace made;
    made.folder_ = folder.identity();
    for (int i = 0; i < kMostTries; ++i) {
        OPENNVSCI_TRY_ASSIGN(number, random_number());
        made.stem_ = fmt::format("{:016x}", number);
        OPENNVSCI_TRY_ASSIGN(lock, make_lock(folder, made.stem_));
        if (!lock) continue;
        made.lock_ = KeptFd(std::move(lock));
        auto listener = listen_under(folder, made.stem_);
        if (!listener) {
            remove_both(folder.descriptor(), made.stem_);
            return tl::make_unexpected(std::move(listener).error());
        }
        made.listener_ = KeptFd(*std::move(listener));
        return made;
    }
    return fail(NvSciError_ResourceError,
                fmt::format("another process removes what this one makes in the folder {}", folder.path()));
}

void InspectionPlace::remove_files() const noexcept {
    if (const UniqueFd folder = folder_.reopen(); folder) remove_both(folder.get(), stem_);
}

void InspectionPlace::close() noexcept {
    remove_files();
    listener_ = {};
    lock_ = {};
}

Result<std::vector<std::string>> InspectionPlace::find_all(const RuntimeFolder& folder, std::size_t most) {
    auto copy = UniqueFd(::openat(folder.descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!copy) return os::os_error("open of " + folder.path());
    const std::unique_ptr<DIR, CloseFolder> entries(::fdopendir(copy.get()));
    if (!entries) return os::os_error("fdopendir");
    static_cast<void>(copy.release());  // it is the stream's now
    std::vector<std::string> found;
    for (std::size_t count = 0; count < kMostEntries && found.size() < most; ++count) {
        const dirent* const entry = ::readdir(entries.get());
        if (entry == nullptr) break;
        const std::string_view name = entry->d_name;
        if (!name.ends_with(kLockEnding)) continue;
        const std::string stem(name.substr(0, name.size() - kLockEnding.size()));
        if (is_stem(stem) && is_held(folder, stem)) found.push_back(socket_name(stem));
    }
    return found;
}

}  // namespace opennvsci::ipc
