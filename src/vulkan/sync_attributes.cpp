// SPDX-License-Identifier: Apache-2.0
#include "vulkan/sync_attributes.h"

#include <fmt/format.h>

#include <cstring>

#include "sync/keys.h"
#include "vulkan/needed_keys.h"

namespace opennvsci::vulkan {
namespace {

Result<NvSciSyncAccessPerm> permission_of(VkSciSyncClientTypeNV client) {
    switch (client) {
        case VK_SCI_SYNC_CLIENT_TYPE_SIGNALER_NV:
            return NvSciSyncAccessPerm_SignalOnly;
        case VK_SCI_SYNC_CLIENT_TYPE_WAITER_NV:
            return NvSciSyncAccessPerm_WaitOnly;
        case VK_SCI_SYNC_CLIENT_TYPE_SIGNALER_WAITER_NV:
            return NvSciSyncAccessPerm_WaitSignal;
    }
    return opennvsci::fail(NvSciError_BadParameter,
                           fmt::format("clientType is {}, and must be signaler (0), waiter (1) or both (2)",
                                       static_cast<unsigned>(client)));
}

}  // namespace

// A timeline semaphore, which the implicit type of the question is not: asking for one takes a structure more.
bool exports_timelines(const PhysicalDevice& device) {
    const VkSemaphoreTypeCreateInfo type{VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO, nullptr,
                                         VK_SEMAPHORE_TYPE_TIMELINE, 0};
    const VkPhysicalDeviceExternalSemaphoreInfo info{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO, &type,
                                                     VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT};
    VkExternalSemaphoreProperties properties{};
    properties.sType = VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES;
    device.call().vkGetPhysicalDeviceExternalSemaphoreProperties(device.handle(), &info, &properties);
    constexpr VkFlags kBoth =
        VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT | VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT;
    return (properties.externalSemaphoreFeatures & kBoth) == kBoth;
}

bool has_timeline_semaphores(const PhysicalDevice& device) {
    VkPhysicalDeviceTimelineSemaphoreFeatures timeline{};
    timeline.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES;
    VkPhysicalDeviceFeatures2 features{};
    features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
    features.pNext = &timeline;
    device.call().vkGetPhysicalDeviceFeatures2(device.handle(), &features);
    return timeline.timelineSemaphore != 0;
}

Result<> set_sync_attributes(attr::List& list, const PhysicalDevice& device, VkSciSyncClientTypeNV client) {
    OPENNVSCI_TRY_ASSIGN(permission, permission_of(client));
    if (!has_timeline_semaphores(device)) {
        return opennvsci::fail(NvSciError_NotSupported, {"timelineSemaphore", "false", "true"},
                               fmt::format("{} has no timeline semaphores", device.name()));
    }
    OPENNVSCI_TRY_ASSIGN(gpu, device.gpu());
    constexpr bool kYes = true;
    NeededKeys needed(list);
    OPENNVSCI_TRY(needed.add(sync::kVulkanParticipant, kYes));
    OPENNVSCI_TRY(needed.add(NvSciSyncAttrKey_RequiredPerm, permission));
    OPENNVSCI_TRY(needed.add(NvSciSyncAttrKey_PrimitiveInfo, sync::kPrimitivesOfThisMachine));
    NvSciRmGpuId id;
    if (gpu != nullptr && exports_timelines(device)) {
        std::memcpy(id.bytes, gpu->uuid.bytes.data(), sizeof(id.bytes));
        OPENNVSCI_TRY(needed.add(NvSciSyncAttrKey_GpuId, id));
    }
    return needed.set();
}

}  // namespace opennvsci::vulkan
