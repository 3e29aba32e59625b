// SPDX-License-Identifier: Apache-2.0
//
// What is NvSciBuf's own of the exchange of lists (attr/wire.h): how its lists travel, and what a peer sees of a result
// (buf/peers.h says what it gets). What is believed of a result that comes is in buf/buffer_type.h.
#pragma once

#include "attr/wire.h"

namespace opennvsci::buf {

[[nodiscard]] const attr::wire::Library& wire_library() noexcept;

/// A reconciled list as the process at the other end of the link `session` is to see it. Errors: NotPermitted if none
/// of its lists took part.
[[nodiscard]] Result<attr::wire::View> view_for_peer(const attr::List& reconciled, std::uint64_t session);

}  // namespace opennvsci::buf
