// SPDX-License-Identifier: Apache-2.0
//
// The environment variables that the libraries and the software device read.
#pragma once

#include <span>

namespace opennvsci::tool {

struct Variable {
    const char* name;
    const char* default_value;
    const char* meaning;
};

[[nodiscard]] std::span<const Variable> variables();

}  // namespace opennvsci::tool
