// SPDX-License-Identifier: Apache-2.0
//
// Peers: what the processes that took part in a reconciliation may do with its synchronization objects, and which of
// them signals. A peer is the process at the other end of a link; what it relays for others counts as its own. Read
// from the report of a reconciled list, which names every participant, the way that its list came, and what it asked.
#pragma once

#include <cstdint>

#include "attr/list.h"
#include "nvscisync.h"

namespace opennvsci::sync {

struct PeerShare {
    bool needs_cpu_access;           ///< any list that came by the link asked for it
    NvSciSyncAccessPerm permission;  ///< all that these lists asked: WaitOnly, SignalOnly or WaitSignal
};

/// What the peer at the other end of the link `session` gets. Errors: BadParameter if no list of the reconciliation
/// came by it (nvscisync.md 7).
[[nodiscard]] Result<PeerShare> share_of(const attr::List& reconciled, std::uint64_t session);

/// Where the one participant with the signal permission is, as attr::Origin::path: 0 if its list is of this process,
/// the session of the link that it came by, or Origin::kElsewhere if it is behind the process that reconciled.
[[nodiscard]] std::uint64_t signaler_path(const attr::List& reconciled);

}  // namespace opennvsci::sync
