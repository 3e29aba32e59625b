// SPDX-License-Identifier: Apache-2.0
//
// RuntimeFolder: the folder in which the endpoints of processes find each other, checked so that no other user can
// stand in it: OPENNVSCI_RUNTIME_DIR, else opennvsci in XDG_RUNTIME_DIR, else /tmp/opennvsci-UID. Two containers that
// share nothing but this folder can talk.
//
// Users that OPENNVSCI_IPC_ALLOWED_UIDS names, numbers with commas between, may own the folder and be at the other end;
// a folder that they share can be written by a group or everybody, and then it is the folder's rights that keep others
// out.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace opennvsci::ipc {

/// The users besides this process's own that are trusted to be at the other end of a channel.
class AllowedUsers {
  public:
    /// Errors: NotPermitted if the variable is not a list of numbers.
    [[nodiscard]] static Result<AllowedUsers> load();
    [[nodiscard]] bool allows(uid_t user) const noexcept;
    [[nodiscard]] bool has_others() const noexcept { return !others_.empty(); }

  private:
    std::vector<uid_t> others_;
};

class RuntimeFolder {
  public:
    /// Made if it is not there. Errors: NotPermitted if it belongs to somebody else or others can write to it,
    /// ResourceError.
    [[nodiscard]] static Result<RuntimeFolder> open(const AllowedUsers& users);
    /// The same, and nothing is made; none if it is not there.
    [[nodiscard]] static Result<std::optional<RuntimeFolder>> find(const AllowedUsers& users);
    /// Where both look.
    [[nodiscard]] static std::string usual_path();

    /// Which folder it was, for somebody who does not keep it open.
    struct Identity {
        std::string path;
        dev_t device = 0;
        ino_t number = 0;
        /// The same folder; none if another one, or nothing, is there now.
        [[nodiscard]] UniqueFd reopen() const noexcept;
    };
    [[nodiscard]] Identity identity() const;

    [[nodiscard]] int descriptor() const noexcept { return folder_.get(); }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

  private:
    [[nodiscard]] Result<> check(const AllowedUsers& users) const;

    UniqueFd folder_;
    std::string path_;
};

/// The name of the files of an endpoint, without what they end in: the endpoint's, with everything but letters, digits,
/// '-' and '_' as % and two digits; long ones shortened.
[[nodiscard]] std::string file_stem(const std::string& endpoint);

}  // namespace opennvsci::ipc
