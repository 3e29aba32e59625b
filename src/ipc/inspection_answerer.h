// SPDX-License-Identifier: Apache-2.0
//
// InspectionAnswerer: the one thread of a process that agreed to be inspected. It sleeps until somebody connects to the
// process's place, lets a document be made, and sends it. Whoever connects can harm nobody: other users are sent away,
// few are served at once, none for long, and documents are made 20 times a second at most, and of those that take long,
// so few that they take a twentieth of the time. The document is made before anything is sent, so nothing of the
// program's waits for who reads.
//
// It lives as long as the process, or until the program closes the descriptors of the place (ipc/kept_fd.h). A forked
// child does not answer for its parent; it answers for itself when it begins.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "base/result.h"

namespace opennvsci::ipc::inspection {

/// No answer is longer, and whoever reads believes no longer one.
inline constexpr std::size_t kMostAnswerBytes = std::size_t{8} << 20;
/// No answer takes longer, from the connection to its end.
inline constexpr std::chrono::milliseconds kLongestAnswer{2000};

/// Makes an answer of at most kMostAnswerBytes, a line with its end: so who reads knows whether it is whole. Called on
/// the thread; may throw std::bad_alloc.
using MakeAnswer = std::string (*)();

/// Begins to answer, unless this process does so already. Errors: those of InspectionPlace::open; ResourceError if
/// there can be no thread. The next call tries again.
[[nodiscard]] Result<> begin_to_answer(MakeAnswer make);

}  // namespace opennvsci::ipc::inspection
