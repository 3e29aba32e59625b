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

/// Does what the first find_caller() would make the dynamic linker do: call it before there are threads.
void prepare_to_find_callers() noexcept;

/// The first frame of the calling thread's stack that is neither in libopennvsci nor in the library that `library` is
/// an address in: the one that the program called. By where they are loaded, since a program's own may have such names.
[[nodiscard]] std::optional<Caller> find_caller(const void* library);

}  // namespace opennvsci::explain
