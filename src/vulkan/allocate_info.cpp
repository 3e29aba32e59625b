// SPDX-License-Identifier: Apache-2.0
#include "vulkan/allocate_info.h"

#include <fmt/format.h>

#include "base/unaligned.h"

namespace opennvsci::vulkan {
namespace {

bool is_ours(const VkBaseInStructure& structure) {
    return structure.sType == kImportMemorySciBufInfo || structure.sType == kExportMemorySciBufInfo;
}

// The types of handles that are to be exported, if an object is among them: no driver takes that.
VkFlags types_with_object(const VkBaseInStructure& structure) {
    if (structure.sType != VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO) return 0;
    const VkFlags types = reinterpret_cast<const VkExportMemoryAllocateInfo&>(structure).handleTypes;
    return (types & kHandleTypeSciBuf) != 0 ? types : 0;
}

tl::unexpected<Error> refused(std::string text) {
    return fail(VK_ERROR_VALIDATION_FAILED_EXT, NvSciError_BadParameter, std::move(text));
}

// What of a chain goes to Vulkan: what is ours is taken out where it begins. Behind others it stays, and drivers skip
// what they do not know.
const VkBaseInStructure* rest_of(const VkBaseInStructure* chain) {
    while (chain != nullptr && (is_ours(*chain) || types_with_object(*chain) != 0))
        chain = chain->pNext;
    return chain;
}

// Whether an object is to be exported. Errors: VALIDATION_FAILED where Vulkan would be told.
Result<bool> exports_object(const VkBaseInStructure* chain, const VkBaseInStructure* rest) {
    bool is_exported = false;
    bool is_taken_out = true;
    for (; chain != nullptr; chain = chain->pNext) {
        is_taken_out = is_taken_out && chain != rest;
        const VkFlags types = types_with_object(*chain);
        if (types == 0) continue;
        if (types != kHandleTypeSciBuf || !is_taken_out) {
            return refused(fmt::format(
                "VkExportMemoryAllocateInfo has the handleTypes {:#x}: with SCI_BUF no other type can be exported, and "
                "only structures of VK_NV_external_memory_sci_buf come before it in the chain",
                types));
        }
        is_exported = true;
    }
    return is_exported;
}

}  // namespace

Result<AllocateInfo> AllocateInfo::read(const VkMemoryAllocateInfo& given) {
    AllocateInfo found{load_once<VkMemoryAllocateInfo>(&given), nullptr, nullptr, nullptr};
    if (found.info.sType != VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO)
        return refused("sType of pAllocateInfo is not VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO");
    const auto* const first = static_cast<const VkBaseInStructure*>(found.info.pNext);
    const VkBaseInStructure* const rest = rest_of(first);
    OPENNVSCI_TRY_ASSIGN(is_object_exported, exports_object(first, rest));
    found.info.pNext = rest;
    int count = 0;
    for (const VkBaseInStructure* next = first; next != nullptr; next = next->pNext) {
        if (next->sType == VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO)
            found.dedicated_image = reinterpret_cast<const VkMemoryDedicatedAllocateInfo*>(next)->image;
        if (!is_ours(*next)) continue;
        ++count;
        if (next->sType == kImportMemorySciBufInfo) {
            found.imported = reinterpret_cast<const VkImportMemorySciBufInfoNV*>(next);
        } else {
            found.exported = reinterpret_cast<const VkExportMemorySciBufInfoNV*>(next);
        }
    }
    if (count > 1) return refused("the chain has more than one structure of VK_NV_external_memory_sci_buf");
    const bool is_new = found.exported != nullptr || (is_object_exported && found.imported == nullptr);
    if (is_new && (found.exported == nullptr || found.exported->pAttributes == nullptr)) {
        return fail(VK_ERROR_INITIALIZATION_FAILED, NvSciError_BadParameter,
                    "memory of a new object is asked for, and no VkExportMemorySciBufInfoNV has pAttributes for it");
    }
    return found;
}

}  // namespace opennvsci::vulkan
