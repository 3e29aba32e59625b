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

#include <string>
#include <vector>

#include "base/result.h"
#include "ipc/descriptors.h"
#include "ipc/runtime_folder.h"

namespace opennvsci::ipc {

class InspectionPlace {
  public:
    /// Makes one that listens. Errors: NotPermitted and ResourceError, also those of the folder.
    [[nodiscard]] static Result<InspectionPlace> open();

    [[nodiscard]] int listener() const noexcept { return listener_.get(); }

    /// Removes both files, as a process that ends can.
    void remove_files() const noexcept;

    /// The names of the sockets of all that are there, at most `most`; what the dead left is removed. Errors:
    /// ResourceError.
    [[nodiscard]] static Result<std::vector<std::string>> find_all(const RuntimeFolder& folder, std::size_t most);

  private:
    InspectionPlace() = default;

    RuntimeFolder::Identity folder_;
    std::string stem_;
    ProcessFd lock_;
    ProcessFd listener_;
};

}  // namespace opennvsci::ipc
