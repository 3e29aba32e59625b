// SPDX-License-Identifier: Apache-2.0
//
// Reconciliation of NvSciSync lists: who signals, who waits, which primitive, where its payload lives; and validation
// of a reconciled list against others.
#pragma once

#include "attr/negotiation.h"

namespace opennvsci::sync {

/// Merges the slots of unreconciled lists, at least one. There is a conflict list after ReconciliationFailed and
/// UnsupportedConfig.
[[nodiscard]] attr::Reconciliation reconcile(std::span<const attr::List* const> lists);

/// Checks that `reconciled` satisfies all slots of `lists`. Errors: `mismatch`, with the key that does not hold.
[[nodiscard]] Result<> validate(const attr::Slot& reconciled, std::span<const attr::List* const> lists,
                                NvSciError mismatch);

}  // namespace opennvsci::sync
