// SPDX-License-Identifier: Apache-2.0
#include "nvscisync.h"

#include <fmt/format.h>

#include "api/call.h"
#include "api/handles.h"
#include "api/interposer.h"
#include "api/lists.h"
#include "sync/cpu_wait.h"
#include "sync/keys.h"
#include "sync/reconcile.h"

using namespace opennvsci;  // NOLINT(google-build-using-namespace): extern "C" functions stand outside
using api::acquire;
using api::not_implemented;
using api::null_argument;
using api::report_unknown;
using api::UnreconciledLists;
using sync::Fence;
using sync::cpu::WaitMode;

namespace {

Result<api::ListRef> acquire_reconciled(NvSciSyncAttrList handle) {
    return api::acquire_reconciled(api::sync_lists(), handle, "the reconciled list");
}

Result<UnreconciledLists> unreconciled_lists(const NvSciSyncAttrList array[], size_t count) {
    return UnreconciledLists::acquire(api::sync_lists(), array, count);
}

/// Reconciles; after a failure stores the conflict list, if there is one.
Result<std::unique_ptr<attr::List>> reconcile(const UnreconciledLists& inputs, NvSciSyncAttrList* conflict) {
    const auto lists = inputs.lists();
    sync::Reconciliation reconciliation = sync::reconcile(lists);
    if (reconciliation.conflict != nullptr) {
        OPENNVSCI_TRY(
            api::give_list_handle(api::sync_lists(), inputs.module(), std::move(reconciliation.conflict), conflict));
    }
    return std::move(reconciliation.list);
}

Result<> allocate(const std::shared_ptr<attr::Module>& module, const attr::List& reconciled, NvSciSyncObj* out) {
    OPENNVSCI_TRY_ASSIGN(object, sync::Object::allocate(module, reconciled));
    return api::give_handle(api::sync_objects(), api::SyncObjectEntry(std::move(object)), out);
}

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
        module = owner->get();
    }
    if (timeout_us < -1 || timeout_us > NvSciSyncFenceMaxTimeout) {
        return fail(NvSciError_BadParameter,
                    fmt::format("timeoutUs is {}, and must be -1 to {}", timeout_us, NvSciSyncFenceMaxTimeout));
    }
    OPENNVSCI_TRY_ASSIGN(how, wait_mode(mode));
    return sync::cpu::wait(read, module, timeout_us == NvSciSyncFenceMaxTimeout ? sync::cpu::kForever : timeout_us,
                           how);
}

}  // namespace

// Module, wait context

NvSciError NvSciSyncModuleOpen(NvSciSyncModule* newModule) {
    return api::call(__func__, [&]() -> Result<> {
        if (newModule == nullptr) return null_argument("newModule");
        api::report_interposer();
        return api::give_handle(api::sync_modules(), std::make_shared<attr::Module>(), newModule);
    });
}

void NvSciSyncModuleClose(NvSciSyncModule module) {
    api::free_handle(__func__, api::sync_modules(), module);
}

NvSciError NvSciSyncCpuWaitContextAlloc(NvSciSyncModule module, NvSciSyncCpuWaitContext* newContext) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(owner, acquire(api::sync_modules(), module, "module"));
        if (newContext == nullptr) return null_argument("newContext");
        return api::give_handle(api::cpu_wait_contexts(), *owner, newContext);
    });
}

void NvSciSyncCpuWaitContextFree(NvSciSyncCpuWaitContext context) {
    api::free_handle(__func__, api::cpu_wait_contexts(), context);
}

NvSciError NvSciSyncCheckVersionCompatibility(uint32_t majorVer, uint32_t minorVer, bool* isCompatible) {
    return api::call(__func__, [&]() -> Result<> {
        if (isCompatible == nullptr) return null_argument("isCompatible");
        *isCompatible = majorVer == NvSciSyncMajorVersion && minorVer <= NvSciSyncMinorVersion;
        return {};
    });
}

// Lists

NvSciError NvSciSyncAttrListCreate(NvSciSyncModule module, NvSciSyncAttrList* attrList) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(owner, acquire(api::sync_modules(), module, "module"));
        if (attrList == nullptr) return null_argument("attrList");
        return api::give_list_handle(api::sync_lists(), *owner, std::make_unique<attr::List>(sync::schema()), attrList);
    });
}

void NvSciSyncAttrListFree(NvSciSyncAttrList attrList) {
    api::free_list(__func__, api::sync_lists(), attrList);
}

NvSciError NvSciSyncAttrListIsReconciled(NvSciSyncAttrList attrList, bool* isReconciled) {
    return api::is_list_reconciled(__func__, api::sync_lists(), attrList, isReconciled);
}

NvSciError NvSciSyncAttrListSetAttrs(NvSciSyncAttrList attrList, const NvSciSyncAttrKeyValuePair* pairArray,
                                     size_t pairCount) {
    return api::set_attributes(__func__, api::sync_lists(), attrList, pairArray, pairCount);
}

NvSciError NvSciSyncAttrListGetAttrs(NvSciSyncAttrList attrList, NvSciSyncAttrKeyValuePair* pairArray,
                                     size_t pairCount) {
    return api::get_attributes(__func__, api::sync_lists(), attrList, 0, pairArray, pairCount);
}

NvSciError NvSciSyncAttrListSlotGetAttrs(NvSciSyncAttrList attrList, size_t slotIndex,
                                         NvSciSyncAttrKeyValuePair* pairArray, size_t pairCount) {
    return api::get_attributes(__func__, api::sync_lists(), attrList, slotIndex, pairArray, pairCount);
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
    return api::slot_count(__func__, api::sync_lists(), attrList);
}

NvSciError NvSciSyncAttrListAppendUnreconciled(const NvSciSyncAttrList inputUnreconciledAttrListArray[],
                                               size_t inputUnreconciledAttrListCount,
                                               NvSciSyncAttrList* newUnreconciledAttrList) {
    return api::call(__func__, [&]() -> Result<> {
        if (newUnreconciledAttrList == nullptr) return null_argument("newUnreconciledAttrList");
        OPENNVSCI_TRY_ASSIGN(inputs,
                             unreconciled_lists(inputUnreconciledAttrListArray, inputUnreconciledAttrListCount));
        return api::give_list_handle(api::sync_lists(), inputs.module(), inputs.append(), newUnreconciledAttrList);
    });
}

NvSciError NvSciSyncAttrListClone(NvSciSyncAttrList origAttrList, NvSciSyncAttrList* newAttrList) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::sync_lists(), origAttrList, "origAttrList"));
        if (newAttrList == nullptr) return null_argument("newAttrList");
        return api::give_list_handle(api::sync_lists(), (*entry)->module, (*entry)->list->clone(), newAttrList);
    });
}

NvSciError NvSciSyncAttrListReconcile(const NvSciSyncAttrList inputArray[], size_t inputCount,
                                      NvSciSyncAttrList* newReconciledList, NvSciSyncAttrList* newConflictList) {
    if (newReconciledList != nullptr) *newReconciledList = nullptr;
    if (newConflictList != nullptr) *newConflictList = nullptr;
    return api::call(__func__, [&]() -> Result<> {
        if (newReconciledList == nullptr) return null_argument("newReconciledList");
        if (newConflictList == nullptr) return null_argument("newConflictList");
        OPENNVSCI_TRY_ASSIGN(inputs, unreconciled_lists(inputArray, inputCount));
        OPENNVSCI_TRY_ASSIGN(reconciled, reconcile(inputs, newConflictList));
        return api::give_list_handle(api::sync_lists(), inputs.module(), std::move(reconciled), newReconciledList);
    });
}

NvSciError NvSciSyncAttrListValidateReconciled(NvSciSyncAttrList reconciledAttrList,
                                               const NvSciSyncAttrList inputUnreconciledAttrListArray[],
                                               size_t inputUnreconciledAttrListCount, bool* isReconciledListValid) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire_reconciled(reconciledAttrList));
        if (isReconciledListValid == nullptr) return null_argument("isReconciledListValid");
        OPENNVSCI_TRY_ASSIGN(inputs,
                             unreconciled_lists(inputUnreconciledAttrListArray, inputUnreconciledAttrListCount));
        if (inputs.module() != (*entry)->module) {
            return fail(NvSciError_BadParameter, "the reconciled list belongs to another module");
        }
        *isReconciledListValid = false;
        OPENNVSCI_TRY(sync::validate((*entry)->list->reconciled(), inputs.lists()));
        *isReconciledListValid = true;
        return {};
    });
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
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire_reconciled(reconciledList));
        if (syncObj == nullptr) return null_argument("syncObj");
        return allocate((*entry)->module, *(*entry)->list, syncObj);
    });
}

NvSciError NvSciSyncAttrListReconcileAndObjAlloc(const NvSciSyncAttrList inputArray[], size_t inputCount,
                                                 NvSciSyncObj* syncObj, NvSciSyncAttrList* newConflictList) {
    if (syncObj != nullptr) *syncObj = nullptr;
    if (newConflictList != nullptr) *newConflictList = nullptr;
    return api::call(__func__, [&]() -> Result<> {
        if (syncObj == nullptr) return null_argument("syncObj");
        if (newConflictList == nullptr) return null_argument("newConflictList");
        OPENNVSCI_TRY_ASSIGN(inputs, unreconciled_lists(inputArray, inputCount));
        OPENNVSCI_TRY_ASSIGN(reconciled, reconcile(inputs, newConflictList));
        return allocate(inputs.module(), *reconciled, syncObj);
    });
}

NvSciError NvSciSyncObjDup(NvSciSyncObj syncObj, NvSciSyncObj* dupObj) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::sync_objects(), syncObj, "syncObj"));
        if (dupObj == nullptr) return null_argument("dupObj");
        return api::give_handle(api::sync_objects(), api::SyncObjectEntry(entry->object()), dupObj);
    });
}

NvSciError NvSciSyncObjGetAttrList(NvSciSyncObj syncObj, NvSciSyncAttrList* syncAttrList) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::sync_objects(), syncObj, "syncObj"));
        if (syncAttrList == nullptr) return null_argument("syncAttrList");
        OPENNVSCI_TRY_ASSIGN(handle, entry->list_handle());
        *syncAttrList = reinterpret_cast<NvSciSyncAttrList>(handle);
        return {};
    });
}

void NvSciSyncObjFree(NvSciSyncObj syncObj) {
    api::free_handle(__func__, api::sync_objects(), syncObj);
}

NvSciError NvSciSyncObjValidate(NvSciSyncObj) {
    return NvSciError_Success;
}

NvSciError NvSciSyncObjAttachPeer(NvSciSyncObj syncObj, const NvSciSyncAttrList inputArray[], size_t inputCount) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::sync_objects(), syncObj, "syncObj"));
        OPENNVSCI_TRY_ASSIGN(inputs, unreconciled_lists(inputArray, inputCount));
        if (inputs.module() != entry->object()->module()) {
            return fail(NvSciError_BadParameter, "the object belongs to another module than the lists");
        }
        return sync::validate(entry->object()->list()->reconciled(), inputs.lists());
    });
}

NvSciError NvSciSyncFillC2cAttrs(NvSciSyncAttrList unrecAttrList, NvSciSyncAccessPerm permissions) {
    const NvSciSyncAttrValPrimitiveType primitives[] = {NvSciSyncAttrValPrimitiveType_SysmemSemaphore,
                                                        NvSciSyncAttrValPrimitiveType_SysmemSemaphorePayload64b};
    const NvSciSyncAttrKeyValuePair pairs[] = {
        {NvSciSyncAttrKey_RequiredPerm, &permissions, sizeof(permissions)},
        {NvSciSyncAttrKey_PrimitiveInfo, primitives, sizeof(primitives)},
    };
    return api::set_attributes(__func__, api::sync_lists(), unrecAttrList, pairs, std::size(pairs));
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
        OPENNVSCI_TRY_ASSIGN(fence, entry->object()->generate_fence());
        fence.write(*syncFence);
        return {};
    });
}

NvSciError NvSciSyncObjSignal(NvSciSyncObj syncObj) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::sync_objects(), syncObj, "syncObj"));
        return entry->object()->signal();
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

NvSciError NvSciSyncAttrListIpcExportUnreconciled(const NvSciSyncAttrList[], size_t, NvSciIpcEndpoint, void**,
                                                  size_t*) {
    return not_implemented(__func__);
}

NvSciError NvSciSyncAttrListIpcExportReconciled(const NvSciSyncAttrList, NvSciIpcEndpoint, void**, size_t*) {
    return not_implemented(__func__);
}

NvSciError NvSciSyncAttrListIpcImportUnreconciled(NvSciSyncModule, NvSciIpcEndpoint, const void*, size_t,
                                                  NvSciSyncAttrList*) {
    return not_implemented(__func__);
}

NvSciError NvSciSyncAttrListIpcImportReconciled(NvSciSyncModule, NvSciIpcEndpoint, const void*, size_t,
                                                const NvSciSyncAttrList[], size_t, NvSciSyncAttrList*) {
    return not_implemented(__func__);
}

// The export functions make no descriptors yet, so there is none that these could free.
void NvSciSyncAttrListFreeDesc(void* descBuf) {
    if (descBuf != nullptr) report_unknown(__func__);
}

void NvSciSyncAttrListAndObjFreeDesc(void* attrListAndObjDescBuf) {
    if (attrListAndObjDescBuf != nullptr) report_unknown(__func__);
}

NvSciError NvSciSyncObjIpcExport(NvSciSyncObj, NvSciSyncAccessPerm, NvSciIpcEndpoint,
                                 NvSciSyncObjIpcExportDescriptor*) {
    return not_implemented(__func__);
}

NvSciError NvSciSyncObjIpcImport(NvSciIpcEndpoint, const NvSciSyncObjIpcExportDescriptor*, NvSciSyncAttrList,
                                 NvSciSyncAccessPerm, int64_t, NvSciSyncObj*) {
    return not_implemented(__func__);
}

NvSciError NvSciSyncIpcExportAttrListAndObj(NvSciSyncObj, NvSciSyncAccessPerm, NvSciIpcEndpoint, void**, size_t*) {
    return not_implemented(__func__);
}

NvSciError NvSciSyncIpcImportAttrListAndObj(NvSciSyncModule, NvSciIpcEndpoint, const void*, size_t,
                                            NvSciSyncAttrList const[], size_t, NvSciSyncAccessPerm, int64_t,
                                            NvSciSyncObj*) {
    return not_implemented(__func__);
}

NvSciError NvSciSyncIpcExportFence(const NvSciSyncFence*, NvSciIpcEndpoint, NvSciSyncFenceIpcExportDescriptor*) {
    return not_implemented(__func__);
}

NvSciError NvSciSyncIpcImportFence(NvSciSyncObj, const NvSciSyncFenceIpcExportDescriptor*, NvSciSyncFence*) {
    return not_implemented(__func__);
}
