// SPDX-License-Identifier: Apache-2.0
//
// The one rule that decided a key.
#pragma once

#include <string>

#include "explain/negotiation_file.h"
#include "opennvsci.h"

namespace opennvsci::tool {

/// A key of a negotiation. One that no program sees, as MemoryDomain, has only the decision.
struct KeyInQuestion {
    const char* name;
    const OpenNvSciDecision* decision;  ///< null: nothing was decided about it
    const OpenNvSciKey* key;            ///< null: no program sees it
};

/// The key of this negotiation that `name` says, in letters of any size: its name, or its part after AttrKey_ if only
/// one key that takes part has it, or else only one of all. Errors: none, with the nearest name; several.
[[nodiscard]] Result<KeyInQuestion> key_of(const Negotiation& negotiation, const OpenNvSciReport& report,
                                           const std::string& name);

/// Who asks what, the rule, what came out, why, what it follows from, and what would avoid it. Of those that ask the
/// same, three are named unless `has_all`.
[[nodiscard]] std::string why_text(const OpenNvSciReport& report, const KeyInQuestion& key, bool has_all);

}  // namespace opennvsci::tool
