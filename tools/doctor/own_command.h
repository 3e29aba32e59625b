// SPDX-License-Identifier: Apache-2.0
//
// This command, started once more, for what may hang, crash or print: the driver's cuInit, above all.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "output.h"

namespace opennvsci::tool {

struct CommandOutcome {
    std::string output;   ///< stdout
    std::string errors;   ///< stderr
    int exit_code = -1;   ///< -1: it did not end by itself
    std::string failure;  ///< why it did not start, or how it ended; empty if it has an exit code

    /// What it printed, if that is JSON.
    [[nodiscard]] std::optional<Json> json() const;
    /// What it said went wrong, without the name of the command.
    [[nodiscard]] std::string reason() const;
    /// What the libraries printed first as an error, which says more than what followed from it; else reason().
    [[nodiscard]] std::string first_reason() const;
};

/// Runs it with these variables ("NAME=VALUE") besides those of the environment. It is ended when the time is up.
[[nodiscard]] CommandOutcome run_own_command(const std::vector<std::string>& arguments,
                                             const std::vector<std::string>& variables,
                                             std::chrono::milliseconds longest);

}  // namespace opennvsci::tool
