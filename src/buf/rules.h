// SPDX-License-Identifier: Apache-2.0
//
// The merge and check rules that only NvSciBuf's table has.
#pragma once

#include "attr/key.h"

namespace opennvsci::buf::rule {

/// All lists name the same types, or the types are a pair that one buffer can be: {Image, Tensor} or {Image, Pyramid}.
extern const attr::MergeRule types;

/// The arrays with one element per tensor dimension are the same in their first NumDims elements; the rest means
/// nothing. NumDims stands before them in the table, so it is merged already.
extern const attr::MergeRule dimensions;
/// The first NumDims elements are the same, or none was asked.
extern const attr::CheckRule same_dimensions;
/// The first NumDims elements are not smaller than what was asked.
extern const attr::CheckRule at_least_dimensions;

/// ActualPerm of the reconciled list is at least RequiredPerm of the other, where unset counts as Readonly.
extern const attr::CheckRule granted_permission;

/// The Vulkan device for which the other list speaks, if it does, can import what the reconciled one states.
extern const attr::CheckRule importable_by_vulkan;

}  // namespace opennvsci::buf::rule
