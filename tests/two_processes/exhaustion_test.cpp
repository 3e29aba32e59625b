// SPDX-License-Identifier: Apache-2.0
//
// Ten thousand fences, buffers and sync objects between two processes that may have 64 descriptors open.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>

#include "exchange.h"
#include "list_functions.h"
#include "process.h"

namespace opennvsci::test {
namespace {

constexpr long kRounds = 10'000;
constexpr std::int64_t kLongestWaitUs = 60'000'000;

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

// The two libraries, as the exchange of lists uses them, and what either side asks.
struct OfBuffers : ListFunctions<NvSciBufAttrList> {
    using Module = test::Module;
    using List = test::List;
    using Handle = NvSciBufAttrList;
    static constexpr auto open = NvSciBufModuleOpen;
    static constexpr auto create = NvSciBufAttrListCreate;
    using ListBlob = test::ListBlob;

    static void ask_for(const List& list, bool is_source) {
        ask(list, NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer);
        if (is_source) ask(list, NvSciBufRawBufferAttrKey_Size, std::uint64_t{4096});
        ask(list, NvSciBufGeneralAttrKey_NeedCpuAccess, true);
    }
};

struct OfSync : ListFunctions<NvSciSyncAttrList> {
    using Module = SyncModule;
    using List = SyncList;
    using Handle = NvSciSyncAttrList;
    static constexpr auto open = NvSciSyncModuleOpen;
    static constexpr auto create = NvSciSyncAttrListCreate;
    using ListBlob = SyncListBlob;

    static void ask_for(const List& list, bool is_source) {
        ask(list, NvSciSyncAttrKey_NeedCpuAccess, true);
        ask(list, NvSciSyncAttrKey_RequiredPerm,
            is_source ? NvSciSyncAccessPerm_SignalOnly : NvSciSyncAccessPerm_WaitOnly);
    }
};

// Who reconciles and exports: connected, and has what the sink asks.
template <class Of>
struct Source {
    Source() {
        connect(channel);
        MUST(Of::open(module.out()));
        MUST(Of::create(module, own.out()));
        Of::ask_for(own, true);
        const Bytes blob = channel.receive_blob();
        MUST(Of::import_unreconciled(module, channel, blob.data(), blob.size(), theirs.out()));
    }
    // Reconciles, and sends the sink its list.
    void reconcile() {
        const typename Of::Handle lists[] = {own, theirs};
        typename Of::List conflict;
        MUST(Of::reconcile(lists, 2, reconciled.out(), conflict.out()));
        typename Of::ListBlob blob;
        MUST(Of::export_reconciled(reconciled, channel, &blob.address, &blob.size));
        channel.send_blob(blob.bytes());
    }

    Channel channel{"ch_0"};
    typename Of::Module module;
    typename Of::List own;
    typename Of::List theirs;
    typename Of::List reconciled;
};

// Who imports: connected, and has said what it asks.
template <class Of>
struct Sink {
    Sink() {
        connect(channel);
        MUST(Of::open(module.out()));
        MUST(Of::create(module, own.out()));
        Of::ask_for(own, false);
        const typename Of::Handle lists[] = {own};
        typename Of::ListBlob blob;
        MUST(Of::export_unreconciled(lists, 1, channel, &blob.address, &blob.size));
        channel.send_blob(blob.bytes());
    }
    void receive_list() {
        const Bytes blob = channel.receive_blob();
        const typename Of::Handle lists[] = {own};
        MUST(Of::import_reconciled(module, channel, blob.data(), blob.size(), lists, 1, reconciled.out()));
    }

    Channel channel{"ch_1"};
    typename Of::Module module;
    typename Of::List own;
    typename Of::List reconciled;
};

const Role kFenceSource("fence_source", [](const Arguments&) {
    Source<OfSync> side;
    Channel& channel = side.channel;
    const NvSciSyncAttrList lists[] = {side.own, side.theirs};
    SyncObject object;
    SyncList conflict;
    MUST(NvSciSyncAttrListReconcileAndObjAlloc(lists, 2, object.out(), conflict.out()));
    {
        SyncObjectBlob both;
        MUST(NvSciSyncIpcExportAttrListAndObj(object, NvSciSyncAccessPerm_Auto, channel, &both.address, &both.size));
        channel.send_blob(both.bytes());
    }
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
    Sink<OfSync> side;
    Channel& channel = side.channel;
    WaitContext context;
    MUST(NvSciSyncCpuWaitContextAlloc(side.module, context.out()));
    const NvSciSyncAttrList lists[] = {side.own};
    const Bytes both = channel.receive_blob();
    SyncObject object;
    MUST(NvSciSyncIpcImportAttrListAndObj(side.module, channel, both.data(), both.size(), lists, 1,
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
    Source<OfBuffers> side;
    side.reconcile();
    Channel& channel = side.channel;
    const List& reconciled = side.reconciled;
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
    Sink<OfBuffers> side;
    side.receive_list();
    Channel& channel = side.channel;
    const List& reconciled = side.reconciled;
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
    Source<OfSync> side;
    side.reconcile();
    Channel& channel = side.channel;
    const SyncList& reconciled = side.reconciled;
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
    Sink<OfSync> side;
    side.receive_list();
    Channel& channel = side.channel;
    const SyncList& reconciled = side.reconciled;
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
