// SPDX-License-Identifier: Apache-2.0
#include "nvscibuf.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "api/library.h"
#include "base/checked.h"
#include "base/unaligned.h"
#include "buf/attach.h"
#include "buf/buffer_type.h"
#include "buf/keys.h"
#include "buf/list_exchange.h"
#include "buf/object_exchange.h"
#include "buf/permission.h"
#include "buf/pixels.h"
#include "buf/reconcile.h"

using namespace opennvsci;  // NOLINT(google-build-using-namespace): extern "C" functions stand outside
using api::acquire;
using api::null_argument;
using memory::Right;

namespace {

struct Description {
    using Module = NvSciBufModule;
    using List = NvSciBufAttrList;
    using Object = NvSciBufObj;
    using Pair = NvSciBufAttrKeyValuePair;
    using ObjectEntry = api::ObjectEntry;
    static constexpr std::uint32_t kMajor = NvSciBufMajorVersion;
    static constexpr std::uint32_t kMinor = NvSciBufMinorVersion;
    static_assert(kMajor == OPENNVSCI_NVSCIBUF_VERSION_MAJOR && kMinor == OPENNVSCI_NVSCIBUF_VERSION_MINOR);
    static constexpr auto schema = buf::schema;
    static constexpr auto modules = api::modules;
    static constexpr auto lists = api::lists;
    static constexpr auto objects = api::objects;
    static constexpr auto reconcile = buf::reconcile;
    static constexpr NvSciError kMismatch = NvSciError_ReconciliationFailed;
    static constexpr NvSciError kTwiceAtImport = NvSciError_AttrListValidationFailed;
    static constexpr bool kSkipsEmptyArrays = false;
    static constexpr api::BlobKind kListBlob = api::BlobKind::buf_list;
    static Result<> validate(const attr::Slot& result, std::span<const attr::List* const> given, NvSciError mismatch) {
        return attr::check_satisfies(result, given, mismatch);
    }
    static constexpr auto attach_peers = buf::attach_peers;
    static constexpr api::BlobKind kJointBlob = api::BlobKind::buf_list_and_object;
    static constexpr NvSciError kJointMismatch = NvSciError_AttrListValidationFailed;
    static constexpr auto wire = buf::wire_library;
    static Result<> complete_for_export(std::span<attr::Wishes>) { return {}; }
    static constexpr auto view_for_peer = buf::view_for_peer;
    static constexpr auto check_result = buf::check_result;
    using Permission = std::uint32_t;
    static Result<> check_joint(api::Argument<Permission>) { return {}; }
    using ObjectDescriptor = buf::ObjectDescriptor;
    static constexpr auto export_object = buf::export_object;
    static constexpr auto import_object = buf::import_object;
};
using Buf = api::Library<Description>;

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
        trace::when_on([&] {
            trace::note_address("handle", api::number(handle));
            api::note_object(*entry->object());
        });
        *out = address;
        return {};
    });
}

// A program may pass a number that is no enumerator.
std::uint32_t permission_number(const NvSciBufAttrValAccessPerm& permission) noexcept {
    return load<std::uint32_t>(&permission);
}

}  // namespace

// Module

NvSciError NvSciBufModuleOpen(NvSciBufModule* newModule) {
    return Buf::open_module(__func__, OPENNVSCI_ARG(newModule));
}

void NvSciBufModuleClose(NvSciBufModule module) {
    Buf::close_module(__func__, module);
}

NvSciError NvSciBufCheckVersionCompatibility(uint32_t majorVer, uint32_t minorVer, bool* isCompatible) {
    return Buf::check_version(__func__, majorVer, minorVer, OPENNVSCI_ARG(isCompatible));
}

// Lists

NvSciError NvSciBufAttrListCreate(NvSciBufModule module, NvSciBufAttrList* newAttrList) {
    return Buf::create_list(__func__, OPENNVSCI_ARG(module), OPENNVSCI_ARG(newAttrList));
}

void NvSciBufAttrListFree(NvSciBufAttrList attrList) {
    Buf::free_list(__func__, attrList);
}

NvSciError NvSciBufAttrListClone(NvSciBufAttrList origAttrList, NvSciBufAttrList* newAttrList) {
    return Buf::clone_list(__func__, OPENNVSCI_ARG(origAttrList), OPENNVSCI_ARG(newAttrList));
}

NvSciError NvSciBufAttrListAppendUnreconciled(const NvSciBufAttrList inputUnreconciledAttrListArray[],
                                              size_t inputUnreconciledAttrListCount,
                                              NvSciBufAttrList* newUnreconciledAttrList) {
    return Buf::append_lists(__func__, {inputUnreconciledAttrListArray, inputUnreconciledAttrListCount},
                             OPENNVSCI_ARG(newUnreconciledAttrList));
}

NvSciError NvSciBufAttrListIsReconciled(NvSciBufAttrList attrList, bool* isReconciled) {
    return Buf::is_reconciled(__func__, OPENNVSCI_ARG(attrList), OPENNVSCI_ARG(isReconciled));
}

size_t NvSciBufAttrListGetSlotCount(NvSciBufAttrList attrList) {
    return Buf::slot_count(__func__, OPENNVSCI_ARG(attrList));
}

NvSciError NvSciBufAttrListSetAttrs(NvSciBufAttrList attrList, NvSciBufAttrKeyValuePair* pairArray, size_t pairCount) {
    return Buf::set(__func__, OPENNVSCI_ARG(attrList), {pairArray, "pairArray"}, pairCount);
}

NvSciError NvSciBufAttrListGetAttrs(NvSciBufAttrList attrList, NvSciBufAttrKeyValuePair* pairArray, size_t pairCount) {
    return Buf::get(__func__, OPENNVSCI_ARG(attrList), 0, OPENNVSCI_ARG(pairArray), pairCount);
}

NvSciError NvSciBufAttrListSlotGetAttrs(NvSciBufAttrList attrList, size_t slotIndex,
                                        NvSciBufAttrKeyValuePair* pairArray, size_t pairCount) {
    return Buf::get(__func__, OPENNVSCI_ARG(attrList), slotIndex, OPENNVSCI_ARG(pairArray), pairCount);
}

NvSciError NvSciBufAttrListDebugDump(NvSciBufAttrList attrList, void** buf, size_t* len) {
    return Buf::dump(__func__, OPENNVSCI_ARG(attrList), OPENNVSCI_ARG(buf), OPENNVSCI_ARG(len));
}

// Reconciling and validating

NvSciError NvSciBufAttrListReconcile(const NvSciBufAttrList inputArray[], size_t inputCount,
                                     NvSciBufAttrList* newReconciledAttrList, NvSciBufAttrList* newConflictList) {
    return Buf::reconcile(__func__, {inputArray, inputCount}, OPENNVSCI_ARG(newReconciledAttrList),
                          OPENNVSCI_ARG(newConflictList));
}

NvSciError NvSciBufAttrListReconcileAndObjAlloc(const NvSciBufAttrList attrListArray[], size_t attrListCount,
                                                NvSciBufObj* bufObj, NvSciBufAttrList* newConflictList) {
    return Buf::reconcile_and_allocate(__func__, {attrListArray, attrListCount}, OPENNVSCI_ARG(bufObj),
                                       OPENNVSCI_ARG(newConflictList));
}

NvSciError NvSciBufAttrListValidateReconciled(NvSciBufAttrList reconciledAttrList,
                                              const NvSciBufAttrList unreconciledAttrListArray[],
                                              size_t unreconciledAttrListCount, bool* isReconcileListValid) {
    return Buf::validate(__func__, OPENNVSCI_ARG(reconciledAttrList),
                         {unreconciledAttrListArray, unreconciledAttrListCount}, OPENNVSCI_ARG(isReconcileListValid));
}

NvSciError NvSciBufAttrListValidateReconciledAgainstAttrs(const NvSciBufAttrList reconciledAttrList,
                                                          const NvSciBufAttrKeyValuePair* pairArray,
                                                          const size_t pairCount) {
    return Buf::validate_pairs(__func__, {reconciledAttrList, "reconciledAttrList"}, OPENNVSCI_ARG(pairArray),
                               pairCount);
}

// Objects

NvSciError NvSciBufObjAlloc(NvSciBufAttrList reconciledAttrList, NvSciBufObj* bufObj) {
    api::report_interposer();  // a program may load its driver after it has opened the module
    return Buf::allocate(__func__, OPENNVSCI_ARG(reconciledAttrList), OPENNVSCI_ARG(bufObj));
}

void NvSciBufObjFree(NvSciBufObj bufObj) {
    Buf::free_object(__func__, bufObj);
}

NvSciError NvSciBufObjDup(NvSciBufObj bufObj, NvSciBufObj* dupObj) {
    return Buf::dup_object(__func__, OPENNVSCI_ARG(bufObj), OPENNVSCI_ARG(dupObj));
}

NvSciError NvSciBufObjDupWithReducePerm(NvSciBufObj bufObj, NvSciBufAttrValAccessPerm reducedPerm,
                                        NvSciBufObj* newBufObj) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::objects(), bufObj, "bufObj"));
        if (newBufObj == nullptr) return null_argument("newBufObj");
        const std::uint32_t permission = permission_number(reducedPerm);
        if (permission != NvSciBufAccessPerm_Readonly && permission != NvSciBufAccessPerm_ReadWrite) {
            return fail_unmet(NvSciError_BadParameter,
                              {"reducedPerm", std::to_string(permission), "Readonly or ReadWrite"},
                              "reducedPerm is {found}, and must be {needed}");
        }
        OPENNVSCI_TRY_ASSIGN(object, buf::Object::with_right(entry->object(), buf::right_of(permission)));
        return Buf::give_object(std::move(object), OPENNVSCI_ARG(newBufObj));
    });
}

NvSciError NvSciBufObjGetAttrList(NvSciBufObj bufObj, NvSciBufAttrList* bufAttrList) {
    return Buf::list_of_object(__func__, OPENNVSCI_ARG(bufObj), OPENNVSCI_ARG(bufAttrList));
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

NvSciError NvSciBufObjGetMaxPerm(const NvSciBufObj bufObj, const NvSciIpcEndpoint ipcEndpoint,
                                 NvSciBufAttrValAccessPerm* accPerm) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::objects(), bufObj, "bufObj"));
        OPENNVSCI_TRY_ASSIGN(endpoint, acquire(api::endpoints(), ipcEndpoint, "ipcEndpoint"));
        if (accPerm == nullptr) return null_argument("accPerm");
        OPENNVSCI_TRY_ASSIGN(link, (*endpoint)->link());
        OPENNVSCI_TRY_ASSIGN(right, buf::right_of_export(*entry->object(), NvSciBufAccessPerm_Auto, *link));
        *accPerm = buf::permission_of(right);
        return {};
    });
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

NvSciError NvSciBufAttrListIpcExportUnreconciled(const NvSciBufAttrList unreconciledAttrListArray[],
                                                 size_t unreconciledAttrListCount, NvSciIpcEndpoint ipcEndpoint,
                                                 void** descBuf, size_t* descLen) {
    return Buf::export_unreconciled(__func__, {unreconciledAttrListArray, unreconciledAttrListCount},
                                    OPENNVSCI_ARG(ipcEndpoint), OPENNVSCI_ARG(descBuf), OPENNVSCI_ARG(descLen));
}

NvSciError NvSciBufAttrListIpcImportUnreconciled(NvSciBufModule module, NvSciIpcEndpoint ipcEndpoint,
                                                 const void* descBuf, size_t descLen,
                                                 NvSciBufAttrList* importedUnreconciledAttrList) {
    return Buf::import_unreconciled(__func__, OPENNVSCI_ARG(module), OPENNVSCI_ARG(ipcEndpoint), OPENNVSCI_ARG(descBuf),
                                    descLen, OPENNVSCI_ARG(importedUnreconciledAttrList));
}

NvSciError NvSciBufAttrListIpcExportReconciled(NvSciBufAttrList reconciledAttrList, NvSciIpcEndpoint ipcEndpoint,
                                               void** descBuf, size_t* descLen) {
    return Buf::export_reconciled(__func__, OPENNVSCI_ARG(reconciledAttrList), OPENNVSCI_ARG(ipcEndpoint),
                                  OPENNVSCI_ARG(descBuf), OPENNVSCI_ARG(descLen));
}

NvSciError NvSciBufAttrListIpcImportReconciled(NvSciBufModule module, NvSciIpcEndpoint ipcEndpoint, const void* descBuf,
                                               size_t descLen, const NvSciBufAttrList inputUnreconciledAttrListArray[],
                                               size_t inputUnreconciledAttrListCount,
                                               NvSciBufAttrList* importedReconciledAttrList) {
    return Buf::import_reconciled(__func__, OPENNVSCI_ARG(module), OPENNVSCI_ARG(ipcEndpoint), OPENNVSCI_ARG(descBuf),
                                  descLen, {inputUnreconciledAttrListArray, inputUnreconciledAttrListCount},
                                  OPENNVSCI_ARG(importedReconciledAttrList));
}

void NvSciBufAttrListFreeDesc(void* descBuf) {
    Buf::free_list_blob(__func__, descBuf);
}

void NvSciBufAttrListAndObjFreeDesc(void* attrListAndObjDescBuf) {
    Buf::free_joint_blob(__func__, attrListAndObjDescBuf);
}

NvSciError NvSciBufObjIpcExport(NvSciBufObj bufObj, NvSciBufAttrValAccessPerm accPerm, NvSciIpcEndpoint ipcEndpoint,
                                NvSciBufObjIpcExportDescriptor* exportData) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(entry, acquire(api::objects(), bufObj, "bufObj"));
        OPENNVSCI_TRY_ASSIGN(endpoint, acquire(api::endpoints(), ipcEndpoint, "ipcEndpoint"));
        if (exportData == nullptr) return null_argument("exportData");
        trace::when_on([&] {
            trace::note_address("handle", api::number(bufObj));
            api::note_object(*entry->object());
        });
        OPENNVSCI_TRY_ASSIGN(descriptor, buf::export_object(*entry->object(), permission_number(accPerm), **endpoint));
        std::memcpy(exportData, descriptor.data(), descriptor.size());
        api::Transfers::note(entry->object(), api::Transfer::Way::to_peer, **endpoint);
        return {};
    });
}

NvSciError NvSciBufObjIpcImport(NvSciIpcEndpoint ipcEndpoint, const NvSciBufObjIpcExportDescriptor* desc,
                                NvSciBufAttrList reconciledAttrList, NvSciBufAttrValAccessPerm minPermissions,
                                int64_t /*timeoutUs*/, NvSciBufObj* bufObj) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(endpoint, acquire(api::endpoints(), ipcEndpoint, "ipcEndpoint"));
        if (desc == nullptr) return null_argument("desc");
        OPENNVSCI_TRY_ASSIGN(list, api::acquire_reconciled(api::lists(), reconciledAttrList, "reconciledAttrList"));
        if (bufObj == nullptr) return null_argument("bufObj");
        const auto once = load_once<buf::ObjectDescriptor>(desc);  // it is checked, then used
        OPENNVSCI_TRY_ASSIGN(object, buf::import_object((*list)->module, *(*list)->list, once,
                                                        permission_number(minPermissions), **endpoint));
        api::Transfers::note(object, api::Transfer::Way::from_peer, **endpoint);
        return Buf::give_object(std::move(object), OPENNVSCI_ARG(bufObj));
    });
}

NvSciError NvSciBufIpcExportAttrListAndObj(NvSciBufObj bufObj, NvSciBufAttrValAccessPerm permissions,
                                           NvSciIpcEndpoint ipcEndpoint, void** attrListAndObjDesc,
                                           size_t* attrListAndObjDescSize) {
    return Buf::export_list_and_object(__func__, OPENNVSCI_ARG(bufObj), {permission_number(permissions), "permissions"},
                                       OPENNVSCI_ARG(ipcEndpoint), OPENNVSCI_ARG(attrListAndObjDesc),
                                       OPENNVSCI_ARG(attrListAndObjDescSize));
}

NvSciError NvSciBufIpcImportAttrListAndObj(NvSciBufModule module, NvSciIpcEndpoint ipcEndpoint,
                                           const void* attrListAndObjDesc, size_t attrListAndObjDescSize,
                                           const NvSciBufAttrList attrList[], size_t count,
                                           NvSciBufAttrValAccessPerm minPermissions, int64_t /*timeoutUs*/,
                                           NvSciBufObj* bufObj) {
    return Buf::import_list_and_object(__func__, OPENNVSCI_ARG(module), OPENNVSCI_ARG(ipcEndpoint),
                                       OPENNVSCI_ARG(attrListAndObjDesc), attrListAndObjDescSize, {attrList, count},
                                       {permission_number(minPermissions), "minPermissions"}, OPENNVSCI_ARG(bufObj));
}

NvSciError NvSciBufObjAttachPeer(NvSciBufObj bufObj, const NvSciBufAttrList inputArray[], size_t inputCount) {
    return Buf::attach_peer(__func__, OPENNVSCI_ARG(bufObj), {inputArray, inputCount});
}
