// SPDX-License-Identifier: Apache-2.0
//
// Peers: what the processes that took part in a reconciliation get of its buffers. A peer is the process at the other
// end of a link; what it relays for others counts as its own. Read from the report of a reconciled list, which names
// every participant, the way that its list came, and what it asked.
#pragma once

#include <cstdint>

#include "attr/list.h"
#include "memory/right.h"

namespace opennvsci::buf {

struct PeerShare {
    bool needs_cpu_access;  ///< any list that came by the link asked for it
    memory::Right right;    ///< the greatest RequiredPerm of these lists
};

/// What the peer at the other end of the link `session` gets. Errors: NotPermitted if no list of the reconciliation
/// came by it (the reverse-path rule, nvscibuf.md 7).
[[nodiscard]] Result<PeerShare> share_of(const attr::List& reconciled, std::uint64_t session);

/// True if a list of the reconciliation that came by a link asked for ReadWrite.
[[nodiscard]] bool any_peer_writes(const attr::List& reconciled);

}  // namespace opennvsci::buf
