// SPDX-License-Identifier: Apache-2.0
#include "ipc/kept_fd.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace opennvsci::ipc {
namespace {

// Below 1024, beyond which select() knows none and tables of programs end.
constexpr rlim_t kHighest = 960;

int high_number() noexcept {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    return static_cast<int>(std::min(kHighest, limit.rlim_cur / 4 * 3));
}

// Where no high number is free it stays where it is.
ProcessFd with_high_number(ProcessFd file) {
    ProcessFd moved = ProcessFd::make([&] { return ::fcntl(file.get(), F_DUPFD_CLOEXEC, high_number()); });
    return moved ? std::move(moved) : std::move(file);
}

}  // namespace

KeptFd::KeptFd(ProcessFd file) : file_(with_high_number(std::move(file))) {
    struct stat status {};
    if (::fstat(file_.get(), &status) != 0) return;
    device_ = status.st_dev;
    inode_ = status.st_ino;
}

KeptFd::~KeptFd() {
    if (!*this) (void)file_.release().release();
}

int KeptFd::get() const noexcept {
    const int kept = errno;
    struct stat status {};
    const int file = file_.get();
    const bool is_same =
        file >= 0 && ::fstat(file, &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
    errno = kept;
    return is_same ? file : -1;
}

}  // namespace opennvsci::ipc
