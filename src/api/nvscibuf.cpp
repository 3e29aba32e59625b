// SPDX-License-Identifier: Apache-2.0
#include "nvscibuf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "api/call.h"
#include "api/handles.h"
#include "api/interposer.h"
#include "api/lists.h"
#include "base/checked.h"
#include "base/log.h"
#include "base/unaligned.h"
#include "buf/keys.h"
#include "buf/pixels.h"
#include "buf/reconcile.h"

using namespace opennvsci;  // NOLINT(google-build-using-namespace): extern "C" functions stand outside
using api::acquire;
using api::not_implemented;
using api::null_argument;
using api::report_unknown;
using api::UnreconciledLists;
using memory::Right;

namespace {

Result<> require_types(const attr::List& list) {
    if (list.has_selector()) return {};
    return fail(NvSciError_BadParameter, "NvSciBufGeneralAttrKey_Types is not set");
}

Result<api::ListTable::Ref> acquire_reconciled(NvSciBufAttrList handle) {
    return api::acquire_reconciled(api::lists(), handle, "reconciledAttrList");
}

Result<UnreconciledLists> unreconciled_lists(const NvSciBufAttrList array[], size_t count) {
    return UnreconciledLists::acquire(api::lists(), array, count);
}

/// Reconciles; after a failure stores the conflict list, if there is one.
Result<std::unique_ptr<attr::List>> reconcile(const UnreconciledLists& inputs, NvSciBufAttrList* conflict) {
    const auto lists = inputs.lists();
    buf::Reconciliation reconciliation = buf::reconcile(lists);
    if (reconciliation.conflict != nullptr) {
        OPENNVSCI_TRY(
            api::give_list_handle(api::lists(), inputs.module(), std::move(reconciliation.conflict), conflict));
    }
    return std::move(reconciliation.list);
}

Result<> allocate(const std::shared_ptr<buf::Module>& module, const attr::List& reconciled, NvSciBufObj* out) {
    OPENNVSCI_TRY_ASSIGN(object, buf::Object::allocate(module, reconciled));
    return api::give_handle(api::objects(), api::ObjectEntry(std::move(object)), out);
}

using CopyPixels = Result<>(const buf::Object&, const NvSciBufRect*, std::span<const buf::UserPlane>);

NvSciError copy_pixels(const char* function, CopyPixels* copy, NvSciBufObj handle, const NvSciBufRect* rect,
                       void* const* pointers, const uint32_t* sizes, const uint32_t* pitches) {
    return api::call(function, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::objects(), handle, "bufObj"));
        if (pointers == nullptr) return null_argument("the array of pointers");
        if (sizes == nullptr) return null_argument("the array of sizes");
        if (pitches == nullptr) return null_argument("the array of pitches");
        OPENNVSCI_TRY_ASSIGN(count, buf::count_user_planes(*entry->object()));
        std::vector<buf::UserPlane> planes;
        for (std::uint32_t i = 0; i < count; ++i)
            planes.push_back({static_cast<std::byte*>(pointers[i]), sizes[i], pitches[i]});
        if (rect == nullptr) return copy(*entry->object(), nullptr, planes);
        const auto once = load_once<NvSciBufRect>(rect);  // it is checked, then used
        return copy(*entry->object(), &once, planes);
    });
}

NvSciError get_pointer(const char* function, NvSciBufObj handle, Right right, const void** out) {
    return api::call(function, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::objects(), handle, "bufObj"));
        if (out == nullptr) return null_argument("ptr");
        OPENNVSCI_TRY_ASSIGN(address, entry->object()->cpu_address(right));
        *out = address;
        return {};
    });
}

}  // namespace

// Module

NvSciError NvSciBufModuleOpen(NvSciBufModule* newModule) {
    return api::call(__func__, [&]() -> Result<> {
        if (newModule == nullptr) return null_argument("newModule");
        api::report_interposer();
        return api::give_handle(api::modules(), std::make_shared<buf::Module>(), newModule);
    });
}

void NvSciBufModuleClose(NvSciBufModule module) {
    api::free_handle(__func__, api::modules(), module);
}

NvSciError NvSciBufCheckVersionCompatibility(uint32_t majorVer, uint32_t minorVer, bool* isCompatible) {
    return api::call(__func__, [&]() -> Result<> {
        if (isCompatible == nullptr) return null_argument("isCompatible");
        *isCompatible = majorVer == NvSciBufMajorVersion && minorVer <= NvSciBufMinorVersion;
        return {};
    });
}

// Lists

NvSciError NvSciBufAttrListCreate(NvSciBufModule module, NvSciBufAttrList* newAttrList) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(owner, acquire(api::modules(), module, "module"));
        if (newAttrList == nullptr) return null_argument("newAttrList");
        return api::give_list_handle(api::lists(), *owner, std::make_unique<attr::List>(buf::schema()), newAttrList);
    });
}

void NvSciBufAttrListFree(NvSciBufAttrList attrList) {
    api::free_list(__func__, api::lists(), attrList);
}

NvSciError NvSciBufAttrListClone(NvSciBufAttrList origAttrList, NvSciBufAttrList* newAttrList) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::lists(), origAttrList, "origAttrList"));
        if (newAttrList == nullptr) return null_argument("newAttrList");
        OPENNVSCI_TRY(require_types(*(*entry)->list));
        return api::give_list_handle(api::lists(), (*entry)->module, (*entry)->list->clone(), newAttrList);
    });
}

NvSciError NvSciBufAttrListAppendUnreconciled(const NvSciBufAttrList inputUnreconciledAttrListArray[],
                                              size_t inputUnreconciledAttrListCount,
                                              NvSciBufAttrList* newUnreconciledAttrList) {
    return api::call(__func__, [&]() -> Result<> {
        if (newUnreconciledAttrList == nullptr) return null_argument("newUnreconciledAttrList");
        OPENNVSCI_TRY_ASSIGN(inputs,
                             unreconciled_lists(inputUnreconciledAttrListArray, inputUnreconciledAttrListCount));
        for (const attr::List* list : inputs.lists())
            OPENNVSCI_TRY(require_types(*list));
        return api::give_list_handle(api::lists(), inputs.module(), inputs.append(), newUnreconciledAttrList);
    });
}

NvSciError NvSciBufAttrListIsReconciled(NvSciBufAttrList attrList, bool* isReconciled) {
    return api::is_list_reconciled(__func__, api::lists(), attrList, isReconciled);
}

size_t NvSciBufAttrListGetSlotCount(NvSciBufAttrList attrList) {
    return api::slot_count(__func__, api::lists(), attrList);
}

NvSciError NvSciBufAttrListSetAttrs(NvSciBufAttrList attrList, NvSciBufAttrKeyValuePair* pairArray, size_t pairCount) {
    return api::set_attributes(__func__, api::lists(), attrList, pairArray, pairCount);
}

NvSciError NvSciBufAttrListGetAttrs(NvSciBufAttrList attrList, NvSciBufAttrKeyValuePair* pairArray, size_t pairCount) {
    return api::get_attributes(__func__, api::lists(), attrList, 0, pairArray, pairCount);
}

NvSciError NvSciBufAttrListSlotGetAttrs(NvSciBufAttrList attrList, size_t slotIndex,
                                        NvSciBufAttrKeyValuePair* pairArray, size_t pairCount) {
    return api::get_attributes(__func__, api::lists(), attrList, slotIndex, pairArray, pairCount);
}

NvSciError NvSciBufAttrListDebugDump(NvSciBufAttrList attrList, void** buf, size_t* len) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::lists(), attrList, "attrList"));
        if (buf == nullptr) return null_argument("buf");
        if (len == nullptr) return null_argument("len");
        const std::string text = (*entry)->list->text();
        void* copy = std::malloc(text.size() + 1);  // the caller calls free()
        if (copy == nullptr) throw std::bad_alloc();
        std::memcpy(copy, text.c_str(), text.size() + 1);
        *buf = copy;
        *len = text.size() + 1;
        return {};
    });
}

// Reconciling and validating

NvSciError NvSciBufAttrListReconcile(const NvSciBufAttrList inputArray[], size_t inputCount,
                                     NvSciBufAttrList* newReconciledAttrList, NvSciBufAttrList* newConflictList) {
    if (newReconciledAttrList != nullptr) *newReconciledAttrList = nullptr;
    if (newConflictList != nullptr) *newConflictList = nullptr;
    return api::call(__func__, [&]() -> Result<> {
        if (newReconciledAttrList == nullptr) return null_argument("newReconciledAttrList");
        if (newConflictList == nullptr) return null_argument("newConflictList");
        OPENNVSCI_TRY_ASSIGN(inputs, unreconciled_lists(inputArray, inputCount));
        OPENNVSCI_TRY_ASSIGN(reconciled, reconcile(inputs, newConflictList));
        return api::give_list_handle(api::lists(), inputs.module(), std::move(reconciled), newReconciledAttrList);
    });
}

NvSciError NvSciBufAttrListReconcileAndObjAlloc(const NvSciBufAttrList attrListArray[], size_t attrListCount,
                                                NvSciBufObj* bufObj, NvSciBufAttrList* newConflictList) {
    if (bufObj != nullptr) *bufObj = nullptr;
    if (newConflictList != nullptr) *newConflictList = nullptr;
    return api::call(__func__, [&]() -> Result<> {
        if (bufObj == nullptr) return null_argument("bufObj");
        if (newConflictList == nullptr) return null_argument("newConflictList");
        OPENNVSCI_TRY_ASSIGN(inputs, unreconciled_lists(attrListArray, attrListCount));
        OPENNVSCI_TRY_ASSIGN(reconciled, reconcile(inputs, newConflictList));
        return allocate(inputs.module(), *reconciled, bufObj);
    });
}

NvSciError NvSciBufAttrListValidateReconciled(NvSciBufAttrList reconciledAttrList,
                                              const NvSciBufAttrList unreconciledAttrListArray[],
                                              size_t unreconciledAttrListCount, bool* isReconcileListValid) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire_reconciled(reconciledAttrList));
        if (isReconcileListValid == nullptr) return null_argument("isReconcileListValid");
        OPENNVSCI_TRY_ASSIGN(inputs, unreconciled_lists(unreconciledAttrListArray, unreconciledAttrListCount));
        if (inputs.module() != (*entry)->module) {
            return fail(NvSciError_BadParameter, "the reconciled list belongs to another module");
        }
        *isReconcileListValid = false;
        for (const attr::List* list : inputs.lists()) {
            for (const attr::NamedSlot& slot : list->copy_slots()) {
                OPENNVSCI_TRY(
                    buf::validate((*entry)->list->reconciled(), slot.values, NvSciError_ReconciliationFailed));
            }
        }
        *isReconcileListValid = true;
        return {};
    });
}

NvSciError NvSciBufAttrListValidateReconciledAgainstAttrs(const NvSciBufAttrList reconciledAttrList,
                                                          const NvSciBufAttrKeyValuePair* pairArray,
                                                          const size_t pairCount) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire_reconciled(reconciledAttrList));
        OPENNVSCI_TRY_ASSIGN(given, api::pairs_to_set(buf::schema(), pairArray, pairCount));
        // The same checks as if a program set the pairs in a list of the reconciled types.
        attr::List wishes(buf::schema());
        const attr::Slot& reconciled = (*entry)->list->reconciled();
        OPENNVSCI_TRY(wishes.set_for_comparison(reconciled.get(buf::schema().selector()), given.size(),
                                                [&](std::size_t i) { return api::key_value(given[i]); }));
        return buf::validate(reconciled, wishes.copy_slots().front().values, NvSciError_AttrListValidationFailed);
    });
}

// Objects

NvSciError NvSciBufObjAlloc(NvSciBufAttrList reconciledAttrList, NvSciBufObj* bufObj) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire_reconciled(reconciledAttrList));
        if (bufObj == nullptr) return null_argument("bufObj");
        api::report_interposer();
        return allocate((*entry)->module, *(*entry)->list, bufObj);
    });
}

void NvSciBufObjFree(NvSciBufObj bufObj) {
    api::free_handle(__func__, api::objects(), bufObj);
}

NvSciError NvSciBufObjDup(NvSciBufObj bufObj, NvSciBufObj* dupObj) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::objects(), bufObj, "bufObj"));
        if (dupObj == nullptr) return null_argument("dupObj");
        return api::give_handle(api::objects(), api::ObjectEntry(entry->object()), dupObj);
    });
}

NvSciError NvSciBufObjDupWithReducePerm(NvSciBufObj bufObj, NvSciBufAttrValAccessPerm reducedPerm,
                                        NvSciBufObj* newBufObj) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::objects(), bufObj, "bufObj"));
        if (newBufObj == nullptr) return null_argument("newBufObj");
        const auto permission = load<std::uint32_t>(&reducedPerm);  // a program may pass no enumerator
        if (permission != NvSciBufAccessPerm_Readonly && permission != NvSciBufAccessPerm_ReadWrite) {
            return fail(NvSciError_BadParameter,
                        fmt::format("reducedPerm is {}, and must be Readonly or ReadWrite", permission));
        }
        const Right wanted = permission == NvSciBufAccessPerm_Readonly ? Right::read_only : Right::read_write;
        std::shared_ptr<buf::Object> object = entry->object();
        if (wanted == Right::read_write && object->right() == Right::read_only) {
            return fail(NvSciError_BadParameter, "the object is read-only: a permission can be reduced, never raised");
        }
        if (wanted != object->right()) {
            OPENNVSCI_TRY_ASSIGN(reduced, object->reduce(wanted));
            object = std::move(reduced);
        }
        return api::give_handle(api::objects(), api::ObjectEntry(std::move(object)), newBufObj);
    });
}

NvSciError NvSciBufObjGetAttrList(NvSciBufObj bufObj, NvSciBufAttrList* bufAttrList) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::objects(), bufObj, "bufObj"));
        if (bufAttrList == nullptr) return null_argument("bufAttrList");
        OPENNVSCI_TRY_ASSIGN(handle, entry->list_handle());
        *bufAttrList = reinterpret_cast<NvSciBufAttrList>(handle);
        return {};
    });
}

NvSciError NvSciBufObjGetCpuPtr(NvSciBufObj bufObj, void** ptr) {
    return get_pointer(__func__, bufObj, Right::read_write, const_cast<const void**>(ptr));
}

NvSciError NvSciBufObjGetConstCpuPtr(NvSciBufObj bufObj, const void** ptr) {
    return get_pointer(__func__, bufObj, Right::read_only, ptr);
}

NvSciError NvSciBufObjFlushCpuCacheRange(NvSciBufObj bufObj, uint64_t offset, uint64_t len) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::objects(), bufObj, "bufObj"));
        const buf::Object& object = *entry->object();
        const std::uint64_t size = object.extent().size;
        if (len == 0) return fail(NvSciError_BadParameter, "len is 0");
        if (!checked::add(offset, len)) return fail(NvSciError_Overflow, "offset + len exceeds 64 bits");
        if (!checked::window_fits(offset, len, size)) {
            return fail(NvSciError_BadParameter,
                        fmt::format("{} bytes at offset {} do not fit into {} bytes", len, offset, size));
        }
        if (!object.cpu_address(Right::read_only)) {
            return fail(NvSciError_NotPermitted, "the buffer has no CPU mapping");
        }
        return {};  // coherent: CpuNeedSwCacheCoherency is false on every machine with discrete GPUs
    });
}

NvSciError NvSciBufObjValidate(NvSciBufObj) {
    return NvSciError_Success;
}

NvSciError NvSciBufObjGetMaxPerm(const NvSciBufObj, const NvSciIpcEndpoint, NvSciBufAttrValAccessPerm*) {
    return not_implemented(__func__);
}

NvSciError NvSciBufObjGetPixels(NvSciBufObj bufObj, const NvSciBufRect* rect, void** dstPtrs,
                                const uint32_t* dstPtrSizes, const uint32_t* dstPitches) {
    return copy_pixels(__func__, buf::get_pixels, bufObj, rect, dstPtrs, dstPtrSizes, dstPitches);
}

NvSciError NvSciBufObjPutPixels(NvSciBufObj bufObj, const NvSciBufRect* rect, const void** srcPtrs,
                                const uint32_t* srcPtrSizes, const uint32_t* srcPitches) {
    return copy_pixels(__func__, buf::put_pixels, bufObj, rect, const_cast<void**>(srcPtrs), srcPtrSizes, srcPitches);
}

// Exchange over NvSciIpc

NvSciError NvSciBufAttrListIpcExportUnreconciled(const NvSciBufAttrList[], size_t, NvSciIpcEndpoint, void**, size_t*) {
    return not_implemented(__func__);
}

NvSciError NvSciBufAttrListIpcImportUnreconciled(NvSciBufModule, NvSciIpcEndpoint, const void*, size_t,
                                                 NvSciBufAttrList*) {
    return not_implemented(__func__);
}

NvSciError NvSciBufAttrListIpcExportReconciled(NvSciBufAttrList, NvSciIpcEndpoint, void**, size_t*) {
    return not_implemented(__func__);
}

NvSciError NvSciBufAttrListIpcImportReconciled(NvSciBufModule, NvSciIpcEndpoint, const void*, size_t,
                                               const NvSciBufAttrList[], size_t, NvSciBufAttrList*) {
    return not_implemented(__func__);
}

// The export functions make no descriptors yet, so there is none that these could free.
void NvSciBufAttrListFreeDesc(void* descBuf) {
    if (descBuf != nullptr) report_unknown(__func__);
}

void NvSciBufAttrListAndObjFreeDesc(void* attrListAndObjDescBuf) {
    if (attrListAndObjDescBuf != nullptr) report_unknown(__func__);
}

NvSciError NvSciBufObjIpcExport(NvSciBufObj, NvSciBufAttrValAccessPerm, NvSciIpcEndpoint,
                                NvSciBufObjIpcExportDescriptor*) {
    return not_implemented(__func__);
}

NvSciError NvSciBufObjIpcImport(NvSciIpcEndpoint, const NvSciBufObjIpcExportDescriptor*, NvSciBufAttrList,
                                NvSciBufAttrValAccessPerm, int64_t, NvSciBufObj*) {
    return not_implemented(__func__);
}

NvSciError NvSciBufIpcExportAttrListAndObj(NvSciBufObj, NvSciBufAttrValAccessPerm, NvSciIpcEndpoint, void**, size_t*) {
    return not_implemented(__func__);
}

NvSciError NvSciBufIpcImportAttrListAndObj(NvSciBufModule, NvSciIpcEndpoint, const void*, size_t,
                                           const NvSciBufAttrList[], size_t, NvSciBufAttrValAccessPerm, int64_t,
                                           NvSciBufObj*) {
    return not_implemented(__func__);
}

NvSciError NvSciBufObjAttachPeer(NvSciBufObj, const NvSciBufAttrList[], size_t) {
    return not_implemented(__func__);
}
