// SPDX-License-Identifier: Apache-2.0
//
// What a test has of its processes. Meeting: a folder of the test's own, where its processes meet and nobody else's,
// with their configuration. Process: one running role. A process that the test does not wait for is killed.
#pragma once

#include <sys/types.h>

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"

namespace opennvsci::test {

inline constexpr unsigned kLongestRoleSeconds = 120;  // a sanitizer on a busy machine takes its time

/// A private OPENNVSCI_RUNTIME_DIR, and the channels ch_0/ch_1, up_0/up_1 and itc_0/itc_1; removed at the end.
class Meeting {
  public:
    Meeting();
    Meeting(const Meeting&) = delete;
    Meeting& operator=(const Meeting&) = delete;
    ~Meeting();
    [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
    /// The environment of its processes, NAME=VALUE.
    [[nodiscard]] std::vector<std::string> environment() const;
    /// The folder as a container sees it, which has it at another place.
    [[nodiscard]] std::vector<std::string> environment_at(const std::string& place) const;

  private:
    std::string folder_;
};

/// How a process ended, and what it wrote to its standard error and output.
struct Ending {
    int status = 0;  ///< as waitpid gives it
    std::string text;
    [[nodiscard]] bool is_good() const noexcept;
    [[nodiscard]] bool was_killed() const noexcept;  ///< by SIGKILL
};

/// How a process begins.
struct Beginning {
    std::string role;
    std::vector<std::string> arguments{};    ///< NAME=VALUE
    std::vector<std::string> environment{};  ///< NAME=VALUE, beside that of the test
    /// In namespaces of its own (user, mount, network, pid, IPC), with the folder `shared` at `place` and nothing else
    /// of that kind in common.
    std::string shared{};
    std::string place{};
};

class Process {
  public:
    Process() = default;
    explicit Process(const Beginning& beginning);
    Process(Process&& other) noexcept;
    Process& operator=(Process&& other) noexcept;
    ~Process();

    /// Waits for its end.
    [[nodiscard]] Ending end();
    void kill();
    /// For a role that calls be_traced(): kills it when it has entered or left system calls `n` times since. False if
    /// it ended before.
    [[nodiscard]] bool kill_at_system_call(long n);
    /// Blocks until it has written a line with `word`; false if it ended before.
    [[nodiscard]] bool says(const std::string& word);
    [[nodiscard]] pid_t id() const noexcept { return id_; }

  private:
    bool read_more();

    pid_t id_ = -1;
    std::optional<int> status_{};  // if it has ended
    UniqueFd output_;
    std::string text_;
};

/// Stops the calling process until its parent goes on with kill_at_system_call().
void be_traced();

/// True if a process may make namespaces as a container has them.
[[nodiscard]] bool can_make_containers();
/// How processes that use the device of these tests go on: false, and why, if there is none.
[[nodiscard]] bool has_device(std::string& why_not);

}  // namespace opennvsci::test
