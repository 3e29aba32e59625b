// SPDX-License-Identifier: Apache-2.0
//
// Three processes in a chain: the one in the middle collects the lists of its leaf, hands them on together with its
// own, and later passes on what comes back: lists, objects, fences.
#include <gtest/gtest.h>

#include <cstring>

#include "exchange.h"
#include "process.h"

namespace opennvsci::test {
namespace {

constexpr std::uint64_t kSize = 8192;
constexpr std::int64_t kLongestWaitUs = 60'000'000;
constexpr unsigned char kByte = 0xA7;

struct Libraries {
    Libraries() {
        MUST(NvSciBufModuleOpen(buf.out()));
        MUST(NvSciSyncModuleOpen(sync.out()));
        MUST(NvSciSyncCpuWaitContextAlloc(sync, context.out()));
    }
    Module buf;
    SyncModule sync;
    WaitContext context;
};

List buf_list(const Libraries& libraries, NvSciBufAttrValAccessPerm permission) {
    List list;
    MUST(NvSciBufAttrListCreate(libraries.buf, list.out()));
    ask(list, NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer);
    ask(list, NvSciBufRawBufferAttrKey_Size, kSize);
    ask(list, NvSciBufGeneralAttrKey_RequiredPerm, permission);
    ask(list, NvSciBufGeneralAttrKey_NeedCpuAccess, true);
    return list;
}

SyncList sync_list(const Libraries& libraries, NvSciSyncAccessPerm permission) {
    SyncList list;
    MUST(NvSciSyncAttrListCreate(libraries.sync, list.out()));
    ask(list, NvSciSyncAttrKey_RequiredPerm, permission);
    ask(list, NvSciSyncAttrKey_NeedCpuAccess, true);
    return list;
}

void send_lists(Channel& channel, const std::vector<NvSciBufAttrList>& lists) {
    void* blob = nullptr;
    std::size_t size = 0;
    MUST(NvSciBufAttrListIpcExportUnreconciled(lists.data(), lists.size(), channel, &blob, &size));
    channel.send_blob({static_cast<const std::byte*>(blob), size});
    NvSciBufAttrListFreeDesc(blob);
}

void send_lists(Channel& channel, const std::vector<NvSciSyncAttrList>& lists) {
    void* blob = nullptr;
    std::size_t size = 0;
    MUST(NvSciSyncAttrListIpcExportUnreconciled(lists.data(), lists.size(), channel, &blob, &size));
    channel.send_blob({static_cast<const std::byte*>(blob), size});
    NvSciSyncAttrListFreeDesc(blob);
}

List receive_buf_list(Channel& channel, const Libraries& libraries) {
    List list;
    const Bytes blob = channel.receive_blob();
    MUST(NvSciBufAttrListIpcImportUnreconciled(libraries.buf, channel, blob.data(), blob.size(), list.out()));
    return list;
}

SyncList receive_sync_list(Channel& channel, const Libraries& libraries) {
    SyncList list;
    const Bytes blob = channel.receive_blob();
    MUST(NvSciSyncAttrListIpcImportUnreconciled(libraries.sync, channel, blob.data(), blob.size(), list.out()));
    return list;
}

void send_objects(Channel& channel, NvSciBufObj buffer, NvSciSyncObj object) {
    void* blob = nullptr;
    std::size_t size = 0;
    MUST(NvSciBufIpcExportAttrListAndObj(buffer, NvSciBufAccessPerm_Auto, channel, &blob, &size));
    channel.send_blob({static_cast<const std::byte*>(blob), size});
    NvSciBufAttrListAndObjFreeDesc(blob);
    MUST(NvSciSyncIpcExportAttrListAndObj(object, NvSciSyncAccessPerm_Auto, channel, &blob, &size));
    channel.send_blob({static_cast<const std::byte*>(blob), size});
    NvSciSyncAttrListAndObjFreeDesc(blob);
}

void receive_objects(Channel& channel, const Libraries& libraries, NvSciBufAttrList own, NvSciSyncAttrList own_sync,
                     Object& buffer, SyncObject& object) {
    const NvSciBufAttrList lists[] = {own};
    Bytes blob = channel.receive_blob();
    MUST(NvSciBufIpcImportAttrListAndObj(libraries.buf, channel, blob.data(), blob.size(), lists, 1,
                                         NvSciBufAccessPerm_Readonly, 0, buffer.out()));
    const NvSciSyncAttrList sync_lists[] = {own_sync};
    blob = channel.receive_blob();
    MUST(NvSciSyncIpcImportAttrListAndObj(libraries.sync, channel, blob.data(), blob.size(), sync_lists, 1,
                                          NvSciSyncAccessPerm_WaitOnly, 0, object.out()));
}

void expect_bytes(NvSciBufObj buffer) {
    const void* pointer = nullptr;
    MUST(NvSciBufObjGetConstCpuPtr(buffer, &pointer));
    const std::vector<unsigned char> expected(kSize, kByte);
    require_that(std::memcmp(pointer, expected.data(), kSize) == 0, "the buffer holds other bytes");
}

NvSciSyncFence wait_for_next(Channel& channel, const Libraries& libraries, NvSciSyncObj object) {
    const auto descriptor = channel.receive_value<NvSciSyncFenceIpcExportDescriptor>();
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    MUST(NvSciSyncIpcImportFence(object, &descriptor, &fence));
    MUST(NvSciSyncFenceWait(&fence, libraries.context, kLongestWaitUs));
    return fence;
}

void send_fence(Channel& channel, const NvSciSyncFence& fence) {
    NvSciSyncFenceIpcExportDescriptor descriptor{};
    MUST(NvSciSyncIpcExportFence(&fence, channel, &descriptor));
    channel.send_value(descriptor);
}

void connect(Channel& channel) {
    channel.reset();
    channel.await_connection();
}

const Role kLeaf("leaf", [](const Arguments&) {
    const Libraries libraries;
    Channel channel("ch_1");
    connect(channel);
    const List own = buf_list(libraries, NvSciBufAccessPerm_Readonly);
    const SyncList own_sync = sync_list(libraries, NvSciSyncAccessPerm_WaitOnly);
    send_lists(channel, std::vector<NvSciBufAttrList>{own});
    send_lists(channel, std::vector<NvSciSyncAttrList>{own_sync});
    Object buffer;
    SyncObject object;
    receive_objects(channel, libraries, own, own_sync, buffer, object);
    NvSciSyncFence fence = wait_for_next(channel, libraries, object);
    expect_bytes(buffer);
    void* writable = nullptr;
    require_that(CALL(NvSciBufObjGetCpuPtr(buffer, &writable)) == NvSciError_BadParameter, "the leaf may write");
    NvSciSyncFenceClear(&fence);
    channel.send_value(std::uint32_t{1});
    channel.flush();
});

const Role kMiddle("middle", [](const Arguments&) {
    const Libraries libraries;
    Channel leaf("ch_0");
    Channel top("up_1");
    connect(leaf);
    connect(top);
    const List own = buf_list(libraries, NvSciBufAccessPerm_Readonly);
    const SyncList own_sync = sync_list(libraries, NvSciSyncAccessPerm_WaitOnly);
    {
        const List leafs = receive_buf_list(leaf, libraries);
        const SyncList leafs_sync = receive_sync_list(leaf, libraries);
        send_lists(top, std::vector<NvSciBufAttrList>{own, leafs});
        send_lists(top, std::vector<NvSciSyncAttrList>{own_sync, leafs_sync});
    }
    Object buffer;
    SyncObject object;
    receive_objects(top, libraries, own, own_sync, buffer, object);
    send_objects(leaf, buffer, object);
    NvSciSyncFence fence = wait_for_next(top, libraries, object);
    expect_bytes(buffer);
    send_fence(leaf, fence);
    NvSciSyncFenceClear(&fence);
    top.send_value(leaf.receive_value<std::uint32_t>());
    top.flush();
});

const Role kTop("top", [](const Arguments&) {
    const Libraries libraries;
    Channel channel("up_0");
    connect(channel);
    const List own = buf_list(libraries, NvSciBufAccessPerm_ReadWrite);
    const SyncList own_sync = sync_list(libraries, NvSciSyncAccessPerm_SignalOnly);
    const List theirs = receive_buf_list(channel, libraries);
    const SyncList theirs_sync = receive_sync_list(channel, libraries);
    require_that(NvSciBufAttrListGetSlotCount(theirs) == 2, "two participants are below");
    Object buffer;
    SyncObject object;
    const NvSciBufAttrList lists[] = {own, theirs};
    List conflict;
    MUST(NvSciBufAttrListReconcileAndObjAlloc(lists, 2, buffer.out(), conflict.out()));
    const NvSciSyncAttrList sync_lists[] = {own_sync, theirs_sync};
    SyncList sync_conflict;
    MUST(NvSciSyncAttrListReconcileAndObjAlloc(sync_lists, 2, object.out(), sync_conflict.out()));
    send_objects(channel, buffer, object);
    void* pointer = nullptr;
    MUST(NvSciBufObjGetCpuPtr(buffer, &pointer));
    std::memset(pointer, kByte, kSize);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    MUST(NvSciSyncObjGenerateFence(object, &fence));
    send_fence(channel, fence);
    MUST(NvSciSyncObjSignal(object));
    NvSciSyncFenceClear(&fence);
    require_that(channel.receive_value<std::uint32_t>() == 1, "the leaf's answer");
});

TEST(Chain, AProcessInTheMiddleHandsListsUpAndObjectsDown) {
    const Meeting meeting;
    Process leaf({"leaf", {}, meeting.environment()});
    Process middle({"middle", {}, meeting.environment()});
    Process top({"top", {}, meeting.environment()});
    for (Process* process : {&top, &middle, &leaf}) {
        const Ending ending = process->end();
        EXPECT_TRUE(ending.is_good()) << "status " << ending.status << "\n" << ending.text;
    }
}

}  // namespace
}  // namespace opennvsci::test
