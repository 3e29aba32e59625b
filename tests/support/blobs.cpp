// SPDX-License-Identifier: Apache-2.0
#include "blobs.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "buf/keys.h"
#include "list_functions.h"
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

// As much of a descriptor as there are bytes; the rest is zero.
template <class Descriptor>
Descriptor beginning_as(const Bytes& bytes) {
    Descriptor descriptor{};
    std::copy_n(bytes.begin(), std::min(bytes.size(), sizeof(descriptor)),
                std::as_writable_bytes(std::span(&descriptor, 1)).begin());
    return descriptor;
}

// Where an output was not written, which a failing call may not do either.
template <class Handle>
Handle untouched() {
    return reinterpret_cast<Handle>(std::uintptr_t{0x1111});
}

// What an import came to, which stored `handle`: a list or an object, which is used and freed, or nothing.
template <class Owner, class Handle, class Use>
Imported outcome(NvSciError code, Handle handle, const char* what, Use&& use) {
    if (code != kSuccess) return {code, handle == untouched<Handle>() || handle == nullptr ? "" : what};
    const Owner owner(handle);
    return {code, use(handle)};
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

struct Blobs::Buf : ListFunctions<NvSciBufAttrList> {
    using List = NvSciBufAttrList;
    using Object = NvSciBufObj;
    using ListOwner = BufList;
    using ObjectOwner = BufObject;
    using Descriptor = NvSciBufObjIpcExportDescriptor;
    static constexpr auto kAuto = NvSciBufAccessPerm_Auto;
    static constexpr auto allocate = NvSciBufObjAlloc;
    static constexpr auto export_object = NvSciBufObjIpcExport;
    static constexpr auto import_object = NvSciBufObjIpcImport;
    static constexpr auto export_list_and_object = NvSciBufIpcExportAttrListAndObj;
    static constexpr auto import_list_and_object = NvSciBufIpcImportAttrListAndObj;
    static constexpr auto free_joint_blob = NvSciBufAttrListAndObjFreeDesc;
    static auto& in(Blobs& blobs) { return blobs.buf_; }
};

struct Blobs::Sync : ListFunctions<NvSciSyncAttrList> {
    using List = NvSciSyncAttrList;
    using Object = NvSciSyncObj;
    using ListOwner = SyncList;
    using ObjectOwner = SyncObject;
    using Descriptor = NvSciSyncObjIpcExportDescriptor;
    static constexpr auto kAuto = NvSciSyncAccessPerm_Auto;
    static constexpr auto allocate = NvSciSyncObjAlloc;
    static constexpr auto export_object = NvSciSyncObjIpcExport;
    static constexpr auto import_object = NvSciSyncObjIpcImport;
    static constexpr auto export_list_and_object = NvSciSyncIpcExportAttrListAndObj;
    static constexpr auto import_list_and_object = NvSciSyncIpcImportAttrListAndObj;
    static constexpr auto free_joint_blob = NvSciSyncAttrListAndObjFreeDesc;
    static auto& in(Blobs& blobs) { return blobs.sync_; }
};

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
    SET_UP(NvSciBufModuleOpen(buf_.module.out()));
    SET_UP(NvSciSyncModuleOpen(sync_.module.out()));
    SET_UP(NvSciSyncCpuWaitContextAlloc(sync_.module, context_.out()));

    const bool yes = true;
    const NvSciBufType type = NvSciBufType_RawBuffer;
    const NvSciBufAttrValAccessPerm write = NvSciBufAccessPerm_ReadWrite;
    const NvSciBufAttrValAccessPerm read = NvSciBufAccessPerm_Readonly;
    using Pair = NvSciBufAttrKeyValuePair;
    SET_UP(NvSciBufAttrListCreate(buf_.module, buf_.own.out()));
    set_pairs(NvSciBufAttrListSetAttrs, buf_.own,
              std::vector<Pair>{{NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
                                {NvSciBufRawBufferAttrKey_Size, &kSize, sizeof(kSize)},
                                {NvSciBufGeneralAttrKey_RequiredPerm, &write, sizeof(write)},
                                {NvSciBufGeneralAttrKey_NeedCpuAccess, &yes, sizeof(yes)}});
    SET_UP(NvSciBufAttrListCreate(buf_.module, buf_.asked.out()));
    set_pairs(NvSciBufAttrListSetAttrs, buf_.asked,
              std::vector<Pair>{{NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
                                {NvSciBufGeneralAttrKey_RequiredPerm, &read, sizeof(read)},
                                {NvSciBufGeneralAttrKey_NeedCpuAccess, &yes, sizeof(yes)}});
    exchange_lists<Buf>();

    using SyncPair = NvSciSyncAttrKeyValuePair;
    const NvSciSyncAccessPerm signal = NvSciSyncAccessPerm_SignalOnly;
    const NvSciSyncAccessPerm wait = NvSciSyncAccessPerm_WaitOnly;
    SET_UP(NvSciSyncAttrListCreate(sync_.module, sync_.own.out()));
    set_pairs(NvSciSyncAttrListSetAttrs, sync_.own,
              std::vector<SyncPair>{{NvSciSyncAttrKey_NeedCpuAccess, &yes, sizeof(yes)},
                                    {NvSciSyncAttrKey_RequiredPerm, &signal, sizeof(signal)}});
    SET_UP(NvSciSyncAttrListCreate(sync_.module, sync_.asked.out()));
    set_pairs(NvSciSyncAttrListSetAttrs, sync_.asked,
              std::vector<SyncPair>{{NvSciSyncAttrKey_NeedCpuAccess, &yes, sizeof(yes)},
                                    {NvSciSyncAttrKey_RequiredPerm, &wait, sizeof(wait)}});
    exchange_lists<Sync>();
    const Bytes exported = object<Sync>();
    NvSciSyncObjIpcExportDescriptor descriptor;
    std::memcpy(&descriptor, exported.data(), sizeof(descriptor));
    SET_UP(NvSciSyncObjIpcImport(channel_.importer(), &descriptor, sync_.imported, NvSciSyncAccessPerm_WaitOnly, 0,
                                 sync_imported_object_.out()));
}

Blobs::~Blobs() = default;

// What the importer asks and the exporter has, reconciled; the object; the result at the importer.
template <class Of>
void Blobs::exchange_lists() {
    auto& side = Of::in(*this);
    const Bytes asked = unreconciled<Of>();
    SET_UP(Of::import_unreconciled(side.module, channel_.exporter(), asked.data(), asked.size(), side.theirs.out()));
    const typename Of::List lists[] = {side.own, side.theirs};
    typename Of::ListOwner conflict;
    SET_UP(Of::reconcile(lists, 2, side.reconciled.out(), conflict.out()));
    SET_UP(Of::allocate(side.reconciled, side.object.out()));
    const Bytes list = reconciled<Of>();
    SET_UP(Of::import_reconciled(side.module, channel_.importer(), list.data(), list.size(), nullptr, 0,
                                 side.imported.out()));
}

std::span<const Blobs::Kind> Blobs::kinds() {
    static constexpr Kind kKinds[] = {
        {"BufUnreconciled", &Blobs::unreconciled<Buf>, &Blobs::take_unreconciled<Buf>, true, false},
        {"BufReconciled", &Blobs::reconciled<Buf>, &Blobs::take_buf_reconciled, true, false},
        {"BufObject", &Blobs::object<Buf>, &Blobs::take_object<Buf>, false, true},
        {"BufListAndObject", &Blobs::list_and_object<Buf>, &Blobs::take_list_and_object<Buf>, true, true},
        {"SyncUnreconciled", &Blobs::unreconciled<Sync>, &Blobs::take_unreconciled<Sync>, true, false},
        {"SyncReconciled", &Blobs::reconciled<Sync>, &Blobs::take_sync_reconciled, true, false},
        {"SyncObject", &Blobs::object<Sync>, &Blobs::take_object<Sync>, false, true},
        {"SyncListAndObject", &Blobs::list_and_object<Sync>, &Blobs::take_list_and_object<Sync>, true, true},
        {"SyncFence", &Blobs::sync_fence, &Blobs::take_sync_fence, false, false},
    };
    return kKinds;
}

template <class Of>
Bytes Blobs::unreconciled() {
    void* blob = nullptr;
    std::size_t size = 0;
    const typename Of::List lists[] = {Of::in(*this).asked};
    SET_UP(Of::export_unreconciled(lists, 1, channel_.importer(), &blob, &size));
    return taken_over(blob, size, Of::free);
}

template <class Of>
Bytes Blobs::reconciled() {
    void* blob = nullptr;
    std::size_t size = 0;
    SET_UP(Of::export_reconciled(Of::in(*this).reconciled, channel_.exporter(), &blob, &size));
    return taken_over(blob, size, Of::free);
}

template <class Of>
Bytes Blobs::object() {
    typename Of::Descriptor descriptor{};
    SET_UP(Of::export_object(Of::in(*this).object, Of::kAuto, channel_.exporter(), &descriptor));
    return bytes_of_struct(descriptor);
}

template <class Of>
Bytes Blobs::list_and_object() {
    void* blob = nullptr;
    std::size_t size = 0;
    SET_UP(Of::export_list_and_object(Of::in(*this).object, Of::kAuto, channel_.exporter(), &blob, &size));
    return taken_over(blob, size, Of::free_joint_blob);
}

// The next one is never signaled.
Bytes Blobs::sync_fence() {
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    SET_UP(NvSciSyncObjGenerateFence(sync_.object, &fence));
    NvSciSyncFenceIpcExportDescriptor descriptor{};
    SET_UP(NvSciSyncIpcExportFence(&fence, channel_.exporter(), &descriptor));
    NvSciSyncFenceClear(&fence);
    return bytes_of_struct(descriptor);
}

template <class Of>
Imported Blobs::take_unreconciled(const Bytes& bytes) {
    auto& side = Of::in(*this);
    auto handle = untouched<typename Of::List>();
    const NvSciError code =
        Of::import_unreconciled(side.module, channel_.exporter(), bytes.data(), bytes.size(), &handle);
    return outcome<typename Of::ListOwner>(code, handle, "a list", [&](typename Of::List list) {
        std::string harm = read_everything(list);
        const typename Of::List lists[] = {side.own, list};
        typename Of::ListOwner result;
        typename Of::ListOwner conflict;
        if (Of::reconcile(lists, 2, result.out(), conflict.out()) == kSuccess) {
            harm += read_everything(result);
            void* blob = nullptr;
            std::size_t size = 0;
            if (Of::export_reconciled(result, channel_.exporter(), &blob, &size) == kSuccess) Of::free(blob);
        }
        return harm;
    });
}

Imported Blobs::take_buf_reconciled(const Bytes& bytes) {
    auto handle = untouched<NvSciBufAttrList>();
    const NvSciBufAttrList lists[] = {buf_.asked};
    const NvSciError code = NvSciBufAttrListIpcImportReconciled(buf_.module, channel_.importer(), bytes.data(),
                                                                bytes.size(), lists, 1, &handle);
    return outcome<BufList>(code, handle, "a list", [&](NvSciBufAttrList list) {
        std::string harm = read_everything(list);
        // What it says of a size may be false; then no object may be made of it, by import or by allocation, that
        // has less.
        NvSciBufObj made = nullptr;
        if (NvSciBufObjAlloc(list, &made) == kSuccess) {
            harm += use(made);
            NvSciBufObjFree(made);
        }
        const Bytes valid = object<Buf>();
        NvSciBufObjIpcExportDescriptor descriptor;
        std::memcpy(&descriptor, valid.data(), sizeof(descriptor));
        if (NvSciBufObjIpcImport(channel_.importer(), &descriptor, list, NvSciBufAccessPerm_Readonly, 0, &made) ==
            kSuccess) {
            harm += use(made);
            NvSciBufObjFree(made);
        } else {
            (void)take_object<Buf>(valid);
        }
        return harm;
    });
}

// Reads from its beginning to its end: it must be as long as its list says.
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

// A reader does not get to write.
std::string Blobs::use_imported(NvSciBufObj object) const {
    void* writable = nullptr;
    std::string harm = use(object);
    if (NvSciBufObjGetCpuPtr(object, &writable) == kSuccess) harm += "a reader may write";
    return harm;
}

template <class Of>
Imported Blobs::take_object(const Bytes& bytes) {
    const auto descriptor = beginning_as<typename Of::Descriptor>(bytes);
    auto handle = untouched<typename Of::Object>();
    const NvSciError code =
        Of::import_object(channel_.importer(), &descriptor, Of::in(*this).imported, Of::kAuto, 0, &handle);
    return outcome<typename Of::ObjectOwner>(code, handle, "an object",
                                             [&](typename Of::Object object) { return use_imported(object); });
}

template <class Of>
Imported Blobs::take_list_and_object(const Bytes& bytes) {
    auto& side = Of::in(*this);
    auto handle = untouched<typename Of::Object>();
    const typename Of::List lists[] = {side.asked};
    const NvSciError code = Of::import_list_and_object(side.module, channel_.importer(), bytes.data(), bytes.size(),
                                                       lists, 1, Of::kAuto, 0, &handle);
    return outcome<typename Of::ObjectOwner>(code, handle, "an object",
                                             [&](typename Of::Object object) { return use_imported(object); });
}

Imported Blobs::take_sync_reconciled(const Bytes& bytes) {
    auto handle = untouched<NvSciSyncAttrList>();
    const NvSciSyncAttrList lists[] = {sync_.asked};
    const NvSciError code = NvSciSyncAttrListIpcImportReconciled(sync_.module, channel_.importer(), bytes.data(),
                                                                 bytes.size(), lists, 1, &handle);
    return outcome<SyncList>(code, handle, "a list", [&](NvSciSyncAttrList list) {
        std::string harm = read_everything(list);
        NvSciSyncObj made = nullptr;
        if (NvSciSyncObjAlloc(list, &made) == kSuccess) NvSciSyncObjFree(made);
        const Bytes valid = object<Sync>();
        NvSciSyncObjIpcExportDescriptor descriptor;
        std::memcpy(&descriptor, valid.data(), sizeof(descriptor));
        if (NvSciSyncObjIpcImport(channel_.importer(), &descriptor, list, NvSciSyncAccessPerm_Auto, 0, &made) ==
            kSuccess) {
            harm += use(made);
            NvSciSyncObjFree(made);
        } else {
            (void)take_object<Sync>(valid);
        }
        return harm;
    });
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

std::string Blobs::use_imported(NvSciSyncObj object) const {
    return use(object);
}

// A fence that was never signaled is not reached, whatever the bytes say of its value.
Imported Blobs::take_sync_fence(const Bytes& bytes) {
    const auto descriptor = beginning_as<NvSciSyncFenceIpcExportDescriptor>(bytes);
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
