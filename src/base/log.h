// SPDX-License-Identifier: Apache-2.0
//
// Messages to stderr, one line each. The level comes from OPENNVSCI_LOG (none, error, warning, notice, info or debug),
// as it is when the library is loaded; without it errors, warnings and notices are printed. A notice tells the user a
// fact that must not pass silently, such as a refused call or a fall-back to the software device.
//
// Nothing is printed in a process that had no stderr when the library was loaded: by now its number may be that of a
// file of the program. A reader of stderr that has gone ends no process.
#pragma once

#include <string_view>

namespace opennvsci::log {

enum class Level { error, warning, notice, info, debug };

/// True if messages of this level are printed. Callers that build a text ask this first.
[[nodiscard]] bool enabled(Level level) noexcept;

/// Prints "opennvsci: LEVEL: text" as one write. Thread-safe, without a lock; keeps errno.
void write(Level level, std::string_view text) noexcept;

/// The same for what a program can cause as often as it likes: of each level ten lines a second, and the same text once
/// in it; none where stderr is a pipe that is full, for which the program would have to wait. How many were left out is
/// told with the next one. With OPENNVSCI_LOG=debug all are printed.
void write_bounded(Level level, std::string_view text) noexcept;

/// Tells at `warning`, once, that OPENNVSCI_LOG has a value that is not known. Called when a program begins to use one
/// of the libraries, or the software device.
void tell_unknown_level() noexcept;

/// Whether the process had a stderr when the library was loaded.
[[nodiscard]] bool had_stderr() noexcept;

/// For the software device, which has a log of its own and may be loaded late: the library that loaded it knows better
/// whether there was a stderr, and tells an unknown level itself.
void follow(bool had_stderr) noexcept;

}  // namespace opennvsci::log
