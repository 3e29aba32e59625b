// SPDX-License-Identifier: Apache-2.0
#include "blobs.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "buf/keys.h"
#include "opennvsci.h"

namespace opennvsci::test {
namespace {

constexpr std::uint64_t kSize = 4096;

// A failing set-up call: there is nothing to test then.
void set_up(NvSciError code, const char* call) {
    if (code == kSuccess) return;
    std::fprintf(stderr, "test set-up: %s gave 0x%X: %s\n", call, code, opennvsciGetLastErrorText());
    std::abort();
}
#define SET_UP(call) set_up(call, #call)

template <class Set, class List, class Pair>
void set_pairs(Set set, const List& list, std::vector<Pair> pairs) {
    set_up(set(list, pairs.data(), pairs.size()), "SetAttrs");
}

// The library's bytes as the program has them; frees the library's.
Bytes taken_over(void* blob, std::size_t size, void (*free_blob)(void*)) {
    const auto* bytes = static_cast<const std::byte*>(blob);
    Bytes copy(bytes, bytes + size);
    free_blob(blob);
    return copy;
}

template <class T>
Bytes bytes_of_struct(const T& value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    return {bytes.begin(), bytes.end()};
}

// Where an output was not written, which a failing call may not do either.
template <class Handle>
Handle untouched() {
    return reinterpret_cast<Handle>(std::uintptr_t{0x1111});
}

// Reads every key of every slot to the last byte.
std::string read_everything(NvSciBufAttrList list) {
    std::size_t sum = 0;
    for (std::size_t slot = 0; slot < NvSciBufAttrListGetSlotCount(list); ++slot) {
        for (const attr::Key& key : buf::schema().keys()) {
            auto pair = pair_of<NvSciBufAttrKeyValuePair>(key.number, nullptr, 0);
            if (NvSciBufAttrListSlotGetAttrs(list, slot, &pair, 1) != kSuccess) continue;
            if (pair.value == nullptr && pair.len != 0) return "a key has a length and no value";
            for (std::size_t i = 0; i < pair.len; ++i)
                sum += static_cast<const unsigned char*>(pair.value)[i];
        }
    }
    [[maybe_unused]] static volatile std::size_t g_sum = 0;
    g_sum = sum;
    return {};
}

std::string read_everything(NvSciSyncAttrList list) {
    for (std::size_t slot = 0; slot < NvSciSyncAttrListGetSlotCount(list); ++slot) {
        for (std::uint32_t key = NvSciSyncAttrKey_LowerBound + 1; key < NvSciSyncAttrKey_UpperBound; ++key) {
            auto pair = pair_of<NvSciSyncAttrKeyValuePair>(key, nullptr, 0);
            if (NvSciSyncAttrListSlotGetAttrs(list, slot, &pair, 1) != kSuccess) return "a key cannot be read";
            if (pair.value == nullptr && pair.len != 0) return "a key has a length and no value";
        }
    }
    return {};
}

}  // namespace

ThreadChannel::ThreadChannel() {
    SET_UP(NvSciIpcInit());
    SET_UP(NvSciIpcOpenEndpoint("itc_test_0", &ends_[0]));
    SET_UP(NvSciIpcOpenEndpoint("itc_test_1", &ends_[1]));
    for (const NvSciIpcEndpoint end : ends_)
        SET_UP(NvSciIpcResetEndpointSafe(end));
    bool is_connected[2] = {};
    for (int rounds = 0; !is_connected[0] || !is_connected[1]; ++rounds) {
        for (int i = 0; i < 2; ++i) {
            std::uint32_t events = 0;
            SET_UP(NvSciIpcGetEventSafe(ends_[i], &events));
            is_connected[i] = is_connected[i] || (events & NV_SCI_IPC_EVENT_CONN_EST) != 0;
        }
        set_up(rounds < 1000 ? kSuccess : kTimeout, "the connection within the process");
    }
}

ThreadChannel::~ThreadChannel() {
    for (const NvSciIpcEndpoint end : ends_)
        NvSciIpcCloseEndpoint(end);
    NvSciIpcDeinit();
}

Blobs::Blobs() {
    SET_UP(NvSciBufModuleOpen(buf_module_.out()));
    SET_UP(NvSciSyncModuleOpen(sync_module_.out()));
    SET_UP(NvSciSyncCpuWaitContextAlloc(sync_module_, context_.out()));

    const bool yes = true;
    const NvSciBufType type = NvSciBufType_RawBuffer;
    const NvSciBufAttrValAccessPerm write = NvSciBufAccessPerm_ReadWrite;
    const NvSciBufAttrValAccessPerm read = NvSciBufAccessPerm_Readonly;
    using Pair = NvSciBufAttrKeyValuePair;
    SET_UP(NvSciBufAttrListCreate(buf_module_, buf_own_.out()));
    set_pairs(NvSciBufAttrListSetAttrs, buf_own_,
              std::vector<Pair>{{NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
                                {NvSciBufRawBufferAttrKey_Size, &kSize, sizeof(kSize)},
                                {NvSciBufGeneralAttrKey_RequiredPerm, &write, sizeof(write)},
                                {NvSciBufGeneralAttrKey_NeedCpuAccess, &yes, sizeof(yes)}});
    SET_UP(NvSciBufAttrListCreate(buf_module_, buf_reader_.out()));
    set_pairs(NvSciBufAttrListSetAttrs, buf_reader_,
              std::vector<Pair>{{NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
                                {NvSciBufGeneralAttrKey_RequiredPerm, &read, sizeof(read)},
                                {NvSciBufGeneralAttrKey_NeedCpuAccess, &yes, sizeof(yes)}});
    const Bytes asked = buf_unreconciled();
    SET_UP(NvSciBufAttrListIpcImportUnreconciled(buf_module_, channel_.exporter(), asked.data(), asked.size(),
                                                 buf_theirs_.out()));
    const NvSciBufAttrList lists[] = {buf_own_, buf_theirs_};
    BufList conflict;
    SET_UP(NvSciBufAttrListReconcile(lists, 2, buf_reconciled_.out(), conflict.out()));
    SET_UP(NvSciBufObjAlloc(buf_reconciled_, buf_.out()));
    const Bytes list = buf_reconciled();
    SET_UP(NvSciBufAttrListIpcImportReconciled(buf_module_, channel_.importer(), list.data(), list.size(), nullptr, 0,
                                               buf_imported_.out()));

    using SyncPair = NvSciSyncAttrKeyValuePair;
    const NvSciSyncAccessPerm signal = NvSciSyncAccessPerm_SignalOnly;
    const NvSciSyncAccessPerm wait = NvSciSyncAccessPerm_WaitOnly;
    SET_UP(NvSciSyncAttrListCreate(sync_module_, sync_own_.out()));
    set_pairs(NvSciSyncAttrListSetAttrs, sync_own_,
              std::vector<SyncPair>{{NvSciSyncAttrKey_NeedCpuAccess, &yes, sizeof(yes)},
                                    {NvSciSyncAttrKey_RequiredPerm, &signal, sizeof(signal)}});
    SET_UP(NvSciSyncAttrListCreate(sync_module_, sync_waiter_.out()));
    set_pairs(NvSciSyncAttrListSetAttrs, sync_waiter_,
              std::vector<SyncPair>{{NvSciSyncAttrKey_NeedCpuAccess, &yes, sizeof(yes)},
                                    {NvSciSyncAttrKey_RequiredPerm, &wait, sizeof(wait)}});
    const Bytes sync_asked = sync_unreconciled();
    SET_UP(NvSciSyncAttrListIpcImportUnreconciled(sync_module_, channel_.exporter(), sync_asked.data(),
                                                  sync_asked.size(), sync_theirs_.out()));
    const NvSciSyncAttrList sync_lists[] = {sync_own_, sync_theirs_};
    SyncList sync_conflict;
    SET_UP(NvSciSyncAttrListReconcile(sync_lists, 2, sync_reconciled_.out(), sync_conflict.out()));
    SET_UP(NvSciSyncObjAlloc(sync_reconciled_, sync_.out()));
    const Bytes sync_list = sync_reconciled();
    SET_UP(NvSciSyncAttrListIpcImportReconciled(sync_module_, channel_.importer(), sync_list.data(), sync_list.size(),
                                                nullptr, 0, sync_imported_.out()));
    const Bytes object = sync_object();
    NvSciSyncObjIpcExportDescriptor descriptor;
    std::memcpy(&descriptor, object.data(), sizeof(descriptor));
    SET_UP(NvSciSyncObjIpcImport(channel_.importer(), &descriptor, sync_imported_, NvSciSyncAccessPerm_WaitOnly, 0,
                                 sync_imported_object_.out()));
}

Blobs::~Blobs() = default;

std::span<const Blobs::Kind> Blobs::kinds() {
    static constexpr Kind kKinds[] = {
        {"BufUnreconciled", &Blobs::buf_unreconciled, &Blobs::take_buf_unreconciled, true, false},
        {"BufReconciled", &Blobs::buf_reconciled, &Blobs::take_buf_reconciled, true, false},
        {"BufObject", &Blobs::buf_object, &Blobs::take_buf_object, false, true},
        {"BufListAndObject", &Blobs::buf_list_and_object, &Blobs::take_buf_list_and_object, true, true},
        {"SyncUnreconciled", &Blobs::sync_unreconciled, &Blobs::take_sync_unreconciled, true, false},
        {"SyncReconciled", &Blobs::sync_reconciled, &Blobs::take_sync_reconciled, true, false},
        {"SyncObject", &Blobs::sync_object, &Blobs::take_sync_object, false, true},
        {"SyncListAndObject", &Blobs::sync_list_and_object, &Blobs::take_sync_list_and_object, true, true},
        {"SyncFence", &Blobs::sync_fence, &Blobs::take_sync_fence, false, false},
    };
    return kKinds;
}

Bytes Blobs::buf_unreconciled() {
    void* blob = nullptr;
    std::size_t size = 0;
    const NvSciBufAttrList lists[] = {buf_reader_};
    SET_UP(NvSciBufAttrListIpcExportUnreconciled(lists, 1, channel_.importer(), &blob, &size));
    return taken_over(blob, size, NvSciBufAttrListFreeDesc);
}

Bytes Blobs::buf_reconciled() {
    void* blob = nullptr;
    std::size_t size = 0;
    SET_UP(NvSciBufAttrListIpcExportReconciled(buf_reconciled_, channel_.exporter(), &blob, &size));
    return taken_over(blob, size, NvSciBufAttrListFreeDesc);
}

Bytes Blobs::buf_object() {
    NvSciBufObjIpcExportDescriptor descriptor{};
    SET_UP(NvSciBufObjIpcExport(buf_, NvSciBufAccessPerm_Auto, channel_.exporter(), &descriptor));
    return bytes_of_struct(descriptor);
}

Bytes Blobs::buf_list_and_object() {
    void* blob = nullptr;
    std::size_t size = 0;
    SET_UP(NvSciBufIpcExportAttrListAndObj(buf_, NvSciBufAccessPerm_Auto, channel_.exporter(), &blob, &size));
    return taken_over(blob, size, NvSciBufAttrListAndObjFreeDesc);
}

Bytes Blobs::sync_unreconciled() {
    void* blob = nullptr;
    std::size_t size = 0;
    const NvSciSyncAttrList lists[] = {sync_waiter_};
    SET_UP(NvSciSyncAttrListIpcExportUnreconciled(lists, 1, channel_.importer(), &blob, &size));
    return taken_over(blob, size, NvSciSyncAttrListFreeDesc);
}

Bytes Blobs::sync_reconciled() {
    void* blob = nullptr;
    std::size_t size = 0;
    SET_UP(NvSciSyncAttrListIpcExportReconciled(sync_reconciled_, channel_.exporter(), &blob, &size));
    return taken_over(blob, size, NvSciSyncAttrListFreeDesc);
}

Bytes Blobs::sync_object() {
    NvSciSyncObjIpcExportDescriptor descriptor{};
    SET_UP(NvSciSyncObjIpcExport(sync_, NvSciSyncAccessPerm_Auto, channel_.exporter(), &descriptor));
    return bytes_of_struct(descriptor);
}

Bytes Blobs::sync_list_and_object() {
    void* blob = nullptr;
    std::size_t size = 0;
    SET_UP(NvSciSyncIpcExportAttrListAndObj(sync_, NvSciSyncAccessPerm_Auto, channel_.exporter(), &blob, &size));
    return taken_over(blob, size, NvSciSyncAttrListAndObjFreeDesc);
}

// The next one is never signaled.
Bytes Blobs::sync_fence() {
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    SET_UP(NvSciSyncObjGenerateFence(sync_, &fence));
    NvSciSyncFenceIpcExportDescriptor descriptor{};
    SET_UP(NvSciSyncIpcExportFence(&fence, channel_.exporter(), &descriptor));
    NvSciSyncFenceClear(&fence);
    return bytes_of_struct(descriptor);
}

Imported Blobs::take_buf_unreconciled(const Bytes& bytes) {
    auto handle = untouched<NvSciBufAttrList>();
    const NvSciError code =
        NvSciBufAttrListIpcImportUnreconciled(buf_module_, channel_.exporter(), bytes.data(), bytes.size(), &handle);
    if (code != kSuccess) return {code, handle == untouched<NvSciBufAttrList>() || handle == nullptr ? "" : "a list"};
    const BufList list(handle);
    std::string harm = read_everything(list);
    const NvSciBufAttrList lists[] = {buf_own_, list};
    NvSciBufAttrList reconciled = nullptr;
    NvSciBufAttrList conflict = nullptr;
    if (NvSciBufAttrListReconcile(lists, 2, &reconciled, &conflict) == kSuccess) {
        harm += read_everything(reconciled);
        void* blob = nullptr;
        std::size_t size = 0;
        if (NvSciBufAttrListIpcExportReconciled(reconciled, channel_.exporter(), &blob, &size) == kSuccess)
            NvSciBufAttrListFreeDesc(blob);
    }
    NvSciBufAttrListFree(reconciled);
    NvSciBufAttrListFree(conflict);
    return {code, harm};
}

Imported Blobs::take_buf_reconciled(const Bytes& bytes) {
    auto handle = untouched<NvSciBufAttrList>();
    const NvSciBufAttrList lists[] = {buf_reader_};
    const NvSciError code = NvSciBufAttrListIpcImportReconciled(buf_module_, channel_.importer(), bytes.data(),
                                                                bytes.size(), lists, 1, &handle);
    if (code != kSuccess) return {code, handle == untouched<NvSciBufAttrList>() || handle == nullptr ? "" : "a list"};
    const BufList list(handle);
    std::string harm = read_everything(list);
    // What it says of a size may be false; then no object may be made of it, by import or by allocation, that has less.
    NvSciBufObj object = nullptr;
    if (NvSciBufObjAlloc(list, &object) == kSuccess) {
        harm += use(object);
        NvSciBufObjFree(object);
    }
    const Bytes valid = buf_object();
    NvSciBufObjIpcExportDescriptor descriptor;
    std::memcpy(&descriptor, valid.data(), sizeof(descriptor));
    if (NvSciBufObjIpcImport(channel_.importer(), &descriptor, list, NvSciBufAccessPerm_Readonly, 0, &object) ==
        kSuccess) {
        harm += use(object);
        NvSciBufObjFree(object);
    } else {
        (void)take_buf_object(valid);
    }
    return {code, harm};
}

// Reads from its beginning to its end: it must be as long as its list says. A reader does not get to write.
std::string Blobs::use(NvSciBufObj object) const {
    NvSciBufAttrList list = nullptr;
    if (NvSciBufObjGetAttrList(object, &list) != kSuccess) return "an object has no list";
    std::string harm = read_everything(list);
    auto pair = pair_of<NvSciBufAttrKeyValuePair>(NvSciBufRawBufferAttrKey_Size, nullptr, 0);
    if (NvSciBufAttrListGetAttrs(list, &pair, 1) != kSuccess || pair.len != sizeof(std::uint64_t)) return harm;
    std::uint64_t size = 0;
    std::memcpy(&size, pair.value, sizeof(size));
    const void* pointer = nullptr;
    if (NvSciBufObjGetConstCpuPtr(object, &pointer) != kSuccess) return harm;
    // Not all of what a list may claim, which can be all that the machine has: some pages, and the last byte.
    constexpr std::uint64_t kMostPages = 16;
    const auto* bytes = static_cast<const volatile unsigned char*>(pointer);
    const std::uint64_t step = std::max<std::uint64_t>(4096, size / kMostPages);
    for (std::uint64_t at = 0; at < size; at += step)
        (void)bytes[at];
    if (size != 0) (void)bytes[size - 1];
    return harm;
}

Imported Blobs::take_buf_object(const Bytes& bytes) {
    NvSciBufObjIpcExportDescriptor descriptor{};
    std::memcpy(&descriptor, bytes.data(), std::min(bytes.size(), sizeof(descriptor)));
    auto handle = untouched<NvSciBufObj>();
    const NvSciError code =
        NvSciBufObjIpcImport(channel_.importer(), &descriptor, buf_imported_, NvSciBufAccessPerm_Auto, 0, &handle);
    if (code != kSuccess) return {code, handle == untouched<NvSciBufObj>() || handle == nullptr ? "" : "an object"};
    const BufObject object(handle);
    void* writable = nullptr;
    std::string harm = use(object);
    if (NvSciBufObjGetCpuPtr(object, &writable) == kSuccess) harm += "a reader may write";
    return {code, harm};
}

Imported Blobs::take_buf_list_and_object(const Bytes& bytes) {
    auto handle = untouched<NvSciBufObj>();
    const NvSciBufAttrList lists[] = {buf_reader_};
    const NvSciError code = NvSciBufIpcImportAttrListAndObj(
        buf_module_, channel_.importer(), bytes.data(), bytes.size(), lists, 1, NvSciBufAccessPerm_Auto, 0, &handle);
    if (code != kSuccess) return {code, handle == untouched<NvSciBufObj>() || handle == nullptr ? "" : "an object"};
    const BufObject object(handle);
    void* writable = nullptr;
    std::string harm = use(object);
    if (NvSciBufObjGetCpuPtr(object, &writable) == kSuccess) harm += "a reader may write";
    return {code, harm};
}

Imported Blobs::take_sync_unreconciled(const Bytes& bytes) {
    auto handle = untouched<NvSciSyncAttrList>();
    const NvSciError code =
        NvSciSyncAttrListIpcImportUnreconciled(sync_module_, channel_.exporter(), bytes.data(), bytes.size(), &handle);
    if (code != kSuccess) return {code, handle == untouched<NvSciSyncAttrList>() || handle == nullptr ? "" : "a list"};
    const SyncList list(handle);
    std::string harm = read_everything(list);
    const NvSciSyncAttrList lists[] = {sync_own_, list};
    NvSciSyncAttrList reconciled = nullptr;
    NvSciSyncAttrList conflict = nullptr;
    if (NvSciSyncAttrListReconcile(lists, 2, &reconciled, &conflict) == kSuccess) {
        harm += read_everything(reconciled);
        void* blob = nullptr;
        std::size_t size = 0;
        if (NvSciSyncAttrListIpcExportReconciled(reconciled, channel_.exporter(), &blob, &size) == kSuccess)
            NvSciSyncAttrListFreeDesc(blob);
    }
    NvSciSyncAttrListFree(reconciled);
    NvSciSyncAttrListFree(conflict);
    return {code, harm};
}

Imported Blobs::take_sync_reconciled(const Bytes& bytes) {
    auto handle = untouched<NvSciSyncAttrList>();
    const NvSciSyncAttrList lists[] = {sync_waiter_};
    const NvSciError code = NvSciSyncAttrListIpcImportReconciled(sync_module_, channel_.importer(), bytes.data(),
                                                                 bytes.size(), lists, 1, &handle);
    if (code != kSuccess) return {code, handle == untouched<NvSciSyncAttrList>() || handle == nullptr ? "" : "a list"};
    const SyncList list(handle);
    std::string harm = read_everything(list);
    NvSciSyncObj object = nullptr;
    if (NvSciSyncObjAlloc(list, &object) == kSuccess) NvSciSyncObjFree(object);
    const Bytes valid = sync_object();
    NvSciSyncObjIpcExportDescriptor descriptor;
    std::memcpy(&descriptor, valid.data(), sizeof(descriptor));
    if (NvSciSyncObjIpcImport(channel_.importer(), &descriptor, list, NvSciSyncAccessPerm_Auto, 0, &object) ==
        kSuccess) {
        harm += use(object);
        NvSciSyncObjFree(object);
    } else {
        (void)take_sync_object(valid);
    }
    return {code, harm};
}

// A waiter can neither make a fence nor signal one.
std::string Blobs::use(NvSciSyncObj object) const {
    NvSciSyncAttrList list = nullptr;
    if (NvSciSyncObjGetAttrList(object, &list) != kSuccess) return "an object has no list";
    std::string harm = read_everything(list);
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    if (NvSciSyncObjGenerateFence(object, &fence) == kSuccess || NvSciSyncObjSignal(object) == kSuccess)
        harm += "a waiter may signal";
    if (NvSciSyncFenceUpdateFence(object, 0, ~0ULL, &fence) == kSuccess) {
        (void)NvSciSyncFenceWait(&fence, context_, 0);
        NvSciSyncFenceClear(&fence);
    }
    return harm;
}

Imported Blobs::take_sync_object(const Bytes& bytes) {
    NvSciSyncObjIpcExportDescriptor descriptor{};
    std::memcpy(&descriptor, bytes.data(), std::min(bytes.size(), sizeof(descriptor)));
    auto handle = untouched<NvSciSyncObj>();
    const NvSciError code =
        NvSciSyncObjIpcImport(channel_.importer(), &descriptor, sync_imported_, NvSciSyncAccessPerm_Auto, 0, &handle);
    if (code != kSuccess) return {code, handle == untouched<NvSciSyncObj>() || handle == nullptr ? "" : "an object"};
    const SyncObject object(handle);
    return {code, use(object)};
}

Imported Blobs::take_sync_list_and_object(const Bytes& bytes) {
    auto handle = untouched<NvSciSyncObj>();
    const NvSciSyncAttrList lists[] = {sync_waiter_};
    const NvSciError code = NvSciSyncIpcImportAttrListAndObj(
        sync_module_, channel_.importer(), bytes.data(), bytes.size(), lists, 1, NvSciSyncAccessPerm_Auto, 0, &handle);
    if (code != kSuccess) return {code, handle == untouched<NvSciSyncObj>() || handle == nullptr ? "" : "an object"};
    const SyncObject object(handle);
    return {code, use(object)};
}

// A fence that was never signaled is not reached, whatever the bytes say of its value.
Imported Blobs::take_sync_fence(const Bytes& bytes) {
    NvSciSyncFenceIpcExportDescriptor descriptor{};
    std::memcpy(&descriptor, bytes.data(), std::min(bytes.size(), sizeof(descriptor)));
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    const NvSciError code = NvSciSyncIpcImportFence(sync_imported_object_, &descriptor, &fence);
    if (code != kSuccess) return {code, ""};
    (void)NvSciSyncFenceWait(&fence, context_, 0);
    NvSciSyncTaskStatus status{};
    (void)NvSciSyncFenceGetTaskStatus(&fence, &status);
    std::uint64_t time = 0;
    (void)NvSciSyncFenceGetTimestamp(&fence, &time);
    NvSciSyncFenceIpcExportDescriptor again{};
    (void)NvSciSyncIpcExportFence(&fence, channel_.importer(), &again);
    NvSciSyncFenceClear(&fence);
    return {code, ""};
}

}  // namespace opennvsci::test
