// SPDX-License-Identifier: Apache-2.0
#include "buf/peers.h"

#include <algorithm>

#include "base/unaligned.h"
#include "buf/keys.h"

namespace opennvsci::buf {
namespace {

/// Calls `take(origin, value)` for what each participant asks for a key.
template <class Take>
void for_each_ask(const attr::Report& report, std::uint32_t number, Take&& take) {
    std::vector<attr::Ask> asks;
    report.asks(schema().index_of(*schema().find(number)), asks);
    for (const attr::Ask& ask : asks)
        take(report.participants()[ask.participant].origin, ask.value);
}

// True if a list asks to write that came by the link `session`, or, for 0, by any link.
bool writes(const attr::Report& report, std::uint64_t session) {
    bool any = false;
    for_each_ask(report, NvSciBufGeneralAttrKey_RequiredPerm, [&](const attr::Origin& origin, attr::Bytes value) {
        const bool counts = session == 0 ? origin.is_behind_link() : origin.path == session;
        any = any || (counts && load<std::uint32_t>(value.data()) == NvSciBufAccessPerm_ReadWrite);
    });
    return any;
}

bool takes_part(const attr::Report& report, std::uint64_t session) {
    return std::ranges::any_of(report.participants(), [&](const attr::Participant& participant) {
        return session == 0 ? participant.origin.is_behind_link() : participant.origin.path == session;
    });
}

}  // namespace

Result<PeerShare> share_of(const attr::List& reconciled, std::uint64_t session) {
    const auto report = reconciled.report();
    if (report == nullptr || session == 0 || !takes_part(*report, session)) {
        return fail(NvSciError_NotPermitted,
                    "no list of this reconciliation came from the peer of this endpoint, as it is open now: import "
                    "one of its lists and reconcile with it, or attach it to the object");
    }
    PeerShare share{false, writes(*report, session) ? memory::Right::read_write : memory::Right::read_only};
    for_each_ask(*report, NvSciBufGeneralAttrKey_NeedCpuAccess, [&](const attr::Origin& origin, attr::Bytes value) {
        share.needs_cpu_access = share.needs_cpu_access || (origin.path == session && load<bool>(value.data()));
    });
    return share;
}

bool has_peers(const attr::List& reconciled) {
    const auto report = reconciled.report();
    return report != nullptr && takes_part(*report, 0);
}

bool any_peer_writes(const attr::List& reconciled) {
    const auto report = reconciled.report();
    return report != nullptr && writes(*report, 0);
}

}  // namespace opennvsci::buf
