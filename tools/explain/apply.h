// SPDX-License-Identifier: Apache-2.0
//
// Follows the suggestions of a report: changes what the participants ask, and makes the negotiation again.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "explain/negotiation_file.h"
#include "explain/rerun.h"

namespace opennvsci::tool {

struct Followed {
    Negotiation negotiation;           ///< with what the participants ask now
    Rerun rerun;                       ///< of it
    std::vector<std::string> changes;  ///< what was changed, in words; empty: nothing could be
    std::size_t steps_taken_back = 0;  ///< if so many were followed without an end; else 0
};

/// Follows suggestions until the negotiation reconciles, and then those that grant what was denied. A suggestion that
/// is not enough is followed as a step to the next one, and is taken back, with all after it, if they end in a refusal.
/// As many are followed as there are asks, at most 1024.
/// Errors: those of Rerun::of().
[[nodiscard]] Result<Followed> follow_suggestions(const Negotiation& negotiation);

}  // namespace opennvsci::tool
