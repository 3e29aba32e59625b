// SPDX-License-Identifier: Apache-2.0
//
// The laws of lists that travel: it makes no difference to a result where its participants are, except to the values
// that belong to each process, which follow from that process's own participants.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "exchange.h"
#include "exchange_channel.h"
#include "model.h"
#include "sync_model.h"

namespace opennvsci::test {
namespace {

// One for all cases, never closed: opening a channel takes longer than a case.
const Channel& channel() {
    struct Shared {
        IpcSetUp set_up;
        Channel opened;
    };
    static const Shared* const shared = new Shared;
    return shared->opened;
}

/// Some participants, of which those that `is_remote` says are in another process, behind the channel.
template <class Handle, class Module, class AnyWishes>
class Split {
  public:
    using Owner = typename ListExchange<Handle>::List;

    Split(Module module, Module peer_module, const std::vector<AnyWishes>& all, const std::vector<bool>& is_remote)
        : module_(std::move(module)), peer_module_(std::move(peer_module)) {
        for (std::size_t i = 0; i < all.size(); ++i) {
            (is_remote[i] ? theirs_ : own_).push_back(make_list(is_remote[i] ? peer_module_ : module_, all[i]));
            (is_remote[i] ? their_wishes : own_wishes).push_back(all[i]);
        }
        const std::vector<Handle> sent_lists(theirs_.begin(), theirs_.end());
        void* blob = nullptr;
        std::size_t size = 0;
        code =
            ListExchange<Handle>::export_unreconciled(sent_lists.data(), sent_lists.size(), channel()[1], &blob, &size);
        if (code != kSuccess) return;
        Owner arrived;
        RC_ASSERT(ListExchange<Handle>::import_unreconciled(module_, channel()[0], blob, size, arrived.out()) ==
                  kSuccess);
        ListExchange<Handle>::free(blob);
        std::vector<Handle> all_lists(own_.begin(), own_.end());
        all_lists.push_back(arrived);
        auto reconciliation = reconcile(all_lists);
        code = reconciliation.code;
        if (code != kSuccess) return;
        result = std::move(reconciliation.reconciled);
        RC_ASSERT(ListExchange<Handle>::export_reconciled(result, channel()[0], &blob, &size) == kSuccess);
        RC_ASSERT(size <= 24576U);
        // It satisfies the lists of the peer there.
        const NvSciError imported = ListExchange<Handle>::import_reconciled(
            peer_module_, channel()[1], blob, size, sent_lists.data(), sent_lists.size(), at_peer.out());
        if (imported != kSuccess) RC_FAIL(std::string(opennvsciGetLastErrorText()));
        ListExchange<Handle>::free(blob);
    }

    NvSciError code{};
    Owner result;   // of the process that reconciled
    Owner at_peer;  // of the other one
    std::vector<AnyWishes> own_wishes;
    std::vector<AnyWishes> their_wishes;

  private:
    Module module_;
    Module peer_module_;
    std::vector<Owner> own_;
    std::vector<Owner> theirs_;
};

/// At least one is remote.
std::vector<bool> pick_sides(std::size_t count) {
    auto sides = *rc::gen::container<std::vector<bool>>(count, rc::gen::arbitrary<bool>());
    sides[*rc::gen::inRange<std::size_t>(0, count)] = true;
    return sides;
}

RC_GTEST_PROP(Exchange, ABufferIsTheSameWhereverItsParticipantsAre, ()) {
    const auto wishes = *rc::gen::oneOf(participants(modest_wishes()), participants(any_wishes()));
    const Module local = open_module();
    std::vector<List> lists;
    for (const Wishes& one : wishes)
        lists.push_back(make_list(local, one));
    const auto together = reconcile(std::vector<NvSciBufAttrList>(lists.begin(), lists.end()));
    const Split<NvSciBufAttrList, Module, Wishes> apart(open_module(), open_module(), wishes,
                                                        pick_sides(wishes.size()));
    RC_ASSERT(apart.code == together.code);
    RC_CLASSIFY(apart.code == kSuccess, "succeeds");
    if (apart.code != kSuccess) return;
    Outcome here = read_outcome(together.reconciled);
    here.cpu = std::ranges::any_of(apart.own_wishes, [](const Wishes& one) { return one.cpu.value_or(false); });
    RC_ASSERT(read_outcome(apart.result) == here);
    Outcome there = here;
    there.cpu = std::ranges::any_of(apart.their_wishes, [](const Wishes& one) { return one.cpu.value_or(false); });
    there.permission = NvSciBufAccessPerm_Readonly;
    for (const Wishes& one : apart.their_wishes)
        there.permission = std::max(there.permission, one.permission.value_or(NvSciBufAccessPerm_Readonly));
    RC_ASSERT(read_outcome(apart.at_peer) == there);
}

RC_GTEST_PROP(Exchange, ASynchronizationObjectIsTheSameWhereverItsParticipantsAre, ()) {
    const auto wishes = *rc::gen::oneOf(any_sync_participants(), fitting_sync_participants());
    const SyncModule local = open_sync_module();
    std::vector<SyncList> lists;
    for (const SyncWishes& one : wishes)
        lists.push_back(make_list(local, one));
    const auto together = reconcile(std::vector<NvSciSyncAttrList>(lists.begin(), lists.end()));
    const Split<NvSciSyncAttrList, SyncModule, SyncWishes> apart(open_sync_module(), open_sync_module(), wishes,
                                                                 pick_sides(wishes.size()));
    RC_ASSERT(apart.code == together.code);
    RC_CLASSIFY(apart.code == kSuccess, "succeeds");
    if (apart.code != kSuccess) return;
    const auto needs_cpu = [](const SyncWishes& one) { return one.has_cpu(); };
    const auto permissions = [](const std::vector<SyncWishes>& all) {
        NvSciSyncAccessPerm permission = 0;
        for (const SyncWishes& one : all)
            permission |= *one.permission;
        return permission;
    };
    SyncContent here = read_sync_content(together.reconciled);
    here.cpu = std::ranges::any_of(apart.own_wishes, needs_cpu);
    if (!apart.own_wishes.empty()) here.required_permission = permissions(apart.own_wishes);
    RC_ASSERT(read_sync_content(apart.result) == here);
    SyncContent there = here;
    there.cpu = std::ranges::any_of(apart.their_wishes, needs_cpu);
    there.required_permission = there.actual_permission = permissions(apart.their_wishes);
    RC_ASSERT(read_sync_content(apart.at_peer) == there);
}

}  // namespace
}  // namespace opennvsci::test
