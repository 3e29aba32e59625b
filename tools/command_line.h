// SPDX-License-Identifier: Apache-2.0
//
// The command line of `opennvsci`. Exit codes: 0 success, 1 failure, 2 wrong usage; `run` gives the program's, or 127
// if it cannot be started.
#pragma once

namespace opennvsci::tool {

/// Runs the command that the words ask for, and gives the exit code. Throws std::bad_alloc.
[[nodiscard]] int run_command_line(int argc, char** argv);

/// Says why there is no result, and gives the exit code.
[[nodiscard]] int report_failure(const char* text);

}  // namespace opennvsci::tool
