// SPDX-License-Identifier: Apache-2.0
//
// Where the interposer (src/interpose) cannot do its work, programs hear of it when they begin to use NvSci, and not
// from a CUDA_ERROR_NOT_SUPPORTED that explains nothing. The interposer is a library that may be absent, so it makes
// itself known here.
#pragma once

namespace opennvsci::api {

/// What keeps the program's CUDA calls from the interposer and what would help, as text, empty if nothing is known to;
/// null as long as the process has no CUDA driver, for then nothing is lost yet. `is_certain` is false if it depends on
/// a library between the program and us whether calls fail. Thread-safe.
using InterposerFinding = const char*(bool* is_certain);

/// Makes the interposer known. Called once, when it is loaded.
void register_interposer(InterposerFinding* finding) noexcept;

/// Prints the interposer's finding, once per process: a warning, or a notice if it is not certain. Programs that use
/// nvscicuda.h alone silence it with OPENNVSCI_INTERPOSE=0.
void report_interposer() noexcept;

}  // namespace opennvsci::api
