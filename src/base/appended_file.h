// SPDX-License-Identifier: Apache-2.0
//
// AppendedFile: a file that an environment variable names, to the end of which this and other processes write lines.
// A line is one write, so that lines stay whole; a line that was cut, by whomever, is ended before the next one begins.
// Only regular files are written to, since any other could keep the program waiting, and none grows beyond
// RLIMIT_FSIZE, which would end the process. A file that is made is its user's alone.
#pragma once

#include <limits.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "base/unique_fd.h"

namespace opennvsci {

enum class AppendProblem : std::uint8_t {
    none,
    path_too_long,
    no_folder,  ///< that a relative path could begin in
    not_opened,
    not_regular,
    size_limit,
    not_written,
    no_room,
    no_memory,
};

/// Why lines are not appended.
struct AppendFailure {
    AppendProblem problem = AppendProblem::none;
    int error = 0;  ///< errno, of those that have one

    [[nodiscard]] explicit operator bool() const noexcept { return problem != AppendProblem::none; }
    [[nodiscard]] const char* text() const noexcept;
};

struct OpenedFile {
    UniqueFd fd;
    AppendFailure failure;  ///< if there is no fd
};

/// Opens a file to append to, which is made if it is not there. The descriptor is readable too. At no moment it has the
/// number of a standard stream that is closed, where it would get what other threads print.
[[nodiscard]] OpenedFile open_to_append(const char* path) noexcept;

/// Appends a line, which ends with a newline. `status` is what fstat says about `fd` now. Thread-safe, without a lock.
[[nodiscard]] AppendFailure append_line(int fd, const struct stat& status, std::string_view line) noexcept;

/// The file is opened for each line and closed again: no descriptor is kept that a program, or a forked child, could
/// take for one of its own. One object for each variable, which lives as long as the process.
class AppendedFile {
  public:
    /// `consequence` is what a warning says beside the reason.
    constexpr AppendedFile(const char* variable, const char* consequence) noexcept
        : variable_(variable), consequence_(consequence) {}

    /// Once, when the library is loaded: before there are threads that change variables, and before the program changes
    /// its folder. For a program with rights that its user has not the variable does not count.
    void read_variable() noexcept;

    /// Whether there is a path to write to.
    [[nodiscard]] bool has_path() const noexcept { return is_wanted_ && !path_failure_; }

    /// Appends a line, which ends with a newline; or warns. Not for a thread that can be cancelled meanwhile.
    void append(std::string_view line) noexcept;

    /// Warns, once in a process for each problem.
    void tell_once(AppendFailure failure) noexcept;

    /// Warns if the variable has a value of which no path can be made.
    void tell_path_failure() noexcept {
        if (path_failure_) tell_once(path_failure_);
    }

  private:
    const char* variable_;
    const char* consequence_;
    std::array<char, PATH_MAX> path_{};  // absolute
    bool is_wanted_ = false;
    AppendFailure path_failure_;
    std::atomic<std::uint32_t> told_{0};  // a bit for each problem
};

}  // namespace opennvsci
