// SPDX-License-Identifier: Apache-2.0
//
// Capture: OPENNVSCI_CAPTURE=FILE writes every negotiation of the process to the end of FILE, one line of JSON each
// (docs/explain.md), so that several processes can share a file. The variable is read when the library is loaded. The
// file is opened for each line and closed again: no descriptor is kept that a program, or a forked child, could take
// for one of its own. Nothing else is written to than a regular file.
#pragma once

#include "base/result.h"
#include "explain/explanation.h"

namespace opennvsci::explain {

/// Whether negotiations are captured.
[[nodiscard]] bool is_captured() noexcept;

/// Writes a negotiation by the public function `function`, which was called from outside of the libraries on this
/// thread. `failure` is null if it succeeded; else `code_name` is the name of its code. What cannot be written is left
/// out, and the first time a warning says why.
void capture(const char* function, const Explanation& explanation, const Error* failure,
             const char* code_name) noexcept;

}  // namespace opennvsci::explain
