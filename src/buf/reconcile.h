// SPDX-License-Identifier: Apache-2.0
//
// Reconciliation of NvSciBuf lists, and validation of a reconciled list against others.
#pragma once

#include <memory>
#include <span>

#include "attr/list.h"

namespace opennvsci::buf {

struct Reconciliation {
    /// The reconciled list with its report. Errors: those of NvSciBufAttrListReconcile.
    Result<std::unique_ptr<attr::List>> list;
    /// After ReconciliationFailed: what could not be merged, with the report. Otherwise null.
    std::unique_ptr<attr::List> conflict;
};

/// Merges the slots of unreconciled lists, at least one.
[[nodiscard]] Reconciliation reconcile(std::span<const attr::List* const> lists);

/// Checks that `reconciled` satisfies `slot`. Errors: `mismatch`, with the key that does not hold.
[[nodiscard]] Result<> validate(const attr::Slot& reconciled, const attr::Slot& slot, NvSciError mismatch);

}  // namespace opennvsci::buf
