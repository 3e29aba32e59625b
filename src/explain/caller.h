// SPDX-License-Identifier: Apache-2.0
//
// Who called the libraries, found on the stack.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace opennvsci::explain {

struct Caller {
    const void* address;    ///< behind the call
    std::string object;     ///< the file of the program or library that it is in
    std::uintptr_t offset;  ///< of the address, from where that file was loaded
};

/// The first frame of the calling thread's stack that is in none of this project's libraries.
[[nodiscard]] std::optional<Caller> find_caller();

}  // namespace opennvsci::explain
