// SPDX-License-Identifier: Apache-2.0
//
// Two processes that share an NvSciSync object, played by one: two ends of a channel, a module, a wait context and
// streams on each side. "Here" reconciles and allocates, "there" imports.
#pragma once

#include "exchange.h"
#include "exchange_channel.h"
#include "sync_test.h"

namespace opennvsci::test {

inline constexpr NvSciSyncAccessPerm kWait = NvSciSyncAccessPerm_WaitOnly;
inline constexpr NvSciSyncAccessPerm kSignal = NvSciSyncAccessPerm_SignalOnly;
inline constexpr NvSciSyncAccessPerm kWaitSignal = NvSciSyncAccessPerm_WaitSignal;
inline constexpr NvSciSyncAccessPerm kAuto = NvSciSyncAccessPerm_Auto;

using ObjectDescriptor = NvSciSyncObjIpcExportDescriptor;
using FenceDescriptor = NvSciSyncFenceIpcExportDescriptor;

class SyncPeersTest : public SyncTest {
  protected:
    struct Pair {
        SyncObject here, there;
    };

    ~SyncPeersTest() override { TestDevice::instance().make_current(); }
    void TearDown() override {
        close_channel();
        SyncTest::TearDown();
    }

    void close_channel() {
        channel_.close(0);
        channel_.close(1);
    }

    /// What lists of both sides come to.
    [[nodiscard]] SyncList reconciled(std::vector<NvSciSyncAttrList> local,
                                      const std::vector<NvSciSyncAttrList>& peers) {
        const SyncList imported = taken<NvSciSyncAttrList>(module_, sent(peers, channel_[1]), channel_[0]);
        local.push_back(imported);
        Reconciliation<SyncList> outcome = reconcile(local);
        EXPECT_EQ(outcome.code, kSuccess) << opennvsciGetLastErrorText();
        return std::move(outcome.reconciled);
    }
    [[nodiscard]] static SyncObject allocated(NvSciSyncAttrList list) {
        return make<SyncObject>(NvSciSyncObjAlloc, list);
    }
    [[nodiscard]] SyncList list_there(NvSciSyncAttrList list) {
        return taken_result<NvSciSyncAttrList>(peer_module_, sent_result(list, channel_[0]), channel_[1]);
    }

    [[nodiscard]] ObjectDescriptor exported(NvSciSyncObj object, NvSciSyncAccessPerm permissions = kAuto,
                                            NvSciError expected = kSuccess) const {
        ObjectDescriptor descriptor{};
        EXPECT_EQ(NvSciSyncObjIpcExport(object, permissions, channel_[0], &descriptor), expected)
            << opennvsciGetLastErrorText();
        return descriptor;
    }
    [[nodiscard]] SyncObject imported(const ObjectDescriptor& descriptor, NvSciSyncAttrList list,
                                      NvSciSyncAccessPerm permissions = kAuto, NvSciError expected = kSuccess) const {
        SyncObject object;
        EXPECT_EQ(NvSciSyncObjIpcImport(channel_[1], &descriptor, list, permissions, -77, object.out()), expected)
            << opennvsciGetLastErrorText();
        return object;
    }

    [[nodiscard]] Pair shared(std::vector<NvSciSyncAttrList> local, const std::vector<NvSciSyncAttrList>& peers) {
        const SyncList list = reconciled(std::move(local), peers);
        Pair pair;
        pair.here = allocated(list);
        const SyncList theirs = list_there(list);
        pair.there = imported(exported(pair.here), theirs);
        return pair;
    }

    [[nodiscard]] FenceDescriptor exported(const NvSciSyncFence& fence) const {
        FenceDescriptor descriptor{};
        EXPECT_EQ(NvSciSyncIpcExportFence(&fence, channel_[0], &descriptor), kSuccess) << opennvsciGetLastErrorText();
        return descriptor;
    }
    [[nodiscard]] static NvSciSyncFence imported(NvSciSyncObj object, const FenceDescriptor& descriptor) {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        EXPECT_EQ(NvSciSyncIpcImportFence(object, &descriptor, &fence), kSuccess) << opennvsciGetLastErrorText();
        return fence;
    }
    /// The same fence on the other side, whose object this is.
    [[nodiscard]] NvSciSyncFence carried(const NvSciSyncFence& fence, NvSciSyncObj to) const {
        return imported(to, exported(fence));
    }
    [[nodiscard]] NvSciError poll_there(const NvSciSyncFence& fence) const { return wait_there(fence, 0); }
    [[nodiscard]] NvSciError wait_there(const NvSciSyncFence& fence, std::int64_t timeout_us = 20'000'000) const {
        return NvSciSyncFenceWait(&fence, peer_context_, timeout_us);
    }
    [[nodiscard]] NvSciError wait_here(const NvSciSyncFence& fence, std::int64_t timeout_us = 20'000'000) const {
        return NvSciSyncFenceWait(&fence, context_, timeout_us);
    }

    IpcSetUp set_up_;
    Channel channel_;  // end 0 is here, end 1 there
    SyncModule peer_module_ = open_sync_module();
    WaitContext peer_context_ = wait_context(peer_module_);
};

}  // namespace opennvsci::test
