// SPDX-License-Identifier: Apache-2.0
//
// AllocateInfo: what a program passes to nvsciVkAllocateMemory, with the structures of VK_NV_external_memory_sci_buf
// found in its chain.
#pragma once

#include "vulkan/entry_points.h"

namespace opennvsci::vulkan {

struct AllocateInfo {
    VkMemoryAllocateInfo info;                   ///< what Vulkan gets, without ours if they came first
    const VkImportMemorySciBufInfoNV* imported;  ///< null if there is none
    const VkExportMemorySciBufInfoNV* exported;  ///< null if there is none
    VkImage dedicated_image;                     ///< the image that the memory is for alone; null if it is for no image

    /// Nothing of ours: Vulkan's own business.
    [[nodiscard]] bool is_plain() const noexcept { return imported == nullptr && exported == nullptr; }

    /// Errors: VALIDATION_FAILED for another structure, more than one of ours, or a VkExportMemoryAllocateInfo of
    /// objects that cannot be taken out; INITIALIZATION_FAILED for a new object without attributes.
    [[nodiscard]] static Result<AllocateInfo> read(const VkMemoryAllocateInfo& given);
};

}  // namespace opennvsci::vulkan
