// SPDX-License-Identifier: Apache-2.0
//
// A process in the middle: it collects the lists of its leaves, sends them on with its own, and passes the result down
// again. Each process gets what it and those behind it asked.
#include "buf/peers.h"
#include "buf_test.h"
#include "exchange.h"
#include "exchange_channel.h"
#include "sync/keys.h"
#include "sync/peers.h"

namespace opennvsci::test {
namespace {

// The reconciler is side 0 of the upper channel and the middle process its side 1; it is side 0 of the lower channels,
// whose sides 1 are the leaves.
class RelayChannels {
  private:
    IpcSetUp set_up_;

  protected:
    Channel upper_{"itc_upper"};
    Channel first_{"itc_first"};
    Channel second_{"itc_second"};
};
class RelayTest : protected RelayChannels, public BufTest {};

bool cpu_access(NvSciBufAttrList list) {
    return get_flags(list, NvSciBufGeneralAttrKey_NeedCpuAccess).at(0);
}
NvSciBufAttrValAccessPerm permission(NvSciBufAttrList list) {
    return get<NvSciBufAttrValAccessPerm>(list, NvSciBufGeneralAttrKey_ActualPerm).at(0);
}

TEST_F(RelayTest, ABufferListGoesThroughAProcessInTheMiddle) {
    const Module middle = open_module();
    const Module leaf_one = open_module();
    const Module leaf_two = open_module();
    const List writer = raw_list(leaf_one, 4096);
    ASSERT_EQ(set(writer, NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_ReadWrite), kSuccess);
    ASSERT_EQ(opennvsciBufAttrListSetName(writer, "camera"), kSuccess);
    const List reader = raw_list(leaf_two, 4096);
    ASSERT_EQ(set(reader, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);

    // Up.
    const List from_one = taken<NvSciBufAttrList>(middle, sent<NvSciBufAttrList>({writer}, first_[1]), first_[0]);
    const List from_two = taken<NvSciBufAttrList>(middle, sent<NvSciBufAttrList>({reader}, second_[1]), second_[0]);
    const List own = raw_list(middle, 4096);
    const List all =
        taken<NvSciBufAttrList>(module_, sent<NvSciBufAttrList>({own, from_one, from_two}, upper_[1]), upper_[0]);
    ASSERT_EQ(NvSciBufAttrListGetSlotCount(all), 3U);
    const List result = reconciled({gpu_list(), all});
    EXPECT_FALSE(cpu_access(result));

    // Down: the middle has what both leaves asked, and each leaf what it asked itself.
    const List at_middle = taken_result<NvSciBufAttrList>(middle, sent_result<NvSciBufAttrList>(result, upper_[0]),
                                                          upper_[1], {own, from_one, from_two});
    EXPECT_TRUE(cpu_access(at_middle));
    EXPECT_EQ(permission(at_middle), NvSciBufAccessPerm_ReadWrite);
    const List at_one = taken_result<NvSciBufAttrList>(leaf_one, sent_result<NvSciBufAttrList>(at_middle, first_[0]),
                                                       first_[1], {writer});
    EXPECT_FALSE(cpu_access(at_one));
    EXPECT_EQ(permission(at_one), NvSciBufAccessPerm_ReadWrite);
    const List at_two = taken_result<NvSciBufAttrList>(leaf_two, sent_result<NvSciBufAttrList>(at_middle, second_[0]),
                                                       second_[1], {reader});
    EXPECT_TRUE(cpu_access(at_two));
    EXPECT_EQ(permission(at_two), NvSciBufAccessPerm_Readonly);
    // Not up again, and not sideways.
    sent_result<NvSciBufAttrList>(at_middle, upper_[1], kNotPermitted);
    sent_result<NvSciBufAttrList>(at_one, first_[1], kNotPermitted);
    sent_result<NvSciBufAttrList>(result, first_[0], kNotPermitted);
}

TEST_F(RelayTest, ARefusalNamesTheProcessThatPassedTheListOn) {
    const Module middle = open_module();
    const Module leaf = open_module();
    const List camera = raw_list(leaf, 8192);
    ASSERT_EQ(opennvsciBufAttrListSetName(camera, "camera"), kSuccess);
    const List from_leaf = taken<NvSciBufAttrList>(middle, sent<NvSciBufAttrList>({camera}, first_[1]), first_[0]);
    const List all = taken<NvSciBufAttrList>(
        module_, sent<NvSciBufAttrList>({raw_list(middle, 4096), from_leaf}, upper_[1]), upper_[0]);
    EXPECT_EQ(reconcile({all}).code, kReconciliationFailed);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "camera at peer itc_upper_1 asks 8192"));
}

TEST_F(RelayTest, ASyncListGoesThroughAProcessInTheMiddle) {
    const SyncModule top = open_sync_module();
    const SyncModule middle = open_sync_module();
    const SyncModule leaf = open_sync_module();
    const auto inside = [](NvSciSyncAttrList list) { return (*api::sync_lists().acquire(api::number(list)))->list; };
    const SyncList signaler = test::cpu_list(leaf, NvSciSyncAccessPerm_SignalOnly);
    const SyncList waiter = test::cpu_list(middle, NvSciSyncAccessPerm_WaitOnly);
    const SyncList from_leaf =
        taken<NvSciSyncAttrList>(middle, sent<NvSciSyncAttrList>({signaler}, first_[1]), first_[0]);
    const SyncList all =
        taken<NvSciSyncAttrList>(top, sent<NvSciSyncAttrList>({waiter, from_leaf}, upper_[1]), upper_[0]);
    const auto outcome = reconcile({test::gpu_list(top, 2), all});
    ASSERT_EQ(outcome.code, kSuccess) << opennvsciGetLastErrorText();
    EXPECT_EQ(sync::signaler_path(*inside(outcome.reconciled)), upper_.session());

    const SyncList at_middle = taken_result<NvSciSyncAttrList>(
        middle, sent_result<NvSciSyncAttrList>(outcome.reconciled, upper_[0]), upper_[1], {waiter, from_leaf});
    EXPECT_EQ(get<NvSciSyncAccessPerm>(at_middle, NvSciSyncAttrKey_ActualPerm).at(0), NvSciSyncAccessPerm_WaitSignal);
    EXPECT_FALSE(inside(at_middle)->reconciled().required<bool>(sync::kCpuSignaler)) << "its leaf signals, not it";
    EXPECT_EQ(sync::signaler_path(*inside(at_middle)), first_.session());

    const SyncList at_leaf = taken_result<NvSciSyncAttrList>(leaf, sent_result<NvSciSyncAttrList>(at_middle, first_[0]),
                                                             first_[1], {signaler});
    EXPECT_EQ(get<NvSciSyncAccessPerm>(at_leaf, NvSciSyncAttrKey_ActualPerm).at(0), NvSciSyncAccessPerm_SignalOnly);
    EXPECT_TRUE(inside(at_leaf)->reconciled().required<bool>(sync::kCpuSignaler));
    sent_result<NvSciSyncAttrList>(at_middle, upper_[1], kBadParameter);
}

// A list that has come too far goes no further, and nothing of what came goes wrong before.
TEST_F(RelayTest, AListGoesThroughSixteenProcesses) {
    List list = raw_list(module_, 4096);
    for (int hop = 0; hop < 16; ++hop)
        list = taken<NvSciBufAttrList>(module_, sent<NvSciBufAttrList>({list}, first_[1]), first_[0]);
    list = taken<NvSciBufAttrList>(module_, sent<NvSciBufAttrList>({list}, first_[1]), first_[0]);
    sent<NvSciBufAttrList>({list}, first_[1], kOverflow);
}

}  // namespace
}  // namespace opennvsci::test
