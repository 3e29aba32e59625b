// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "explain/explanation.h"

namespace opennvsci::explain {

/// How much a text says.
enum class Detail {
    brief,  ///< what did not come out as asked; of equal asks three names
    all,    ///< every key, every name
};

/// An explanation as text of several lines, for people. The first line says in numbers how it ended, the last ones what
/// to change.
[[nodiscard]] std::string text_of(const Explanation& explanation, Detail detail);

}  // namespace opennvsci::explain
