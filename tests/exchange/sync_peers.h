// SPDX-License-Identifier: Apache-2.0
//
// Two processes that share an NvSciSync object, played by one: two ends of a channel, a module, a wait context and
// streams on each side. "Here" reconciles and allocates, "there" imports.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "api/handles.h"
#include "exchange.h"
#include "nvsciipc.h"
#include "sync_test.h"

namespace opennvsci::test {

inline constexpr NvSciSyncAccessPerm kWait = NvSciSyncAccessPerm_WaitOnly;
inline constexpr NvSciSyncAccessPerm kSignal = NvSciSyncAccessPerm_SignalOnly;
inline constexpr NvSciSyncAccessPerm kWaitSignal = NvSciSyncAccessPerm_WaitSignal;
inline constexpr NvSciSyncAccessPerm kAuto = NvSciSyncAccessPerm_Auto;

/// A folder with channels of its own between threads, a_0 to a_1 and b_0 to b_1, until the end of the object.
class OwnChannels {
  public:
    OwnChannels() {
        std::string name = (std::filesystem::temp_directory_path() / "opennvsci-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        folder_ = name;
        std::ofstream(folder_ / "nvsciipc.cfg") << "INTER_THREAD a_0 a_1 4 128\nINTER_THREAD b_0 b_1 4 128\n";
        ::setenv("OPENNVSCI_RUNTIME_DIR", (folder_ / "run").c_str(), 1);
        ::setenv("OPENNVSCI_IPC_CFG", (folder_ / "nvsciipc.cfg").c_str(), 1);
        EXPECT_EQ(NvSciIpcInit(), kSuccess) << opennvsciGetLastErrorText();
    }
    OwnChannels(const OwnChannels&) = delete;
    OwnChannels& operator=(const OwnChannels&) = delete;
    ~OwnChannels() {
        NvSciIpcDeinit();
        ::unsetenv("OPENNVSCI_RUNTIME_DIR");
        ::unsetenv("OPENNVSCI_IPC_CFG");
        std::filesystem::remove_all(folder_);
    }

  private:
    std::filesystem::path folder_;
};

class End {
  public:
    explicit End(const char* name) {
        EXPECT_EQ(NvSciIpcOpenEndpoint(name, &handle_), kSuccess) << opennvsciGetLastErrorText();
    }
    End(const End&) = delete;
    End& operator=(const End&) = delete;
    ~End() { close(); }
    void close() {
        if (handle_ == 0) return;
        EXPECT_EQ(NvSciIpcCloseEndpointSafe(std::exchange(handle_, 0), false), kSuccess);
    }
    operator NvSciIpcEndpoint() const noexcept { return handle_; }  // NOLINT(google-explicit-constructor)

  private:
    NvSciIpcEndpoint handle_ = 0;
};

using ObjectDescriptor = NvSciSyncObjIpcExportDescriptor;
using FenceDescriptor = NvSciSyncFenceIpcExportDescriptor;

class SyncPeersTest : public SyncTest {
  protected:
    struct Pair {
        SyncObject here, there;
    };

    ~SyncPeersTest() override { TestDevice::instance().make_current(); }
    void TearDown() override {
        here_.close();
        there_.close();
        SyncTest::TearDown();
    }

    /// What lists of both sides come to.
    [[nodiscard]] SyncList reconciled(std::vector<NvSciSyncAttrList> local,
                                      const std::vector<NvSciSyncAttrList>& peers) {
        const SyncList imported = taken<NvSciSyncAttrList>(module_, sent(peers, there_), here_);
        local.push_back(imported);
        Reconciliation<SyncList> outcome = reconcile(local);
        EXPECT_EQ(outcome.code, kSuccess) << opennvsciGetLastErrorText();
        return std::move(outcome.reconciled);
    }
    [[nodiscard]] static SyncObject allocated(NvSciSyncAttrList list) {
        return make<SyncObject>(NvSciSyncObjAlloc, list);
    }
    [[nodiscard]] SyncList list_there(NvSciSyncAttrList list) {
        return taken_result<NvSciSyncAttrList>(peer_module_, sent_result(list, here_), there_);
    }

    [[nodiscard]] ObjectDescriptor exported(NvSciSyncObj object, NvSciSyncAccessPerm permissions = kAuto,
                                            NvSciError expected = kSuccess) const {
        ObjectDescriptor descriptor{};
        EXPECT_EQ(NvSciSyncObjIpcExport(object, permissions, here_, &descriptor), expected)
            << opennvsciGetLastErrorText();
        return descriptor;
    }
    [[nodiscard]] SyncObject imported(const ObjectDescriptor& descriptor, NvSciSyncAttrList list,
                                      NvSciSyncAccessPerm permissions = kAuto, NvSciError expected = kSuccess) const {
        SyncObject object;
        EXPECT_EQ(NvSciSyncObjIpcImport(there_, &descriptor, list, permissions, -77, object.out()), expected)
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
        EXPECT_EQ(NvSciSyncIpcExportFence(&fence, here_, &descriptor), kSuccess) << opennvsciGetLastErrorText();
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

    OwnChannels channels_;
    End here_{"a_0"};
    End there_{"a_1"};
    SyncModule peer_module_ = open_sync_module();
    WaitContext peer_context_ = wait_context(peer_module_);
};

}  // namespace opennvsci::test
