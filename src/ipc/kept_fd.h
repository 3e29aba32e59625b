// SPDX-License-Identifier: Apache-2.0
//
// KeptFd: a ProcessFd of a thread of the library's own, of which the program knows nothing. A program may close all
// descriptors, as daemons do, and what it opens then gets their numbers. So it has a high number, which is given away
// last, and each use asks first whether the file is still the same one; what is another is neither used nor closed.
// Between the question and the use stays a moment.
#pragma once

#include <sys/types.h>

#include <utility>

#include "ipc/descriptors.h"

namespace opennvsci::ipc {

class KeptFd {
  public:
    KeptFd() = default;
    explicit KeptFd(ProcessFd file);
    KeptFd(KeptFd&& other) noexcept { *this = std::move(other); }
    KeptFd& operator=(KeptFd&& other) noexcept {
        std::swap(file_, other.file_);
        std::swap(device_, other.device_);
        std::swap(inode_, other.inode_);
        return *this;
    }
    ~KeptFd();

    /// The descriptor, still owned by this object; negative if there is none, if the program has closed it, and in a
    /// forked child.
    [[nodiscard]] int get() const noexcept;
    [[nodiscard]] explicit operator bool() const noexcept { return get() >= 0; }

  private:
    ProcessFd file_;
    dev_t device_ = 0;  // which file it is
    ino_t inode_ = 0;
};

}  // namespace opennvsci::ipc
