// SPDX-License-Identifier: Apache-2.0
#include "vulkan/buf_attributes.h"

#include <algorithm>

#include "buf/keys.h"
#include "vulkan/memory_import.h"
#include "vulkan/needed_keys.h"

namespace opennvsci::vulkan {

Result<> set_buf_attributes(attr::List& list, const PhysicalDevice& device) {
    OPENNVSCI_TRY(check_can_import(device));
    OPENNVSCI_TRY_ASSIGN(abilities, device.abilities());
    const auto permission = NvSciBufAccessPerm_ReadWrite;
    const bool is_cpu_needed = true;
    NvSciRmGpuId gpu{};
    std::ranges::copy(abilities.gpu.bytes, gpu.bytes);
    NeededKeys needed(list);
    OPENNVSCI_TRY(needed.add(NvSciBufGeneralAttrKey_RequiredPerm, permission));
    if (abilities.gpu.is_null()) {
        OPENNVSCI_TRY(needed.add(NvSciBufGeneralAttrKey_NeedCpuAccess, is_cpu_needed));
    } else {
        OPENNVSCI_TRY(needed.add(NvSciBufGeneralAttrKey_GpuId, gpu));
    }
    OPENNVSCI_TRY(needed.add(buf::kVulkanGpu, gpu));
    OPENNVSCI_TRY(needed.add(buf::kVulkanHostPointers, abilities.host_pointer_alignment));
    OPENNVSCI_TRY(needed.add(buf::kVulkanDescriptors, abilities.imports_descriptors));
    return needed.set();
}

}  // namespace opennvsci::vulkan
