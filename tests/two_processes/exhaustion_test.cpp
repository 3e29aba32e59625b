// SPDX-License-Identifier: Apache-2.0
//
// Ten thousand fences, buffers and sync objects between two processes that may have 64 descriptors open.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>

#include "exchange.h"
#include "process.h"

namespace opennvsci::test {
namespace {

constexpr long kRounds = 10'000;
constexpr std::int64_t kLongestWaitUs = 60'000'000;

template <class List, class Key, class T>
void ask(const List& list, Key key, const T& value) {
    T copy = value;
    typename Library<Key>::Pair pair{key, &copy, sizeof(copy)};
    MUST(Library<Key>::set(list, &pair, 1));
}

// The exporter may be told that the peer has not taken enough; then it goes on a moment later.
template <class Export>
void export_patiently(Export&& export_one) {
    for (int attempts = 0;; ++attempts) {
        const NvSciError code = CALL(export_one());
        if (code != NvSciError_TryItAgain || attempts == 10'000) {
            require(code, "the export");
            return;
        }
        ::usleep(1000);
    }
}

void expect_same(const Holdings& before, const char* after_what) {
    const Holdings after = Holdings::now();
    require_that(after == before, std::string("after ") + after_what + " there are " + after.text() + ", before " +
                                      before.text() + "\n" + describe_holdings());
}

void connect(Channel& channel) {
    channel.reset();
    channel.await_connection();
}

const Role kFenceSource("fence_source", [](const Arguments&) {
    Channel channel("ch_0");
    connect(channel);
    SyncModule module;
    MUST(NvSciSyncModuleOpen(module.out()));
    SyncList own;
    MUST(NvSciSyncAttrListCreate(module, own.out()));
    ask(own, NvSciSyncAttrKey_NeedCpuAccess, true);
    ask(own, NvSciSyncAttrKey_RequiredPerm, NvSciSyncAccessPerm_SignalOnly);
    const Bytes blob = channel.receive_blob();
    SyncList theirs;
    MUST(NvSciSyncAttrListIpcImportUnreconciled(module, channel, blob.data(), blob.size(), theirs.out()));
    const NvSciSyncAttrList lists[] = {own, theirs};
    SyncObject object;
    SyncList conflict;
    MUST(NvSciSyncAttrListReconcileAndObjAlloc(lists, 2, object.out(), conflict.out()));
    void* both = nullptr;
    std::size_t size = 0;
    MUST(NvSciSyncIpcExportAttrListAndObj(object, NvSciSyncAccessPerm_Auto, channel, &both, &size));
    channel.send_blob({static_cast<const std::byte*>(both), size});
    NvSciSyncAttrListAndObjFreeDesc(both);
    const Holdings before = Holdings::now();
    for (long i = 0; i < kRounds; ++i) {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        MUST(NvSciSyncObjGenerateFence(object, &fence));
        NvSciSyncFenceIpcExportDescriptor descriptor{};
        MUST(NvSciSyncIpcExportFence(&fence, channel, &descriptor));
        channel.send_value(descriptor);
        MUST(NvSciSyncObjSignal(object));
        NvSciSyncFenceClear(&fence);
    }
    channel.flush();
    expect_same(before, "all fences");
});

const Role kFenceSink("fence_sink", [](const Arguments&) {
    Channel channel("ch_1");
    connect(channel);
    SyncModule module;
    MUST(NvSciSyncModuleOpen(module.out()));
    WaitContext context;
    MUST(NvSciSyncCpuWaitContextAlloc(module, context.out()));
    SyncList own;
    MUST(NvSciSyncAttrListCreate(module, own.out()));
    ask(own, NvSciSyncAttrKey_NeedCpuAccess, true);
    ask(own, NvSciSyncAttrKey_RequiredPerm, NvSciSyncAccessPerm_WaitOnly);
    const NvSciSyncAttrList lists[] = {own};
    void* blob = nullptr;
    std::size_t size = 0;
    MUST(NvSciSyncAttrListIpcExportUnreconciled(lists, 1, channel, &blob, &size));
    channel.send_blob({static_cast<const std::byte*>(blob), size});
    NvSciSyncAttrListFreeDesc(blob);
    const Bytes both = channel.receive_blob();
    SyncObject object;
    MUST(NvSciSyncIpcImportAttrListAndObj(module, channel, both.data(), both.size(), lists, 1,
                                          NvSciSyncAccessPerm_WaitOnly, 0, object.out()));
    const Holdings before = Holdings::now();
    for (long i = 0; i < kRounds; ++i) {
        const auto descriptor = channel.receive_value<NvSciSyncFenceIpcExportDescriptor>();
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        MUST(NvSciSyncIpcImportFence(object, &descriptor, &fence));
        MUST(NvSciSyncFenceWait(&fence, context, kLongestWaitUs));
        NvSciSyncFenceClear(&fence);
    }
    expect_same(before, "all fences");
});

const Role kObjectSource("object_source", [](const Arguments&) {
    Channel channel("ch_0");
    connect(channel);
    Module module;
    MUST(NvSciBufModuleOpen(module.out()));
    List own;
    MUST(NvSciBufAttrListCreate(module, own.out()));
    ask(own, NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer);
    ask(own, NvSciBufRawBufferAttrKey_Size, std::uint64_t{4096});
    ask(own, NvSciBufGeneralAttrKey_NeedCpuAccess, true);
    const Bytes blob = channel.receive_blob();
    List theirs;
    MUST(NvSciBufAttrListIpcImportUnreconciled(module, channel, blob.data(), blob.size(), theirs.out()));
    const NvSciBufAttrList lists[] = {own, theirs};
    List reconciled;
    List conflict;
    MUST(NvSciBufAttrListReconcile(lists, 2, reconciled.out(), conflict.out()));
    void* list = nullptr;
    std::size_t size = 0;
    MUST(NvSciBufAttrListIpcExportReconciled(reconciled, channel, &list, &size));
    channel.send_blob({static_cast<const std::byte*>(list), size});
    NvSciBufAttrListFreeDesc(list);
    Object kept;
    MUST(NvSciBufObjAlloc(reconciled, kept.out()));
    const Holdings before = Holdings::now();
    for (long i = 0; i < kRounds; ++i) {
        NvSciBufObjIpcExportDescriptor descriptor{};
        // The same object again, or one that the exporter frees before it is imported.
        Object passing;
        if (i % 2 == 0) MUST(NvSciBufObjAlloc(reconciled, passing.out()));
        const NvSciBufObj exported = i % 2 == 0 ? passing.get() : kept.get();
        void* pointer = nullptr;
        MUST(NvSciBufObjGetCpuPtr(exported, &pointer));
        std::memcpy(pointer, &i, sizeof(i));
        export_patiently([&] { return NvSciBufObjIpcExport(exported, NvSciBufAccessPerm_Auto, channel, &descriptor); });
        channel.send_value(descriptor);
    }
    channel.flush();
    require_that(channel.receive_value<std::uint32_t>() == 1, "the other side's answer");
    expect_same(before, "all objects");
});

const Role kObjectSink("object_sink", [](const Arguments&) {
    Channel channel("ch_1");
    connect(channel);
    Module module;
    MUST(NvSciBufModuleOpen(module.out()));
    List own;
    MUST(NvSciBufAttrListCreate(module, own.out()));
    ask(own, NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer);
    ask(own, NvSciBufGeneralAttrKey_NeedCpuAccess, true);
    const NvSciBufAttrList lists[] = {own};
    void* blob = nullptr;
    std::size_t size = 0;
    MUST(NvSciBufAttrListIpcExportUnreconciled(lists, 1, channel, &blob, &size));
    channel.send_blob({static_cast<const std::byte*>(blob), size});
    NvSciBufAttrListFreeDesc(blob);
    const Bytes list = channel.receive_blob();
    List reconciled;
    MUST(NvSciBufAttrListIpcImportReconciled(module, channel, list.data(), list.size(), lists, 1, reconciled.out()));
    const Holdings before = Holdings::now();
    for (long i = 0; i < kRounds; ++i) {
        const auto descriptor = channel.receive_value<NvSciBufObjIpcExportDescriptor>();
        Object object;
        MUST(NvSciBufObjIpcImport(channel, &descriptor, reconciled, NvSciBufAccessPerm_Readonly, 0, object.out()));
        const void* pointer = nullptr;
        MUST(NvSciBufObjGetConstCpuPtr(object, &pointer));
        long found = 0;
        std::memcpy(&found, pointer, sizeof(found));
        require_that(i % 2 == 0 ? found == i : found >= i, "object " + std::to_string(i) + " is another one");
    }
    expect_same(before, "all objects");
    channel.send_value(std::uint32_t{1});
    channel.flush();
});

// Sync objects: every second one is freed before the peer imports it, the others are the same one again and again.
const Role kSyncSource("sync_source", [](const Arguments&) {
    Channel channel("ch_0");
    connect(channel);
    SyncModule module;
    MUST(NvSciSyncModuleOpen(module.out()));
    SyncList own;
    MUST(NvSciSyncAttrListCreate(module, own.out()));
    ask(own, NvSciSyncAttrKey_NeedCpuAccess, true);
    ask(own, NvSciSyncAttrKey_RequiredPerm, NvSciSyncAccessPerm_SignalOnly);
    const Bytes blob = channel.receive_blob();
    SyncList theirs;
    MUST(NvSciSyncAttrListIpcImportUnreconciled(module, channel, blob.data(), blob.size(), theirs.out()));
    const NvSciSyncAttrList lists[] = {own, theirs};
    SyncList reconciled;
    SyncList conflict;
    MUST(NvSciSyncAttrListReconcile(lists, 2, reconciled.out(), conflict.out()));
    void* list = nullptr;
    std::size_t size = 0;
    MUST(NvSciSyncAttrListIpcExportReconciled(reconciled, channel, &list, &size));
    channel.send_blob({static_cast<const std::byte*>(list), size});
    NvSciSyncAttrListFreeDesc(list);
    SyncObject kept;
    MUST(NvSciSyncObjAlloc(reconciled, kept.out()));
    Holdings before = Holdings::now();
    for (long i = 0; i < kRounds; ++i) {
        NvSciSyncObjIpcExportDescriptor descriptor{};
        SyncObject passing;
        if (i % 2 == 0) MUST(NvSciSyncObjAlloc(reconciled, passing.out()));
        const NvSciSyncObj exported = i % 2 == 0 ? passing.get() : kept.get();
        export_patiently(
            [&] { return NvSciSyncObjIpcExport(exported, NvSciSyncAccessPerm_Auto, channel, &descriptor); });
        channel.send_value(descriptor);
        // What lives as long as the process is made with the first ones.
        if (i == 99) before = Holdings::now();
    }
    channel.flush();
    require_that(channel.receive_value<std::uint32_t>() == 1, "the other side's answer");
    const Holdings after = Holdings::now();
    require_that(after.descriptors <= before.descriptors && after.mappings <= before.mappings + 4,
                 "after all objects there are " + after.text() + ", before " + before.text());
});

const Role kSyncSink("sync_sink", [](const Arguments&) {
    Channel channel("ch_1");
    connect(channel);
    SyncModule module;
    MUST(NvSciSyncModuleOpen(module.out()));
    SyncList own;
    MUST(NvSciSyncAttrListCreate(module, own.out()));
    ask(own, NvSciSyncAttrKey_NeedCpuAccess, true);
    ask(own, NvSciSyncAttrKey_RequiredPerm, NvSciSyncAccessPerm_WaitOnly);
    const NvSciSyncAttrList lists[] = {own};
    void* blob = nullptr;
    std::size_t size = 0;
    MUST(NvSciSyncAttrListIpcExportUnreconciled(lists, 1, channel, &blob, &size));
    channel.send_blob({static_cast<const std::byte*>(blob), size});
    NvSciSyncAttrListFreeDesc(blob);
    const Bytes list = channel.receive_blob();
    SyncList reconciled;
    MUST(NvSciSyncAttrListIpcImportReconciled(module, channel, list.data(), list.size(), lists, 1, reconciled.out()));
    Holdings before = Holdings::now();
    for (long i = 0; i < kRounds; ++i) {
        const auto descriptor = channel.receive_value<NvSciSyncObjIpcExportDescriptor>();
        SyncObject object;
        MUST(NvSciSyncObjIpcImport(channel, &descriptor, reconciled, NvSciSyncAccessPerm_WaitOnly, 0, object.out()));
        if (i == 99) before = Holdings::now();
    }
    const Holdings after = Holdings::now();
    require_that(after.descriptors <= before.descriptors && after.mappings <= before.mappings + 4,
                 "after all objects there are " + after.text() + ", before " + before.text());
    channel.send_value(std::uint32_t{1});
    channel.flush();
});

void run_pair(const char* first, const char* second) {
    const Meeting meeting;
    Process one({first, {"descriptors=64"}, meeting.environment()});
    Process other({second, {"descriptors=64"}, meeting.environment()});
    const Ending of_one = one.end();
    const Ending of_other = other.end();
    EXPECT_TRUE(of_one.is_good()) << "status " << of_one.status << "\n" << of_one.text;
    EXPECT_TRUE(of_other.is_good()) << "status " << of_other.status << "\n" << of_other.text;
}

TEST(Exhaustion, TenThousandFencesNeedNoMoreThanSixtyFourDescriptors) {
    run_pair("fence_source", "fence_sink");
}

TEST(Exhaustion, TenThousandSyncObjectsNeedNoMoreThanSixtyFourDescriptors) {
    run_pair("sync_source", "sync_sink");
}

TEST(Exhaustion, TenThousandBuffersNeedNoMoreThanSixtyFourDescriptors) {
    run_pair("object_source", "object_sink");
}

}  // namespace
}  // namespace opennvsci::test
