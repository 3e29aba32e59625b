// SPDX-License-Identifier: Apache-2.0
//
// The general rules that tables refer to. Rules that need more than one key belong to the floor that
// owns the table.
#pragma once

#include "attr/key.h"

namespace opennvsci::attr::merge {

extern const MergeRule equal;       ///< all values that are set are identical
extern const MergeRule maximum;     ///< the greatest value; arrays element by element
extern const MergeRule logical_or;  ///< true if any is true
extern const MergeRule set_union;   ///< every distinct element, in order of first appearance, up to the capacity

}  // namespace opennvsci::attr::merge

namespace opennvsci::attr::check {

extern const CheckRule equal;           ///< the reconciled slot has the key; equal to what was asked, if anything was
extern const CheckRule equal_if_asked;  ///< equal to what was asked, if anything was
extern const CheckRule at_least;        ///< the reconciled slot has the key; not smaller than what was asked
extern const CheckRule superset;        ///< every element that was asked for is there
extern const CheckRule implies;         ///< if true was asked, it is true
extern const CheckRule implies_for_own_lists;  ///< the same, for lists of the result's own process

}  // namespace opennvsci::attr::check

namespace opennvsci::attr::legal {

extern const Legal any;      ///< every value
extern const Legal boolean;  ///< 0 or 1 in a byte

}  // namespace opennvsci::attr::legal
