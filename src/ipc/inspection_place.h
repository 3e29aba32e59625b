// SPDX-License-Identifier: Apache-2.0
//
// InspectionPlace: where a process that agreed to be inspected is found by those who look: in the runtime folder, a
// lock file and a listening socket, under a random name that is never used again. Who has the lock is there; so what a
// dead process left is known by its lock, which nobody has, and is removed by whoever comes next: under the lock, the
// socket first. The lock belongs to the open file and not to the process, so a process may look at itself.
//
// A forked child has neither of its parent's (ipc/descriptors.h). Both are for the same user alone, also in a folder
// that users share.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "ipc/kept_fd.h"
#include "ipc/runtime_folder.h"

namespace opennvsci::ipc {

class InspectionPlace {
  public:
    /// So many are looked for, whatever is in the folder.
    static constexpr std::size_t kMostPlaces = 4096;

    /// Makes one that listens. Errors: NotPermitted and ResourceError, also those of the folder.
    [[nodiscard]] static Result<InspectionPlace> open();

    /// The listening socket, which never blocks; negative if the program has closed it.
    [[nodiscard]] int listener() const noexcept { return listener_.get(); }
    /// Whether it can be found and asked; it cannot once the program has closed one of its descriptors.
    [[nodiscard]] bool is_open() const noexcept { return lock_ && listener_; }
    /// Gives its descriptors and files back.
    void close() noexcept;

    /// Removes both files, as a process that ends can.
    void remove_files() const noexcept;

    /// The names of the sockets of all that are there, at most `most`; what the dead left is removed. Errors:
    /// ResourceError.
    [[nodiscard]] static Result<std::vector<std::string>> find_all(const RuntimeFolder& folder, std::size_t most);

  private:
    InspectionPlace() = default;

    RuntimeFolder::Identity folder_;
    std::string stem_;
    KeptFd lock_;
    KeptFd listener_;
};

}  // namespace opennvsci::ipc
