// SPDX-License-Identifier: Apache-2.0
//
// The one rule that decided a key.
#pragma once

#include <string>

#include "explain/negotiation_file.h"
#include "opennvsci.h"

namespace opennvsci::tool {

/// The key of this negotiation that `name` says: its name, or its part after AttrKey_ if only one key that takes part
/// has it, or else only one of all. Errors: none, with the nearest name; several.
[[nodiscard]] Result<const OpenNvSciKey*> key_of(const Negotiation& negotiation, const OpenNvSciReport& report,
                                                 const std::string& name);

/// Who asks what, the rule, what came out, why, what it follows from, and what would avoid it.
[[nodiscard]] std::string why_text(const OpenNvSciReport& report, const OpenNvSciKey& key);

}  // namespace opennvsci::tool
