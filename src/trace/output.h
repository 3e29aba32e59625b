// SPDX-License-Identifier: Apache-2.0
//
// Output: the file that OPENNVSCI_TRACE names when the library is loaded: a JSON array of events, one a line, that
// stays unterminated, as the trace event format allows. Processes append to one file, each line by one write, so the
// file is whole at any moment. It is never waited for: what is no regular file is refused.
//
// A trace has many lines, so its descriptor is kept, unlike that of base/appended_file.h. A program may close it with
// all others, and then use its number for a file of its own: each write asks first whether it is still the trace. A
// trace that cannot go on ends, with one warning.
#pragma once

#include <atomic>
#include <string_view>

namespace opennvsci::trace {

namespace detail {

extern constinit std::atomic<bool> g_is_on;

}  // namespace detail

/// Whether calls are to be traced. This is all that a call costs when they are not.
[[nodiscard]] inline bool is_on() noexcept {
    return detail::g_is_on.load(std::memory_order_relaxed);
}

/// Whether there is a file to write to: not in a process that is watched by NVTX alone.
[[nodiscard]] bool has_file() noexcept;

/// Appends a line, which ends with a newline. Thread-safe, without a lock.
void append(std::string_view line) noexcept;

/// Tells at `warning`, once, why the file that was asked for is not written. Called when a program begins to use one of
/// the libraries.
void tell_failure() noexcept;

}  // namespace opennvsci::trace
