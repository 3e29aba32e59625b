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
    report.for_each_ask(schema().index_of(*schema().find(number)), [&](std::uint32_t participant, attr::Bytes value) {
        take(report.participants()[participant].origin, value);
    });
}

// True if a list asks to write whose origin counts.
template <class Counts>
bool writes(const attr::Report& report, Counts&& counts) {
    bool any = false;
    for_each_ask(report, NvSciBufGeneralAttrKey_RequiredPerm, [&](const attr::Origin& origin, attr::Bytes value) {
        any = any || (counts(origin) && load<std::uint32_t>(value.data()) == NvSciBufAccessPerm_ReadWrite);
    });
    return any;
}

}  // namespace

Result<PeerShare> share_of(const attr::List& reconciled, std::uint64_t session) {
    const auto report = reconciled.report();
    const auto is_peers = [&](const attr::Origin& origin) { return origin.is_behind_link() && origin.path == session; };
    if (report == nullptr || std::ranges::none_of(report->participants(), is_peers, &attr::Participant::origin)) {
        return attr::no_participant(NvSciError_NotPermitted);
    }
    PeerShare share{false, writes(*report, is_peers) ? memory::Right::read_write : memory::Right::read_only};
    for_each_ask(*report, NvSciBufGeneralAttrKey_NeedCpuAccess, [&](const attr::Origin& origin, attr::Bytes value) {
        share.needs_cpu_access = share.needs_cpu_access || (is_peers(origin) && load<bool>(value.data()));
    });
    return share;
}

bool any_peer_writes(const attr::List& reconciled) {
    const auto report = reconciled.report();
    return report != nullptr && writes(*report, [](const attr::Origin& origin) { return origin.is_behind_link(); });
}

}  // namespace opennvsci::buf
