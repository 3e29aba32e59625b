// SPDX-License-Identifier: Apache-2.0
//
// Short ways to make lists and semaphore pools of Vulkan devices, and to ask for their fences. With Vulkan's own types
// where nvscivk.h was included before, else with the project's.
#pragma once

#include <cstdint>
#include <utility>

#include "sync_objects.h"
#ifndef INCLUDED_NVSCIVK_H
#include "api/nvscivk_abi.h"
#endif

namespace opennvsci::test {

#ifndef INCLUDED_NVSCIVK_H
using namespace vk;  // NOLINT(google-build-using-namespace): Vulkan's own names
#endif

inline constexpr auto kSignaler = VK_SCI_SYNC_CLIENT_TYPE_SIGNALER_NV;
inline constexpr auto kWaiter = VK_SCI_SYNC_CLIENT_TYPE_WAITER_NV;
inline constexpr auto kSignalerAndWaiter = VK_SCI_SYNC_CLIENT_TYPE_SIGNALER_WAITER_NV;

inline VkResult fill_for_vulkan(NvSciSyncAttrList list, VkPhysicalDevice device, VkSciSyncClientTypeNV client) {
    const VkSciSyncAttributesInfoNV info{static_cast<VkStructureType>(1000373003), nullptr, client,
                                         VK_SCI_SYNC_PRIMITIVE_TYPE_SEMAPHORE_NV};
    return nvsciVkGetPhysicalDeviceSciSyncAttributesNV(device, &info, list);
}

/// A list of a Vulkan device.
inline SyncList vulkan_list(NvSciSyncModule module, VkPhysicalDevice device, VkSciSyncClientTypeNV client) {
    SyncList list = create_list(module);
    EXPECT_EQ(fill_for_vulkan(list, device, client), VK_SUCCESS) << opennvsciGetLastErrorText();
    return list;
}

/// A semaphore pool, destroyed at the end unless destroy() was called.
class Pool {
  public:
    Pool(VkDevice device, NvSciSyncObj object) : device_(device) {
        EXPECT_EQ(create(device, object, &handle_), VK_SUCCESS) << opennvsciGetLastErrorText();
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool() { destroy(); }
    void destroy() {
        if (handle_ != nullptr) nvsciVkDestroySemaphoreSciSyncPoolNV(device_, std::exchange(handle_, nullptr), nullptr);
    }
    /// Somebody else has destroyed it.
    void forget() { handle_ = nullptr; }

    static VkResult create(VkDevice device, NvSciSyncObj object, VkSemaphoreSciSyncPoolNV* out) {
        const VkSemaphoreSciSyncPoolCreateInfoNV info{static_cast<VkStructureType>(1000489000), nullptr, object};
        return nvsciVkCreateSemaphoreSciSyncPoolNV(device, &info, nullptr, out);
    }

    VkResult wait(const NvSciSyncFence& fence, NvSciVkSemaphoreValue* out) const {
        const auto info = info_of(&fence);
        return nvsciVkGetWaitSemaphore(device_, &info, out);
    }
    VkResult signal(NvSciSyncFence* fence, NvSciVkSemaphoreValue* out) const {
        const auto info = info_of(fence);
        return nvsciVkGetSignalSemaphore(device_, &info, out);
    }
    /// The same that have to succeed.
    [[nodiscard]] NvSciVkSemaphoreValue wait(const NvSciSyncFence& fence) const {
        NvSciVkSemaphoreValue value{};
        EXPECT_EQ(wait(fence, &value), VK_SUCCESS) << opennvsciGetLastErrorText();
        return value;
    }
    [[nodiscard]] NvSciVkSemaphoreValue signal(NvSciSyncFence* fence) const {
        NvSciVkSemaphoreValue value{};
        *fence = NvSciSyncFenceInitializer;
        EXPECT_EQ(signal(fence, &value), VK_SUCCESS) << opennvsciGetLastErrorText();
        return value;
    }

    [[nodiscard]] VkSemaphoreSciSyncPoolNV handle() const noexcept { return handle_; }

  private:
    [[nodiscard]] VkSemaphoreSciSyncCreateInfoNV info_of(const NvSciSyncFence* fence) const {
        return {static_cast<VkStructureType>(1000489001), nullptr, handle_, fence};
    }
    const VkDevice device_;
    VkSemaphoreSciSyncPoolNV handle_ = nullptr;
};

}  // namespace opennvsci::test
