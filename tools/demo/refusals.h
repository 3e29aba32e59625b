// SPDX-License-Identifier: Apache-2.0
//
// The proof that a read-only object is read-only: writes through it are tried, must fail, and must change nothing. Only
// copies and fills are tried, which a driver checks beforehand; a kernel's store would fault and cost the context.
#pragma once

#include <string>
#include <vector>

#include "nvsci.h"

namespace opennvsci::tool {

/// Tries to write through a read-only mapping, on the current context. Gives one line per attempt for people. Errors: a
/// write that was accepted, or that changed a byte.
[[nodiscard]] Result<std::vector<std::string>> expect_gpu_writes_refused(const Driver& driver,
                                                                         const MappedBuffer& mapping);

/// Asks a read-only object for a pointer for writing. Gives the library's words about the refusal.
[[nodiscard]] Result<std::string> expect_cpu_pointer_refused(const Object& read_only);

}  // namespace opennvsci::tool
