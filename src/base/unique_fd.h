// SPDX-License-Identifier: Apache-2.0
//
// UniqueFd owns one file descriptor and closes it. Every descriptor of the project lives in one from the line that
// created it.
#pragma once

#include <unistd.h>

#include <utility>

namespace opennvsci {

class UniqueFd {
  public:
    UniqueFd() = default;
    /// Takes ownership of `fd`; a negative number means "none".
    explicit UniqueFd(int fd) noexcept : fd_(fd) {}
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
        fd_ = fd;
    }

  private:
    int fd_ = -1;
};

}  // namespace opennvsci
