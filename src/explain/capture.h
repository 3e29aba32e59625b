// SPDX-License-Identifier: Apache-2.0
//
// Capture: OPENNVSCI_CAPTURE=FILE writes every negotiation of the process to the end of FILE, one line of JSON each
// (docs/explain.md), so that several processes can share a file. The variable is read when the library is loaded.
#pragma once

#include "attr/negotiation.h"
#include "explain/explanation.h"

namespace opennvsci::explain {

/// A call of a public function that negotiated.
struct Call {
    const char* function;
    const char* code_name;  ///< of what it returns
    const void* library;    ///< an address in the library that has the function
};

/// Whether negotiations are captured.
[[nodiscard]] bool is_captured() noexcept;

/// Warns, once, if the variable has a value that no file can be named by. Called when a program begins to use one of
/// the libraries.
void tell_capture_failure() noexcept;

/// Writes a negotiation by a call on this thread, which came from outside of the libraries. What cannot be written is
/// left out, and the first time a warning says why, for each reason.
void capture(const Call& call, const Library& library, const attr::Reconciliation& negotiation) noexcept;

}  // namespace opennvsci::explain
