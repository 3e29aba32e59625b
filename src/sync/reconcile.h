// SPDX-License-Identifier: Apache-2.0
//
// Reconciliation of NvSciSync lists: who signals, who waits, which primitive, where its payload lives; and validation
// of a reconciled list against others.
#pragma once

#include <memory>
#include <span>

#include "attr/list.h"

namespace opennvsci::sync {

struct Reconciliation {
    /// The reconciled list with its report. Errors: those of NvSciSyncAttrListReconcile.
    Result<std::unique_ptr<attr::List>> list;
    /// After ReconciliationFailed or UnsupportedConfig: what could not be had, with the report. Otherwise null.
    std::unique_ptr<attr::List> conflict;
};

/// Merges the slots of unreconciled lists, at least one.
[[nodiscard]] Reconciliation reconcile(std::span<const attr::List* const> lists);

/// Checks that `reconciled` satisfies all slots of `lists`. Errors: BadParameter, with the key that does not hold.
[[nodiscard]] Result<> validate(const attr::Slot& reconciled, std::span<const attr::List* const> lists);

}  // namespace opennvsci::sync
