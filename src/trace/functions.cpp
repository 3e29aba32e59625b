// SPDX-License-Identifier: Apache-2.0
#include "trace/functions.h"

#include <algorithm>

namespace opennvsci::trace {
namespace {

constexpr std::string_view kNegotiation = "negotiation";
constexpr std::string_view kObject = "object";
constexpr std::string_view kExchange = "exchange";
constexpr std::string_view kMapping = "mapping";
constexpr std::string_view kSync = "sync";

constexpr Function kFunctions[] = {
    {"NvSciBufAttrListIpcExportReconciled", kExchange},
    {"NvSciBufAttrListIpcExportUnreconciled", kExchange},
    {"NvSciBufAttrListIpcImportReconciled", kExchange},
    {"NvSciBufAttrListIpcImportUnreconciled", kExchange},
    {"NvSciBufAttrListReconcile", kNegotiation},
    {"NvSciBufAttrListReconcileAndObjAlloc", kNegotiation},
    {"NvSciBufAttrListValidateReconciled", kNegotiation},
    {"NvSciBufAttrListValidateReconciledAgainstAttrs", kNegotiation},
    {"NvSciBufIpcExportAttrListAndObj", kExchange},
    {"NvSciBufIpcImportAttrListAndObj", kExchange},
    {"NvSciBufObjAlloc", kObject},
    {"NvSciBufObjAttachPeer", kExchange},
    {"NvSciBufObjDup", kObject},
    {"NvSciBufObjDupWithReducePerm", kObject},
    {"NvSciBufObjFree", kObject},
    {"NvSciBufObjGetConstCpuPtr", kMapping},
    {"NvSciBufObjGetCpuPtr", kMapping},
    {"NvSciBufObjGetPixels", kMapping},
    {"NvSciBufObjIpcExport", kExchange},
    {"NvSciBufObjIpcImport", kExchange},
    {"NvSciBufObjPutPixels", kMapping},
    {"NvSciIpcCloseEndpoint", kExchange},
    {"NvSciIpcCloseEndpointSafe", kExchange},
    {"NvSciIpcOpenEndpoint", kExchange},
    {"NvSciIpcOpenEndpointWithEventService", kExchange},
    {"NvSciSyncAttrListIpcExportReconciled", kExchange},
    {"NvSciSyncAttrListIpcExportUnreconciled", kExchange},
    {"NvSciSyncAttrListIpcImportReconciled", kExchange},
    {"NvSciSyncAttrListIpcImportUnreconciled", kExchange},
    {"NvSciSyncAttrListReconcile", kNegotiation},
    {"NvSciSyncAttrListReconcileAndObjAlloc", kNegotiation},
    {"NvSciSyncAttrListValidateReconciled", kNegotiation},
    {"NvSciSyncFenceWait", kSync},
    {"NvSciSyncFenceWaitWithMode", kSync},
    {"NvSciSyncIpcExportAttrListAndObj", kExchange},
    {"NvSciSyncIpcExportFence", kExchange},
    {"NvSciSyncIpcImportAttrListAndObj", kExchange},
    {"NvSciSyncIpcImportFence", kExchange},
    {"NvSciSyncObjAlloc", kObject},
    {"NvSciSyncObjAttachPeer", kExchange},
    {"NvSciSyncObjDup", kObject},
    {"NvSciSyncObjFree", kObject},
    {"NvSciSyncObjGenerateFence", kSync},
    {"NvSciSyncObjIpcExport", kExchange},
    {"NvSciSyncObjIpcImport", kExchange},
    {"NvSciSyncObjSignal", kSync},
    {"nvsciCuDestroyExternalMemory", kMapping},
    {"nvsciCuDestroyExternalSemaphore", kSync},
    {"nvsciCuExternalMemoryGetMappedBuffer", kMapping},
    {"nvsciCuExternalMemoryGetMappedMipmappedArray", kMapping},
    {"nvsciCuImportExternalMemory", kMapping},
    {"nvsciCuImportExternalSemaphore", kSync},
    {"nvsciCuMemFree", kMapping},
    {"nvsciCuSignalExternalSemaphoresAsync", kSync},
    {"nvsciCuWaitExternalSemaphoresAsync", kSync},
    {"nvsciVkAllocateMemory", kMapping},
    {"nvsciVkBindPlaneImage", kMapping},
    {"nvsciVkCreatePlaneImage", kMapping},
    {"nvsciVkCreateSemaphoreSciSyncPoolNV", kSync},
    {"nvsciVkDestroySemaphoreSciSyncPoolNV", kSync},
    {"nvsciVkFreeMemory", kMapping},
    {"nvsciVkGetMemorySciBufNV", kObject},
    {"nvsciVkGetSignalSemaphore", kSync},
    {"nvsciVkGetWaitSemaphore", kSync},
};
static_assert(std::ranges::is_sorted(kFunctions, {}, &Function::name));

}  // namespace

std::span<const Function> functions() noexcept {
    return kFunctions;
}

const Function* find_function(std::string_view name) noexcept {
    const auto* const found = std::ranges::lower_bound(kFunctions, name, {}, &Function::name);
    return found != std::end(kFunctions) && found->name == name ? found : nullptr;
}

}  // namespace opennvsci::trace
