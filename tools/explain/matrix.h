// SPDX-License-Identifier: Apache-2.0
//
// The table participants × keys: who asks for what, what came of it, and which row decided.
#pragma once

#include <cstddef>
#include <string>

#include "opennvsci.h"

namespace opennvsci::tool {

struct MatrixLook {
    bool has_all;  ///< every participant has a column and every key a row; else as many as are needed and fit
    std::size_t width;
    bool has_colours;
};

[[nodiscard]] std::string matrix(const OpenNvSciReport& report, const MatrixLook& look);

}  // namespace opennvsci::tool
