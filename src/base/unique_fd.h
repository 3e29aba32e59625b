// SPDX-License-Identifier: Apache-2.0
//
// UniqueFd owns one file descriptor and closes it. Every descriptor of the project lives in one from the line that
// created it.
//
// None has a number of the standard streams: in a process that was started without stderr, what is printed there would
// go into a buffer.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace opennvsci {

class UniqueFd {
  public:
    UniqueFd() = default;
    /// Takes ownership of `fd`; a negative number means "none". If there is no other number for that of a standard
    /// stream, nothing is owned, and errno is EMFILE.
    explicit UniqueFd(int fd) noexcept : fd_(beyond_standard_streams(fd)) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        reset(other.release());
        return *this;
    }
    ~UniqueFd() { reset(); }

    /// The descriptor, still owned by this object; negative if there is none.
    [[nodiscard]] int get() const noexcept { return fd_; }
    [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }

    /// Gives the descriptor away; the caller closes it.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

    void reset(int fd = -1) noexcept {
        if (fd_ >= 0) ::close(fd_);
        fd_ = beyond_standard_streams(fd);
    }

  private:
    static int beyond_standard_streams(int fd) noexcept {
        if (fd < 0 || fd > STDERR_FILENO) [[likely]]
            return fd;
        const int moved = ::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        ::close(fd);
        if (moved < 0) errno = EMFILE;  // EINVAL is another word for it
        return moved;
    }

    int fd_ = -1;
};

}  // namespace opennvsci
