// SPDX-License-Identifier: Apache-2.0
#include "nvscisync.h"

#include <fmt/format.h>

#include <cstring>
#include <span>

#include "api/library.h"
#include "sync/attach.h"
#include "sync/cpu_wait.h"
#include "sync/fence_exchange.h"
#include "sync/keys.h"
#include "sync/list_exchange.h"
#include "sync/object_exchange.h"
#include "sync/reconcile.h"

using namespace opennvsci;  // NOLINT(google-build-using-namespace): extern "C" functions stand outside
using api::acquire;
using api::null_argument;
using sync::Fence;
using sync::cpu::WaitMode;

namespace {

struct Description {
    using Module = NvSciSyncModule;
    using List = NvSciSyncAttrList;
    using Object = NvSciSyncObj;
    using Pair = NvSciSyncAttrKeyValuePair;
    using ObjectEntry = api::SyncObjectEntry;
    static constexpr std::uint32_t kMajor = NvSciSyncMajorVersion;
    static constexpr std::uint32_t kMinor = NvSciSyncMinorVersion;
    static_assert(kMajor == OPENNVSCI_NVSCISYNC_VERSION_MAJOR && kMinor == OPENNVSCI_NVSCISYNC_VERSION_MINOR);
    static constexpr auto schema = sync::schema;
    static constexpr auto modules = api::sync_modules;
    static constexpr auto lists = api::sync_lists;
    static constexpr auto objects = api::sync_objects;
    static constexpr auto reconcile = sync::reconcile;
    static constexpr NvSciError kMismatch = NvSciError_BadParameter;
    static constexpr NvSciError kTwiceAtImport = NvSciError_BadParameter;
    static constexpr bool kSkipsEmptyArrays = true;
    static constexpr api::BlobKind kListBlob = api::BlobKind::sync_list;
    static constexpr auto validate = sync::validate;
    static constexpr auto attach_peers = sync::attach_peers;
    static constexpr api::BlobKind kJointBlob = api::BlobKind::sync_list_and_object;
    static constexpr NvSciError kJointMismatch = NvSciError_BadParameter;
    static constexpr auto wire = sync::wire_library;
    static constexpr auto complete_for_export = sync::complete_for_export;
    static constexpr auto view_for_peer = sync::view_for_peer;
    static constexpr auto check_result = sync::check_result;
    using Permission = NvSciSyncAccessPerm;
    /// No other permissions (nvscisync.md 7 and 8.5).
    static Result<> check_joint(api::Argument<Permission> permission) {
        if (permission.value == NvSciSyncAccessPerm_WaitOnly || permission.value == NvSciSyncAccessPerm_Auto) return {};
        return fail_unmet(NvSciError_BadParameter,
                          {permission.name, fmt::format("{:#x}", permission.value), "WaitOnly or Auto"},
                          "{what} are {found}, and must be {needed}; NvSciSyncObjIpcExport and NvSciSyncObjIpcImport "
                          "take the others");
    }
    using ObjectDescriptor = NvSciSyncObjIpcExportDescriptor;
    static constexpr auto export_object = sync::export_object;
    static constexpr auto import_object = sync::import_object;
};
using Sync = api::Library<Description>;

Result<Fence> read_fence(const NvSciSyncFence* fence) {
    if (fence == nullptr) return null_argument("syncFence");
    return Fence::read(*fence);
}

/// A fence that must not be cleared.
Result<Fence> read_set_fence(const NvSciSyncFence* fence) {
    OPENNVSCI_TRY_ASSIGN(read, read_fence(fence));
    if (read.is_cleared()) return fail(NvSciError_ClearedFence, "the fence is cleared");
    return read;
}

Result<> require_slot(std::uint32_t slot) {
    if (slot < sync::kSlots) return {};
    return fail(NvSciError_BadParameter, fmt::format("slot {} does not exist: there are {}", slot, sync::kSlots));
}

Result<WaitMode> wait_mode(std::uint32_t mode) {
    switch (mode) {
        case NvSciSyncWaitMode_Default:
            return WaitMode::adaptive;
        case NvSciSyncWaitMode_BusyWithYield:
            return WaitMode::yielding;
        case NvSciSyncWaitMode_BusyNoYield:
            return WaitMode::spinning;
        case NvSciSyncWaitMode_Blocking:
            return fail(NvSciError_UnsupportedConfig, "only syncpoints can be waited for in the mode Blocking");
        default:
            return fail(NvSciError_BadParameter, fmt::format("{} is no wait mode", mode));
    }
}

Result<> wait(const NvSciSyncFence* fence, NvSciSyncCpuWaitContext context, int64_t timeout_us, std::uint32_t mode) {
    OPENNVSCI_TRY_ASSIGN(read, read_fence(fence));
    const attr::Module* module = nullptr;
    {
        OPENNVSCI_TRY_ASSIGN(owner, acquire(api::cpu_wait_contexts(), context, "context"));
        module = owner->module.get();
    }
    if (timeout_us < -1 || timeout_us > NvSciSyncFenceMaxTimeout) {
        return fail_unmet(NvSciError_BadParameter,
                          {"timeoutUs", std::to_string(timeout_us), fmt::format("-1 to {}", NvSciSyncFenceMaxTimeout)},
                          "timeoutUs is {found}, and must be {needed}");
    }
    OPENNVSCI_TRY_ASSIGN(how, wait_mode(mode));
    return sync::cpu::wait(read, module, timeout_us == NvSciSyncFenceMaxTimeout ? sync::cpu::kForever : timeout_us,
                           how);
}

}  // namespace

// Module, wait context

NvSciError NvSciSyncModuleOpen(NvSciSyncModule* newModule) {
    return Sync::open_module(__func__, OPENNVSCI_ARG(newModule));
}

void NvSciSyncModuleClose(NvSciSyncModule module) {
    Sync::close_module(__func__, module);
}

NvSciError NvSciSyncCpuWaitContextAlloc(NvSciSyncModule module, NvSciSyncCpuWaitContext* newContext) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(owner, acquire(api::sync_modules(), module, "module"));
        if (newContext == nullptr) return null_argument("newContext");
        return api::give_handle(api::cpu_wait_contexts(), api::WaitContext{*owner}, newContext);
    });
}

void NvSciSyncCpuWaitContextFree(NvSciSyncCpuWaitContext context) {
    api::free_handle(__func__, api::cpu_wait_contexts(), context);
}

NvSciError NvSciSyncCheckVersionCompatibility(uint32_t majorVer, uint32_t minorVer, bool* isCompatible) {
    return Sync::check_version(__func__, majorVer, minorVer, OPENNVSCI_ARG(isCompatible));
}

// Lists

NvSciError NvSciSyncAttrListCreate(NvSciSyncModule module, NvSciSyncAttrList* attrList) {
    return Sync::create_list(__func__, OPENNVSCI_ARG(module), OPENNVSCI_ARG(attrList));
}

void NvSciSyncAttrListFree(NvSciSyncAttrList attrList) {
    Sync::free_list(__func__, attrList);
}

NvSciError NvSciSyncAttrListIsReconciled(NvSciSyncAttrList attrList, bool* isReconciled) {
    return Sync::is_reconciled(__func__, OPENNVSCI_ARG(attrList), OPENNVSCI_ARG(isReconciled));
}

NvSciError NvSciSyncAttrListSetAttrs(NvSciSyncAttrList attrList, const NvSciSyncAttrKeyValuePair* pairArray,
                                     size_t pairCount) {
    return Sync::set(__func__, OPENNVSCI_ARG(attrList), OPENNVSCI_ARG(pairArray), pairCount);
}

NvSciError NvSciSyncAttrListGetAttrs(NvSciSyncAttrList attrList, NvSciSyncAttrKeyValuePair* pairArray,
                                     size_t pairCount) {
    return Sync::get(__func__, OPENNVSCI_ARG(attrList), 0, OPENNVSCI_ARG(pairArray), pairCount);
}

NvSciError NvSciSyncAttrListSlotGetAttrs(NvSciSyncAttrList attrList, size_t slotIndex,
                                         NvSciSyncAttrKeyValuePair* pairArray, size_t pairCount) {
    return Sync::get(__func__, OPENNVSCI_ARG(attrList), slotIndex, OPENNVSCI_ARG(pairArray), pairCount);
}

NvSciError NvSciSyncAttrListGetAttr(NvSciSyncAttrList attrList, NvSciSyncAttrKey key, const void** value, size_t* len) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::sync_lists(), attrList, "attrList"));
        if (value == nullptr) return null_argument("value");
        if (len == nullptr) return null_argument("len");
        OPENNVSCI_TRY_ASSIGN(found, (*entry)->list->get(0, load<std::uint32_t>(&key)));
        *value = found.empty() ? nullptr : found.data();
        *len = found.size();
        return {};
    });
}

size_t NvSciSyncAttrListGetSlotCount(NvSciSyncAttrList attrList) {
    return Sync::slot_count(__func__, OPENNVSCI_ARG(attrList));
}

NvSciError NvSciSyncAttrListAppendUnreconciled(const NvSciSyncAttrList inputUnreconciledAttrListArray[],
                                               size_t inputUnreconciledAttrListCount,
                                               NvSciSyncAttrList* newUnreconciledAttrList) {
    return Sync::append_lists(__func__, {inputUnreconciledAttrListArray, inputUnreconciledAttrListCount},
                              OPENNVSCI_ARG(newUnreconciledAttrList));
}

NvSciError NvSciSyncAttrListClone(NvSciSyncAttrList origAttrList, NvSciSyncAttrList* newAttrList) {
    return Sync::clone_list(__func__, OPENNVSCI_ARG(origAttrList), OPENNVSCI_ARG(newAttrList));
}

NvSciError NvSciSyncAttrListReconcile(const NvSciSyncAttrList inputArray[], size_t inputCount,
                                      NvSciSyncAttrList* newReconciledList, NvSciSyncAttrList* newConflictList) {
    return Sync::reconcile(__func__, {inputArray, inputCount}, OPENNVSCI_ARG(newReconciledList),
                           OPENNVSCI_ARG(newConflictList));
}

NvSciError NvSciSyncAttrListValidateReconciled(NvSciSyncAttrList reconciledAttrList,
                                               const NvSciSyncAttrList inputUnreconciledAttrListArray[],
                                               size_t inputUnreconciledAttrListCount, bool* isReconciledListValid) {
    return Sync::validate(__func__, OPENNVSCI_ARG(reconciledAttrList),
                          {inputUnreconciledAttrListArray, inputUnreconciledAttrListCount},
                          OPENNVSCI_ARG(isReconciledListValid));
}

NvSciError NvSciSyncAttrListValidateReconciledAgainstAttrs(NvSciSyncAttrList, const NvSciSyncAttrKeyValuePair*, size_t,
                                                           NvSciSyncAccessPerm) {
    return NvSciError_Success;
}

NvSciError NvSciSyncAttrListDebugDump(NvSciSyncAttrList, void**, size_t*) {
    return api::call(__func__, []() -> Result<> {
        return fail(NvSciError_NotSupported, "deprecated; opennvsciSyncAttrListGetDecisions shows a reconciled list");
    });
}

// Objects

NvSciError NvSciSyncObjAlloc(NvSciSyncAttrList reconciledList, NvSciSyncObj* syncObj) {
    return Sync::allocate(__func__, OPENNVSCI_ARG(reconciledList), OPENNVSCI_ARG(syncObj));
}

NvSciError NvSciSyncAttrListReconcileAndObjAlloc(const NvSciSyncAttrList inputArray[], size_t inputCount,
                                                 NvSciSyncObj* syncObj, NvSciSyncAttrList* newConflictList) {
    return Sync::reconcile_and_allocate(__func__, {inputArray, inputCount}, OPENNVSCI_ARG(syncObj),
                                        OPENNVSCI_ARG(newConflictList));
}

NvSciError NvSciSyncObjDup(NvSciSyncObj syncObj, NvSciSyncObj* dupObj) {
    return Sync::dup_object(__func__, OPENNVSCI_ARG(syncObj), OPENNVSCI_ARG(dupObj));
}

NvSciError NvSciSyncObjGetAttrList(NvSciSyncObj syncObj, NvSciSyncAttrList* syncAttrList) {
    return Sync::list_of_object(__func__, OPENNVSCI_ARG(syncObj), OPENNVSCI_ARG(syncAttrList));
}

void NvSciSyncObjFree(NvSciSyncObj syncObj) {
    Sync::free_object(__func__, syncObj);
}

NvSciError NvSciSyncObjValidate(NvSciSyncObj) {
    return NvSciError_Success;
}

NvSciError NvSciSyncObjAttachPeer(NvSciSyncObj syncObj, const NvSciSyncAttrList inputArray[], size_t inputCount) {
    return Sync::attach_peer(__func__, OPENNVSCI_ARG(syncObj), {inputArray, inputCount});
}

NvSciError NvSciSyncFillC2cAttrs(NvSciSyncAttrList unrecAttrList, NvSciSyncAccessPerm permissions) {
    const NvSciSyncAttrKeyValuePair pairs[] = {
        {NvSciSyncAttrKey_RequiredPerm, &permissions, sizeof(permissions)},
        {NvSciSyncAttrKey_PrimitiveInfo, sync::kPrimitivesOfThisMachine.data(), sizeof(sync::kPrimitivesOfThisMachine)},
    };
    return Sync::set(__func__, OPENNVSCI_ARG(unrecAttrList), {pairs, "pairs"}, std::size(pairs));
}

// Fences

void NvSciSyncFenceClear(NvSciSyncFence* syncFence) {
    if (syncFence != nullptr) *syncFence = NvSciSyncFenceInitializer;
}

NvSciError NvSciSyncFenceDup(const NvSciSyncFence* srcSyncFence, NvSciSyncFence* dstSyncFence) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(fence, read_fence(srcSyncFence));
        if (dstSyncFence == nullptr) return null_argument("dstSyncFence");
        if (srcSyncFence == dstSyncFence) return fail(NvSciError_BadParameter, "source and destination are the same");
        fence.write(*dstSyncFence);
        return {};
    });
}

NvSciError NvSciSyncObjGenerateFence(NvSciSyncObj syncObj, NvSciSyncFence* syncFence) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::sync_objects(), syncObj, "syncObj"));
        if (syncFence == nullptr) return null_argument("syncFence");
        trace::when_on([&] { trace::note_address("handle", api::number(syncObj)); });
        OPENNVSCI_TRY_ASSIGN(fence, entry->object()->generate_fence());
        trace::when_on([&] { sync::note_fence(entry->object()->timeline(), fence.value); });
        fence.write(*syncFence);
        return {};
    });
}

NvSciError NvSciSyncObjSignal(NvSciSyncObj syncObj) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::sync_objects(), syncObj, "syncObj"));
        trace::when_on([&] { trace::note_address("handle", api::number(syncObj)); });
        OPENNVSCI_TRY_ASSIGN(value, entry->object()->signal());
        trace::when_on([&] { sync::note_signal(entry->object()->timeline(), value); });
        return {};
    });
}

NvSciError NvSciSyncFenceWait(const NvSciSyncFence* syncFence, NvSciSyncCpuWaitContext context, int64_t timeoutUs) {
    return api::call(__func__, [&] { return wait(syncFence, context, timeoutUs, NvSciSyncWaitMode_Default); });
}

NvSciError NvSciSyncFenceWaitWithMode(const NvSciSyncFence* syncFence, NvSciSyncCpuWaitContext context,
                                      int64_t timeoutUs, NvSciSyncWaitMode waitMode) {
    return api::call(__func__, [&] { return wait(syncFence, context, timeoutUs, load<std::uint32_t>(&waitMode)); });
}

NvSciError NvSciSyncFenceExtractFence(const NvSciSyncFence* syncFence, uint64_t* id, uint64_t* value) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(fence, read_set_fence(syncFence));
        if (id == nullptr) return null_argument("id");
        if (value == nullptr) return null_argument("value");
        *id = 0;
        *value = fence.visible_value();
        return {};
    });
}

NvSciError NvSciSyncFenceUpdateFence(NvSciSyncObj syncObj, uint64_t id, uint64_t value, NvSciSyncFence* syncFence) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::sync_objects(), syncObj, "syncObj"));
        if (syncFence == nullptr) return null_argument("syncFence");
        OPENNVSCI_TRY_ASSIGN(fence, entry->object()->make_fence(id, value));
        fence.write(*syncFence);
        return {};
    });
}

NvSciError NvSciSyncFenceAddTimestampSlot(NvSciSyncFence* syncFence, uint32_t timestampSlot) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(fence, read_set_fence(syncFence));
        OPENNVSCI_TRY(sync::cpu::require_timestamps(fence));
        OPENNVSCI_TRY(require_slot(timestampSlot));
        fence.timestamp_slot = timestampSlot;
        fence.write(*syncFence);
        return {};
    });
}

NvSciError NvSciSyncFenceAddTaskStatusSlot(NvSciSyncFence* syncFence, uint32_t taskStatusSlot) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(fence, read_set_fence(syncFence));
        OPENNVSCI_TRY(require_slot(taskStatusSlot));
        fence.task_status_slot = taskStatusSlot;
        fence.write(*syncFence);
        return {};
    });
}

NvSciError NvSciSyncFenceExtractTimestampSlot(NvSciSyncFence* syncFence, uint32_t* timeStampSlot) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(fence, read_set_fence(syncFence));
        if (timeStampSlot == nullptr) return null_argument("timeStampSlot");
        OPENNVSCI_TRY(sync::cpu::require_timestamps(fence));
        *timeStampSlot = fence.timestamp_slot;
        return {};
    });
}

NvSciError NvSciSyncFenceGetTimestamp(const NvSciSyncFence* syncFence, uint64_t* timestampUS) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(fence, read_set_fence(syncFence));
        if (timestampUS == nullptr) return null_argument("timestampUS");
        OPENNVSCI_TRY_ASSIGN(timestamp, sync::cpu::timestamp(fence));
        *timestampUS = timestamp;
        return {};
    });
}

NvSciError NvSciSyncFenceGetTaskStatus(const NvSciSyncFence* syncFence, NvSciSyncTaskStatus* taskStatus) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(fence, read_set_fence(syncFence));
        if (taskStatus == nullptr) return null_argument("taskStatus");
        OPENNVSCI_TRY_ASSIGN(status, sync::cpu::task_status(fence));
        *taskStatus = status;
        return {};
    });
}

// Exchange over NvSciIpc

NvSciError NvSciSyncAttrListIpcExportUnreconciled(const NvSciSyncAttrList unreconciledAttrListArray[],
                                                  size_t unreconciledAttrListCount, NvSciIpcEndpoint ipcEndpoint,
                                                  void** descBuf, size_t* descLen) {
    return Sync::export_unreconciled(__func__, {unreconciledAttrListArray, unreconciledAttrListCount},
                                     OPENNVSCI_ARG(ipcEndpoint), OPENNVSCI_ARG(descBuf), OPENNVSCI_ARG(descLen));
}

NvSciError NvSciSyncAttrListIpcExportReconciled(const NvSciSyncAttrList reconciledAttrList,
                                                NvSciIpcEndpoint ipcEndpoint, void** descBuf, size_t* descLen) {
    return Sync::export_reconciled(__func__, {reconciledAttrList, "reconciledAttrList"}, OPENNVSCI_ARG(ipcEndpoint),
                                   OPENNVSCI_ARG(descBuf), OPENNVSCI_ARG(descLen));
}

NvSciError NvSciSyncAttrListIpcImportUnreconciled(NvSciSyncModule module, NvSciIpcEndpoint ipcEndpoint,
                                                  const void* descBuf, size_t descLen,
                                                  NvSciSyncAttrList* importedUnreconciledAttrList) {
    return Sync::import_unreconciled(__func__, OPENNVSCI_ARG(module), OPENNVSCI_ARG(ipcEndpoint),
                                     OPENNVSCI_ARG(descBuf), descLen, OPENNVSCI_ARG(importedUnreconciledAttrList));
}

NvSciError NvSciSyncAttrListIpcImportReconciled(NvSciSyncModule module, NvSciIpcEndpoint ipcEndpoint,
                                                const void* descBuf, size_t descLen,
                                                const NvSciSyncAttrList inputUnreconciledAttrListArray[],
                                                size_t inputUnreconciledAttrListCount,
                                                NvSciSyncAttrList* importedReconciledAttrList) {
    return Sync::import_reconciled(__func__, OPENNVSCI_ARG(module), OPENNVSCI_ARG(ipcEndpoint), OPENNVSCI_ARG(descBuf),
                                   descLen, {inputUnreconciledAttrListArray, inputUnreconciledAttrListCount},
                                   OPENNVSCI_ARG(importedReconciledAttrList));
}

void NvSciSyncAttrListFreeDesc(void* descBuf) {
    Sync::free_list_blob(__func__, descBuf);
}

void NvSciSyncAttrListAndObjFreeDesc(void* attrListAndObjDescBuf) {
    Sync::free_joint_blob(__func__, attrListAndObjDescBuf);
}

NvSciError NvSciSyncObjIpcExport(NvSciSyncObj syncObj, NvSciSyncAccessPerm permissions, NvSciIpcEndpoint ipcEndpoint,
                                 NvSciSyncObjIpcExportDescriptor* desc) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::sync_objects(), syncObj, "syncObj"));
        OPENNVSCI_TRY_ASSIGN(endpoint, acquire(api::endpoints(), ipcEndpoint, "ipcEndpoint"));
        if (desc == nullptr) return null_argument("desc");
        trace::when_on([&] {
            trace::note_address("handle", api::number(syncObj));
            api::note_object(*entry->object());
        });
        OPENNVSCI_TRY_ASSIGN(exported, sync::export_object(*entry->object(), permissions, **endpoint));
        *desc = exported;
        api::Transfers::note(entry->object(), api::Transfer::Way::to_peer, **endpoint);
        return {};
    });
}

// The timeout is not used, and programs pass anything (nvscisync.md 8.5).
NvSciError NvSciSyncObjIpcImport(NvSciIpcEndpoint ipcEndpoint, const NvSciSyncObjIpcExportDescriptor* desc,
                                 NvSciSyncAttrList inputAttrList, NvSciSyncAccessPerm permissions, int64_t,
                                 NvSciSyncObj* syncObj) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(endpoint, acquire(api::endpoints(), ipcEndpoint, "ipcEndpoint"));
        if (desc == nullptr) return null_argument("desc");
        OPENNVSCI_TRY_ASSIGN(list, api::acquire_reconciled(api::sync_lists(), inputAttrList, "inputAttrList"));
        if (syncObj == nullptr) return null_argument("syncObj");
        OPENNVSCI_TRY_ASSIGN(object,
                             sync::import_object((*list)->module, *(*list)->list, *desc, permissions, **endpoint));
        api::Transfers::note(object, api::Transfer::Way::from_peer, **endpoint);
        return Sync::give_object(std::move(object), OPENNVSCI_ARG(syncObj));
    });
}

NvSciError NvSciSyncIpcExportAttrListAndObj(NvSciSyncObj syncObj, NvSciSyncAccessPerm permissions,
                                            NvSciIpcEndpoint ipcEndpoint, void** attrListAndObjDesc,
                                            size_t* attrListAndObjDescSize) {
    return Sync::export_list_and_object(__func__, OPENNVSCI_ARG(syncObj), OPENNVSCI_ARG(permissions),
                                        OPENNVSCI_ARG(ipcEndpoint), OPENNVSCI_ARG(attrListAndObjDesc),
                                        OPENNVSCI_ARG(attrListAndObjDescSize));
}

NvSciError NvSciSyncIpcImportAttrListAndObj(NvSciSyncModule module, NvSciIpcEndpoint ipcEndpoint,
                                            const void* attrListAndObjDesc, size_t attrListAndObjDescSize,
                                            NvSciSyncAttrList const attrList[], size_t attrListCount,
                                            NvSciSyncAccessPerm minPermissions, int64_t, NvSciSyncObj* syncObj) {
    return Sync::import_list_and_object(
        __func__, OPENNVSCI_ARG(module), OPENNVSCI_ARG(ipcEndpoint), OPENNVSCI_ARG(attrListAndObjDesc),
        attrListAndObjDescSize, {attrList, attrListCount}, OPENNVSCI_ARG(minPermissions), OPENNVSCI_ARG(syncObj));
}

NvSciError NvSciSyncIpcExportFence(const NvSciSyncFence* syncFence, NvSciIpcEndpoint ipcEndpoint,
                                   NvSciSyncFenceIpcExportDescriptor* desc) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(fence, read_fence(syncFence));
        OPENNVSCI_TRY(acquire(api::endpoints(), ipcEndpoint, "ipcEndpoint"));
        if (desc == nullptr) return null_argument("desc");
        OPENNVSCI_TRY_ASSIGN(exported, sync::export_fence(fence));
        *desc = exported;
        return {};
    });
}

NvSciError NvSciSyncIpcImportFence(NvSciSyncObj syncObj, const NvSciSyncFenceIpcExportDescriptor* desc,
                                   NvSciSyncFence* syncFence) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::sync_objects(), syncObj, "syncObj"));
        if (desc == nullptr) return null_argument("desc");
        if (syncFence == nullptr) return null_argument("syncFence");
        *syncFence = NvSciSyncFenceInitializer;  // whatever comes of it (nvscisync.md 9)
        OPENNVSCI_TRY_ASSIGN(fence, sync::import_fence(*entry->object(), *desc));
        fence.write(*syncFence);
        return {};
    });
}
