// SPDX-License-Identifier: Apache-2.0
//
// Short ways to make lists and semaphore pools of Vulkan devices, and to ask for their fences.
#pragma once

#include <cstdint>
#include <utility>

#include "api/nvscivk_abi.h"
#include "sync_objects.h"

namespace opennvsci::test {

inline constexpr auto kSignaler = vk::VK_SCI_SYNC_CLIENT_TYPE_SIGNALER_NV;
inline constexpr auto kWaiter = vk::VK_SCI_SYNC_CLIENT_TYPE_WAITER_NV;
inline constexpr auto kSignalerAndWaiter = vk::VK_SCI_SYNC_CLIENT_TYPE_SIGNALER_WAITER_NV;

inline vk::VkResult fill_for_vulkan(NvSciSyncAttrList list, vk::VkPhysicalDevice device,
                                    vk::VkSciSyncClientTypeNV client) {
    const vk::VkSciSyncAttributesInfoNV info{vk::VK_STRUCTURE_TYPE_SCI_SYNC_ATTRIBUTES_INFO_NV, nullptr, client,
                                             vk::VK_SCI_SYNC_PRIMITIVE_TYPE_SEMAPHORE_NV};
    return nvsciVkGetPhysicalDeviceSciSyncAttributesNV(device, &info, list);
}

/// A list of a Vulkan device.
inline SyncList vulkan_list(NvSciSyncModule module, vk::VkPhysicalDevice device, vk::VkSciSyncClientTypeNV client) {
    SyncList list = create_list(module);
    EXPECT_EQ(fill_for_vulkan(list, device, client), vk::VK_SUCCESS) << opennvsciGetLastErrorText();
    return list;
}

/// A semaphore pool, destroyed at the end unless destroy() was called.
class Pool {
  public:
    Pool(vk::VkDevice device, NvSciSyncObj object) : device_(device) {
        EXPECT_EQ(create(device, object, &handle_), vk::VK_SUCCESS) << opennvsciGetLastErrorText();
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    ~Pool() { destroy(); }
    void destroy() {
        if (handle_ != nullptr) nvsciVkDestroySemaphoreSciSyncPoolNV(device_, std::exchange(handle_, nullptr), nullptr);
    }
    /// Somebody else has destroyed it.
    void forget() { handle_ = nullptr; }

    static vk::VkResult create(vk::VkDevice device, NvSciSyncObj object, vk::VkSemaphoreSciSyncPoolNV* out) {
        const vk::VkSemaphoreSciSyncPoolCreateInfoNV info{
            vk::VK_STRUCTURE_TYPE_SEMAPHORE_SCI_SYNC_POOL_CREATE_INFO_NV, nullptr, object};
        return nvsciVkCreateSemaphoreSciSyncPoolNV(device, &info, nullptr, out);
    }

    vk::VkResult wait(const NvSciSyncFence& fence, vk::NvSciVkSemaphoreValue* out) const {
        const auto info = info_of(&fence);
        return nvsciVkGetWaitSemaphore(device_, &info, out);
    }
    vk::VkResult signal(NvSciSyncFence* fence, vk::NvSciVkSemaphoreValue* out) const {
        const auto info = info_of(fence);
        return nvsciVkGetSignalSemaphore(device_, &info, out);
    }
    /// The same that have to succeed.
    [[nodiscard]] vk::NvSciVkSemaphoreValue wait(const NvSciSyncFence& fence) const {
        vk::NvSciVkSemaphoreValue value{};
        EXPECT_EQ(wait(fence, &value), vk::VK_SUCCESS) << opennvsciGetLastErrorText();
        return value;
    }
    [[nodiscard]] vk::NvSciVkSemaphoreValue signal(NvSciSyncFence* fence) const {
        vk::NvSciVkSemaphoreValue value{};
        *fence = NvSciSyncFenceInitializer;
        EXPECT_EQ(signal(fence, &value), vk::VK_SUCCESS) << opennvsciGetLastErrorText();
        return value;
    }

    [[nodiscard]] vk::VkSemaphoreSciSyncPoolNV handle() const noexcept { return handle_; }

  private:
    [[nodiscard]] vk::VkSemaphoreSciSyncCreateInfoNV info_of(const NvSciSyncFence* fence) const {
        return {vk::VK_STRUCTURE_TYPE_SEMAPHORE_SCI_SYNC_CREATE_INFO_NV, nullptr, handle_, fence};
    }
    const vk::VkDevice device_;
    vk::VkSemaphoreSciSyncPoolNV handle_ = nullptr;
};

}  // namespace opennvsci::test
