// SPDX-License-Identifier: Apache-2.0
#include "sync/attach.h"

#include <fmt/format.h>

#include "attr/negotiation.h"
#include "sync/keys.h"
#include "sync/participants.h"
#include "sync/reconcile.h"

namespace opennvsci::sync {
namespace {

// What a list of another process needs beyond the rules of the keys.
Result<> check_peer(const attr::Slot& reconciled, const Participant& peer, const std::string& name) {
    if (peer.permission == 0) {
        return fail(NvSciError_BadParameter,
                    fmt::format("{}: {} does not set it", schema().find(NvSciSyncAttrKey_RequiredPerm)->name, name));
    }
    if (peer.signals()) {
        return fail(NvSciError_BadParameter, {"permission", "SignalOnly or WaitSignal", "WaitOnly"},
                    fmt::format("{}: {} asks to signal, and the object has its signaler. To avoid it: attach lists "
                                "with WaitOnly",
                                schema().find(NvSciSyncAttrKey_RequiredPerm)->name, name));
    }
    if (reconciled.scalar<memory::Domain>(kPayloadDomain) != memory::Domain::system) {
        return fail(NvSciError_BadParameter, {"NvSciSyncAttrKey_PeerLocationInfo", "unset", "set"},
                    fmt::format("{} cannot wait: the object was reconciled for this process alone, and no other one "
                                "sees its payload. To avoid it: set NvSciSyncAttrKey_PeerLocationInfo in one of the "
                                "lists, which says that a peer will come",
                                name));
    }
    return {};
}

}  // namespace

Result<> attach_peers(Object& object, std::span<const attr::List* const> lists) {
    const attr::Slot& reconciled = object.list()->reconciled();
    // Lists of this process are only checked.
    OPENNVSCI_TRY(validate(reconciled, lists, NvSciError_BadParameter));
    attr::Report late;
    for (const attr::List* list : lists)
        list->report_to(late, 0);
    const auto participants = participants_of(late);
    for (std::size_t i = 0; i < participants.size(); ++i) {
        if (participants[i].origin->is_this_process()) continue;
        OPENNVSCI_TRY(check_peer(reconciled, participants[i], late.participants()[i].text()));
    }
    object.list()->add_participants(lists);
    return {};
}

}  // namespace opennvsci::sync
