// SPDX-License-Identifier: Apache-2.0
//
// Peers that come when the object is there already.
#include <thread>

#include "buf/peers.h"
#include "buf_test.h"
#include "exchange.h"
#include "exchange_channel.h"
#include "sync/peers.h"

namespace opennvsci::test {
namespace {

class AttachTest : protected ExchangeFixture, public BufTest {
  protected:
    [[nodiscard]] List imported(NvSciBufAttrList list) const {
        return taken<NvSciBufAttrList>(module_, sent<NvSciBufAttrList>({list}, channel_[1]), channel_[0]);
    }
    [[nodiscard]] SyncList imported(NvSciSyncAttrList list) const {
        return taken<NvSciSyncAttrList>(sync_module_, sent<NvSciSyncAttrList>({list}, channel_[1]), channel_[0]);
    }
    // The borrowed list of an object.
    static NvSciBufAttrList list_of(NvSciBufObj object) {
        NvSciBufAttrList list = nullptr;
        EXPECT_EQ(NvSciBufObjGetAttrList(object, &list), kSuccess);
        return list;
    }
    static NvSciSyncAttrList list_of(NvSciSyncObj object) {
        NvSciSyncAttrList list = nullptr;
        EXPECT_EQ(NvSciSyncObjGetAttrList(object, &list), kSuccess);
        return list;
    }
    static NvSciError attach(NvSciBufObj object, const std::vector<NvSciBufAttrList>& lists) {
        return NvSciBufObjAttachPeer(object, lists.data(), lists.size());
    }
    static NvSciError attach(NvSciSyncObj object, const std::vector<NvSciSyncAttrList>& lists) {
        return NvSciSyncObjAttachPeer(object, lists.data(), lists.size());
    }

    Module peer_module_ = open_module();
    SyncModule sync_module_ = open_sync_module();
    SyncModule peer_sync_module_ = open_sync_module();
};

TEST_F(AttachTest, ABufferGoesToAPeerThatCameLate) {
    const Object object = allocate(reconciled({cpu_list()}));
    const auto list = list_of(object);
    sent_result<NvSciBufAttrList>(list, channel_[0], kNotPermitted);

    const List peer = raw_list(peer_module_, 4096);
    ASSERT_EQ(set(peer, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
    ASSERT_EQ(set(peer, NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_ReadWrite), kSuccess);
    const OpenNvSciDecision* before = nullptr;
    std::size_t count = 0;
    ASSERT_EQ(opennvsciBufAttrListGetDecisions(list, &before, &count), kSuccess);
    ASSERT_EQ(attach(object, {imported(peer)}), kSuccess) << opennvsciGetLastErrorText();
    EXPECT_STRNE(before[0].keyName, "") << "what was handed out stays";

    const auto same = list_of(object);
    EXPECT_EQ(same, list) << "the borrowed handle stays";
    const List theirs = taken_result<NvSciBufAttrList>(peer_module_, sent_result<NvSciBufAttrList>(list, channel_[0]),
                                                       channel_[1], {peer});
    EXPECT_EQ(get<NvSciBufAttrValAccessPerm>(theirs, NvSciBufGeneralAttrKey_ActualPerm).at(0),
              NvSciBufAccessPerm_ReadWrite);
    EXPECT_TRUE(get_flags(theirs, NvSciBufGeneralAttrKey_NeedCpuAccess).at(0));
}

TEST_F(AttachTest, PeersMayComeAtOnce) {
    const Channel other("itc_other");
    const List one = imported(raw_list(peer_module_, 4096));
    const List two =
        taken<NvSciBufAttrList>(module_, sent<NvSciBufAttrList>({raw_list(peer_module_, 4096)}, other[1]), other[0]);
    for (int i = 0; i < 50; ++i) {
        const Object fresh = allocate(reconciled({cpu_list()}));
        std::thread first([&] { EXPECT_EQ(attach(fresh, {one}), kSuccess); });
        EXPECT_EQ(attach(fresh, {two}), kSuccess);
        first.join();
        sent_result<NvSciBufAttrList>(list_of(fresh), channel_[0]);
        sent_result<NvSciBufAttrList>(list_of(fresh), other[0]);
    }
}

TEST_F(AttachTest, APeerThatTheBufferDoesNotSatisfyStaysOutside) {
    const Object object = allocate(reconciled({cpu_list()}));
    const auto list = list_of(object);
    EXPECT_EQ(attach(object, {imported(raw_list(peer_module_, 8192))}), kReconciliationFailed);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "list 0 at peer itc_test_1 8192"));
    const List gpu_user = raw_list(peer_module_, 4096);
    ASSERT_EQ(set(gpu_user, NvSciBufGeneralAttrKey_GpuId, gpu(0)), kSuccess);
    EXPECT_EQ(attach(object, {imported(gpu_user)}), kReconciliationFailed) << "that GPU took no part";
    const List typeless = create_list(peer_module_);
    ASSERT_EQ(set(typeless, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
    EXPECT_EQ(attach(object, {imported(typeless)}), kBadParameter);
    sent_result<NvSciBufAttrList>(list, channel_[0], kNotPermitted);

    const Object in_video_memory = allocate(reconciled({gpu_list()}));
    const List reader = raw_list(peer_module_, 4096);
    ASSERT_EQ(set(reader, NvSciBufGeneralAttrKey_NeedCpuAccess, true), kSuccess);
    EXPECT_EQ(attach(in_video_memory, {imported(reader)}), kReconciliationFailed);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "no CPU sees"));
}

TEST_F(AttachTest, AnObjectThatMayOnlyReadTakesNoWriter) {
    const Object object = allocate(reconciled({cpu_list()}));
    const Object reduced = make<Object>(NvSciBufObjDupWithReducePerm, object.get(), NvSciBufAccessPerm_Readonly);
    const List writer = raw_list(peer_module_, 4096);
    ASSERT_EQ(set(writer, NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_ReadWrite), kSuccess);
    const List arrived = imported(writer);
    EXPECT_EQ(attach(reduced, {arrived}), kReconciliationFailed);
    EXPECT_EQ(attach(object, {arrived}), kSuccess);
}

TEST_F(AttachTest, AWaiterThatCameLateGetsTheSynchronizationObject) {
    const SyncObject object = cpu_object(sync_module_);
    const SyncList waiter = test::cpu_list(peer_sync_module_, NvSciSyncAccessPerm_WaitOnly);
    const auto list = list_of(object);
    sent_result<NvSciSyncAttrList>(list, channel_[0], kBadParameter);
    ASSERT_EQ(attach(object, {imported(waiter)}), kSuccess) << opennvsciGetLastErrorText();
    const SyncList theirs = taken_result<NvSciSyncAttrList>(
        peer_sync_module_, sent_result<NvSciSyncAttrList>(list, channel_[0]), channel_[1], {waiter});
    EXPECT_EQ(get<NvSciSyncAccessPerm>(theirs, NvSciSyncAttrKey_ActualPerm).at(0), NvSciSyncAccessPerm_WaitOnly);
}

TEST_F(AttachTest, ASynchronizationObjectKeepsItsOneSignaler) {
    const SyncObject object = cpu_object(sync_module_);
    EXPECT_EQ(attach(object, {imported(test::cpu_list(peer_sync_module_, NvSciSyncAccessPerm_SignalOnly))}),
              kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "has its signaler"));
    const SyncList silent = create_list(peer_sync_module_);
    ASSERT_EQ(set(silent, NvSciSyncAttrKey_NeedCpuAccess, true), kSuccess);
    EXPECT_EQ(attach(object, {imported(silent)}), kBadParameter);
}

TEST_F(AttachTest, APayloadThatCudaKeepsToItselfGoesToNoPeer) {
    const SyncObject object = allocate({test::gpu_list(sync_module_, 1), test::gpu_list(sync_module_, 2)});
    EXPECT_EQ(attach(object, {imported(test::gpu_list(peer_sync_module_, 2))}), kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "PeerLocationInfo"));
    // A list that says that a peer will come prepares for it.
    const SyncList proxy = test::gpu_list(sync_module_, 2);
    const NvSciBufPeerLocationInfo location{0, 0, 0};
    ASSERT_EQ(set(proxy, NvSciSyncAttrKey_PeerLocationInfo, location), kSuccess);
    const SyncObject prepared = allocate({test::gpu_list(sync_module_, 1), proxy});
    EXPECT_EQ(attach(prepared, {imported(test::gpu_list(peer_sync_module_, 2))}), kSuccess)
        << opennvsciGetLastErrorText();
}

}  // namespace
}  // namespace opennvsci::test
