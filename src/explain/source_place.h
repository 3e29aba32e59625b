// SPDX-License-Identifier: Apache-2.0
//
// Where in a program's sources a call came from, as far as its debug information tells.
#pragma once

#include <optional>
#include <string>

namespace opennvsci::explain {

struct SourcePlace {
    std::string file;  ///< as the compiler was given it
    int line;
};

/// The place of the instruction at `address`. Reads the debug information of the program and its libraries at the first
/// call, and keeps it; so there is nothing for a library if one was unloaded since: it may be where that one was.
/// Without a reader in this build: nothing. Thread-safe, and in a forked child too: a fork waits for a look that is not
/// over, the first of which may take as long as reading all of that takes.
[[nodiscard]] std::optional<SourcePlace> source_place(const void* address);

}  // namespace opennvsci::explain
