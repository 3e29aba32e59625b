// SPDX-License-Identifier: Apache-2.0
//
// The answers of the processes of this user that agreed to be inspected (ipc/inspection_answerer.h), as bytes that
// nobody has looked at. Which process it is says the kernel. Whatever a process does, it costs who asks no more than
// the time and the memory that are told here.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"

namespace opennvsci::ipc::inspection {

/// For all together.
inline constexpr std::chrono::milliseconds kLongestWait{3000};
inline constexpr std::size_t kMostProcesses = 256;

enum class Outcome {
    answered,  ///< the process said all that it wanted
    silent,    ///< it did not in kLongestWait
    broken,    ///< it ended meanwhile, or sent more than an answer can have
};

struct Answer {
    pid_t process = 0;    ///< 0 if it cannot be seen from here, as in another container
    std::string program;  ///< as it calls itself, printable; empty if that cannot be seen
    Outcome outcome = Outcome::silent;
    std::string bytes;  ///< if it answered
};

/// Asks the process `only`, or all if that is 0, at most kMostProcesses, in the order of their numbers. None if there
/// is no folder. If `only` is not found, those that did not look at who connected are silent ones of number 0: it may
/// be one of them. Errors: NotPermitted if the folder cannot be used; ResourceError.
[[nodiscard]] Result<std::vector<Answer>> ask(pid_t only);

}  // namespace opennvsci::ipc::inspection
