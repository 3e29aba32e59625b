// SPDX-License-Identifier: Apache-2.0
//
// NvSciSync's lists between two processes: what arrives, and which roles and rights each process has.
#include "buf_test.h"
#include "exchange.h"
#include "exchange_channel.h"
#include "sync/keys.h"
#include "sync/list_exchange.h"
#include "sync/peers.h"

namespace opennvsci::test {
namespace {

constexpr NvSciSyncAccessPerm kWait = NvSciSyncAccessPerm_WaitOnly;
constexpr NvSciSyncAccessPerm kSignal = NvSciSyncAccessPerm_SignalOnly;
constexpr NvSciSyncAccessPerm kBoth = NvSciSyncAccessPerm_WaitSignal;

// Side 0 reconciles, with module_; side 1 is the peer.
class SyncListExchangeTest : protected ExchangeFixture, public LeakCheckedTest {
  protected:
    [[nodiscard]] SyncList imported(const std::vector<NvSciSyncAttrList>& lists) const {
        return taken<NvSciSyncAttrList>(module_, sent(lists, channel_[1]), channel_[0]);
    }
    [[nodiscard]] SyncList at_peer(NvSciSyncAttrList result) const {
        return taken_result<NvSciSyncAttrList>(peer_module_, sent_result(result, channel_[0]), channel_[1]);
    }
    static SyncList reconciled(const std::vector<NvSciSyncAttrList>& lists) {
        Reconciliation<SyncList> outcome = reconcile(lists);
        EXPECT_EQ(outcome.code, kSuccess) << opennvsciGetLastErrorText();
        return std::move(outcome.reconciled);
    }
    static std::shared_ptr<attr::List> inside(NvSciSyncAttrList list) {
        return (*api::sync_lists().acquire(api::number(list)))->list;
    }
    static bool flag(NvSciSyncAttrList list, std::uint32_t key) {
        return inside(list)->reconciled().required<bool>(key);
    }
    static NvSciSyncAccessPerm number(NvSciSyncAttrList list, NvSciSyncAttrKey key) {
        return get<NvSciSyncAccessPerm>(list, key).at(0);
    }

    SyncModule module_ = open_sync_module();
    SyncModule peer_module_ = open_sync_module();
};

TEST_F(SyncListExchangeTest, AListOfTheCpuGetsItsPrimitivesWhenItIsSent) {
    const SyncList list = cpu_list(peer_module_, kWait);
    const SyncList arrived = imported({list});
    EXPECT_TRUE(get<std::uint32_t>(list, NvSciSyncAttrKey_PrimitiveInfo).empty());
    EXPECT_EQ(get<std::uint32_t>(arrived, NvSciSyncAttrKey_PrimitiveInfo), (std::vector<std::uint32_t>{1, 2, 4}));
    EXPECT_EQ(number(arrived, NvSciSyncAttrKey_RequiredPerm), kWait);
    EXPECT_EQ(set(arrived, NvSciSyncAttrKey_RequireDeterministicFences, true), kBadParameter) << "it can only be read";

    const SyncList gpu = create_list(peer_module_);
    ASSERT_EQ(set(gpu, NvSciSyncAttrKey_RequiredPerm, kWait), kSuccess);
    EXPECT_TRUE(get<std::uint32_t>(imported({gpu}), NvSciSyncAttrKey_PrimitiveInfo).empty());
}

TEST_F(SyncListExchangeTest, ValuesAreCheckedWhenTheyAreSent) {
    const SyncList list = create_list(peer_module_);
    ASSERT_EQ(set(list, NvSciSyncAttrKey_RequiredPerm, NvSciSyncAccessPerm{NvSciSyncAccessPerm_Auto}), kSuccess);
    sent<NvSciSyncAttrList>({list}, channel_[1], kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "RequiredPerm: Auto is not legal"));
}

// A waiter in the other process: the usual case.
TEST_F(SyncListExchangeTest, AWaiterOfAnotherProcessMayWaitThere) {
    const SyncList result = reconciled({cpu_list(module_, kSignal), imported({cpu_list(peer_module_, kWait)})});
    EXPECT_EQ(number(result, NvSciSyncAttrKey_ActualPerm), kBoth) << "this process owns the primitive";
    EXPECT_EQ(number(result, NvSciSyncAttrKey_RequiredPerm), kSignal);
    EXPECT_TRUE(flag(result, sync::kCpuSignaler));
    EXPECT_FALSE(flag(result, sync::kStreamWaiter));
    EXPECT_EQ(sync::signaler_path(*inside(result)), 0U);

    const SyncList theirs = at_peer(result);
    EXPECT_EQ(number(theirs, NvSciSyncAttrKey_ActualPerm), kWait);
    EXPECT_EQ(number(theirs, NvSciSyncAttrKey_RequiredPerm), kWait);
    EXPECT_TRUE(flag(theirs, NvSciSyncAttrKey_NeedCpuAccess));
    EXPECT_FALSE(flag(theirs, sync::kCpuSignaler));
    EXPECT_EQ(sync::signaler_path(*inside(theirs)), attr::Origin::kElsewhere);
    const auto share = sync::share_of(*inside(result), channel_.session());
    ASSERT_TRUE(share);
    EXPECT_EQ(share->permission, kWait);
    EXPECT_TRUE(share->needs_cpu_access);
}

TEST_F(SyncListExchangeTest, ASignalerOfAnotherProcessIsKnownAsThat) {
    for (const bool cpu : {true, false}) {
        const SyncList signaler = cpu ? cpu_list(peer_module_, kSignal) : gpu_list(peer_module_, 1);
        const SyncList result = reconciled({imported({signaler}), gpu_list(module_, 2)});
        EXPECT_FALSE(flag(result, sync::kCpuSignaler));
        EXPECT_FALSE(flag(result, sync::kStreamSignaler));
        EXPECT_TRUE(flag(result, sync::kStreamWaiter));
        EXPECT_FALSE(flag(result, NvSciSyncAttrKey_NeedCpuAccess));
        EXPECT_EQ(sync::signaler_path(*inside(result)), channel_.session());
        EXPECT_EQ(inside(result)->reconciled().scalar<memory::Domain>(sync::kPayloadDomain), memory::Domain::system);

        const SyncList theirs = at_peer(result);
        EXPECT_EQ(flag(theirs, sync::kCpuSignaler), cpu);
        EXPECT_EQ(flag(theirs, sync::kStreamSignaler), !cpu);
        EXPECT_FALSE(flag(theirs, sync::kStreamWaiter));
        EXPECT_EQ(flag(theirs, NvSciSyncAttrKey_NeedCpuAccess), cpu);
        EXPECT_EQ(number(theirs, NvSciSyncAttrKey_ActualPerm), kSignal);
        EXPECT_EQ(sync::signaler_path(*inside(theirs)), 0U);
    }
}

TEST_F(SyncListExchangeTest, AResultInWhichVulkanSignalsWithoutTheRightOrBesideOthersIsRefused) {
    const auto expect_refused = [&](NvSciSyncAccessPerm own, NvSciSyncAccessPerm peers, const char* why) {
        const SyncList result = reconciled({cpu_list(module_, own), imported({cpu_list(peer_module_, peers)})});
        attr::Slot lie = inside(at_peer(result))->reconciled();
        EXPECT_TRUE(sync::check_result(lie));
        lie.put_scalar(sync::kVulkanSignaler, true);
        const auto checked = sync::check_result(lie);
        ASSERT_FALSE(checked);
        EXPECT_EQ(checked.error().code, kBadParameter);
        EXPECT_TRUE(contains(checked.error().text, why));
    };
    expect_refused(kSignal, kWait, "no right to signal");
    expect_refused(kWait, kSignal, "one signaler");
}

TEST_F(SyncListExchangeTest, AProcessMayReconcileForOthersAlone) {
    const Channel second("itc_other");
    const SyncModule third_module = open_sync_module();
    const SyncList signaler = imported({cpu_list(peer_module_, kSignal)});
    const SyncList waiter = taken<NvSciSyncAttrList>(
        module_, sent<NvSciSyncAttrList>({cpu_list(third_module, kWait)}, second[1]), second[0]);
    const SyncList result = reconciled({signaler, waiter});
    EXPECT_FALSE(flag(result, NvSciSyncAttrKey_NeedCpuAccess));
    EXPECT_EQ(number(at_peer(result), NvSciSyncAttrKey_ActualPerm), kSignal);
    const SyncList third =
        taken_result<NvSciSyncAttrList>(third_module, sent_result<NvSciSyncAttrList>(result, second[0]), second[1]);
    EXPECT_EQ(number(third, NvSciSyncAttrKey_ActualPerm), kWait);
}

TEST_F(SyncListExchangeTest, AResultGoesOnlyWhereItsListsCameFrom) {
    Channel other("itc_other");
    const SyncList result = reconciled({cpu_list(module_, kSignal), imported({cpu_list(peer_module_, kWait)})});
    sent_result<NvSciSyncAttrList>(result, other[0], kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "no list of this reconciliation came from the peer"));
    sent_result<NvSciSyncAttrList>(at_peer(result), channel_[1], kBadParameter);
    other.open_again(1);
    sent_result<NvSciSyncAttrList>(result, other[0], kBadParameter);
}

TEST_F(SyncListExchangeTest, AnImporterSaysWhatItExpects) {
    const SyncList own = cpu_list(peer_module_, kWait);
    const SyncList result = reconciled({cpu_list(module_, kSignal), imported({own})});
    const BlobBytes blob = sent_result<NvSciSyncAttrList>(result, channel_[0]);
    taken_result<NvSciSyncAttrList>(peer_module_, blob, channel_[1], {own});
    const SyncList signaler = cpu_list(peer_module_, kSignal);
    taken_result<NvSciSyncAttrList>(peer_module_, blob, channel_[1], {signaler}, kAttrListValidationFailed);
    taken_result<NvSciSyncAttrList>(peer_module_, blob, channel_[1], {own, own}, kBadParameter);
    const BlobBytes lists = sent<NvSciSyncAttrList>({cpu_list(module_, kWait)}, channel_[0]);
    taken_result<NvSciSyncAttrList>(peer_module_, lists, channel_[1], {}, kAttrListValidationFailed);
}

TEST_F(SyncListExchangeTest, ValidatingAsksForCpuAccessForOwnListsOnly) {
    const SyncList theirs = imported({cpu_list(peer_module_, kWait)});
    const SyncList own = gpu_list(module_, 1);
    const SyncList result = reconciled({own, theirs});
    const NvSciSyncAttrList lists[] = {own, theirs};
    bool is_valid = false;
    EXPECT_EQ(NvSciSyncAttrListValidateReconciled(result, lists, 2, &is_valid), kSuccess)
        << opennvsciGetLastErrorText();
    EXPECT_TRUE(is_valid);
}

TEST_F(SyncListExchangeTest, RefusalsNameThePeer) {
    const SyncList theirs = cpu_list(peer_module_, kSignal);
    ASSERT_EQ(opennvsciSyncAttrListSetName(theirs, "camera"), kSuccess);
    const auto outcome = reconcile({cpu_list(module_, kSignal), imported({theirs})});
    EXPECT_EQ(outcome.code, kReconciliationFailed);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "2 lists signal (list 1, camera at peer itc_test_1)"));
}

}  // namespace
}  // namespace opennvsci::test
