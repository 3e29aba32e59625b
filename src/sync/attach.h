// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "sync/object.h"

namespace opennvsci::sync {

/// Lets the processes whose unreconciled lists these are take part in an object that is there already: from now on the
/// object and its list can be exported to them. Errors: BadParameter if the object does not satisfy a list, cannot be
/// shared with another process, or would have two signalers.
[[nodiscard]] Result<> attach_peers(Object& object, std::span<const attr::List* const> lists);

}  // namespace opennvsci::sync
