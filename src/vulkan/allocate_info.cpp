// SPDX-License-Identifier: Apache-2.0
#include "vulkan/allocate_info.h"

#include "base/unaligned.h"

namespace opennvsci::vulkan {
namespace {

bool is_ours(const VkBaseInStructure& structure) {
    return structure.sType == kImportMemorySciBufInfo || structure.sType == kExportMemorySciBufInfo;
}

}  // namespace

// A driver skips structures that it does not know, so ours may stay where they cannot be taken out.
Result<AllocateInfo> AllocateInfo::read(const VkMemoryAllocateInfo& given) {
    AllocateInfo found{load_once<VkMemoryAllocateInfo>(&given), nullptr, nullptr, nullptr};
    if (found.info.sType != VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO) {
        return fail(VK_ERROR_VALIDATION_FAILED_EXT, NvSciError_BadParameter,
                    "sType of pAllocateInfo is not VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO");
    }
    const auto* const first = static_cast<const VkBaseInStructure*>(found.info.pNext);
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
    if (count > 1) {
        return fail(VK_ERROR_VALIDATION_FAILED_EXT, NvSciError_BadParameter,
                    "the chain has more than one structure of VK_NV_external_memory_sci_buf");
    }
    if (first != nullptr && is_ours(*first)) found.info.pNext = first->pNext;
    return found;
}

}  // namespace opennvsci::vulkan
