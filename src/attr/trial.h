// SPDX-License-Identifier: Apache-2.0
//
// Trial: what becomes of a negotiation if the participants change what they ask. Everything is taken from its report,
// so the lists may be gone.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "attr/negotiation.h"

namespace opennvsci::attr {

/// What the floor with the table reconciles by.
using Reconcile = Reconciliation (*)(std::span<const List* const> lists);

/// What was asked in the negotiation of `report`, one list for each participant, with `changes`. Errors: BadParameter
/// for a change of a participant that is not there, or with a value that its key does not take.
[[nodiscard]] Result<std::vector<std::unique_ptr<List>>> changed_lists(const Schema& schema, const Report& report,
                                                                       std::span<const Change> changes);

enum class TrialState : std::uint8_t {
    not_tried,    ///< there is nothing to try
    needs_value,  ///< a person has to choose
    verified,     ///< it was reconciled again, and the key came out
    not_enough,   ///< it was tried, and something else is in the way
};

struct Trial {
    TrialState state = TrialState::not_tried;
    std::string then;  ///< verified: the value that the key has then, if it has one; not_enough: what is in the way
};

/// A way out, and what is known of it.
struct Advice {
    std::string words;
    std::vector<Change> changes;  ///< empty: a person has to choose
    Trial trial;
};

/// The ways out of the decision on the key at `key_index`, as they are, not tried.
[[nodiscard]] std::vector<Advice> untried_advice(const Schema& schema, const Report& report, std::size_t key_index);

/// The same, each tried, if this process has made the report: of others the words alone came along. One that is not
/// enough goes on with what the negotiation that it leads to suggests, for a few steps, and becomes the best of all
/// that helps. What helps comes first; of that what this process can change itself, then what changes less. What does
/// all that another one does which helps, and perhaps more, is left out. Costs some reconciliations.
[[nodiscard]] std::vector<Advice> try_advice(const Schema& schema, const Report& report, std::size_t key_index,
                                             Reconcile reconcile);

}  // namespace opennvsci::attr
