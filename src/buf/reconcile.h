// SPDX-License-Identifier: Apache-2.0
//
// Reconciliation of NvSciBuf lists: which keys take part, what they merge to, and what follows from them.
#pragma once

#include "attr/negotiation.h"

namespace opennvsci::buf {

/// Merges the slots of unreconciled lists, at least one. There is a conflict list after ReconciliationFailed.
[[nodiscard]] attr::Reconciliation reconcile(std::span<const attr::List* const> lists);

}  // namespace opennvsci::buf
