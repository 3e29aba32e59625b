// SPDX-License-Identifier: Apache-2.0
//
// Explains why a key could not be merged: which participants contradict each other, and who would have to give way.
#pragma once

#include <span>
#include <string>

#include "attr/report.h"

namespace opennvsci::attr {

struct ConflictText {
    std::string reason;
    Suggestion suggestion;  ///< following it makes the key merge
};

/// The text for `asks`, which the key's rule does not merge given what is `merged` already. Costs a merge for every
/// pair of participants.
[[nodiscard]] ConflictText explain_conflict(const Slot& merged, const Key& key, std::span<const Ask> asks,
                                            std::span<const Participant> participants);

}  // namespace opennvsci::attr
