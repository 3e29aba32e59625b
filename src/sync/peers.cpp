// SPDX-License-Identifier: Apache-2.0
#include "sync/peers.h"

#include "sync/participants.h"

namespace opennvsci::sync {

Result<PeerShare> share_of(const attr::List& reconciled, std::uint64_t session) {
    PeerShare share{false, 0};
    if (const auto report = reconciled.report(); report != nullptr) {
        for (const Participant& participant : participants_of(*report)) {
            if (participant.origin->path != session) continue;
            share.needs_cpu_access = share.needs_cpu_access || participant.has_cpu;
            share.permission |= participant.permission;
        }
    }
    // Every participant asks for some permission: a list without one is not reconciled.
    if (share.permission != 0) return share;
    return attr::no_participant(NvSciError_BadParameter);
}

std::uint64_t signaler_path(const attr::List& reconciled) {
    if (const auto report = reconciled.report(); report != nullptr) {
        for (const Participant& participant : participants_of(*report)) {
            if (participant.signals()) return participant.origin->path;
        }
    }
    return attr::Origin::kElsewhere;
}

}  // namespace opennvsci::sync
