// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "buf/object.h"

namespace opennvsci::buf {

/// Lets the processes whose unreconciled lists these are take part in an object that is there already: from now on the
/// object and its list can be exported to them. Errors: BadParameter for a list without Types; ReconciliationFailed if
/// the object does not satisfy a list, or a writer comes too late.
[[nodiscard]] Result<> attach_peers(Object& object, std::span<const attr::List* const> lists);

}  // namespace opennvsci::buf
