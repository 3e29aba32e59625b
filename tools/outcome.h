// SPDX-License-Identifier: Apache-2.0
//
// What became of a key, in the words of tables.
#pragma once

#include <string>
#include <string_view>

#include "opennvsci.h"

namespace opennvsci::tool {

/// "as asked", "denied".
[[nodiscard]] const char* outcome_text(OpenNvSciOutcome outcome);

/// The text with every UUID "GPU-00112233-4455-…" cut to "GPU-00112233…".
[[nodiscard]] std::string shorten_uuids(std::string_view text);

}  // namespace opennvsci::tool
