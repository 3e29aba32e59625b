// SPDX-License-Identifier: Apache-2.0
//
// The merge and check rules that only NvSciBuf's table has.
#pragma once

#include "attr/key.h"

namespace opennvsci::buf::rule {

/// All lists name the same types, or the types are a pair that one buffer can be: {Image, Tensor} or {Image, Pyramid}.
extern const attr::MergeRule types;

/// ActualPerm of the reconciled list is at least RequiredPerm of the other, where unset counts as Readonly.
extern const attr::CheckRule granted_permission;

}  // namespace opennvsci::buf::rule
