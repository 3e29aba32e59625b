// SPDX-License-Identifier: Apache-2.0
//
// The timeline semaphores of FakeVulkan: payloads that semaphores share by descriptors, as a driver has them. And
// FakeImports, which lets the software CUDA device import them: its streams signal and wait in host functions.
//
// Every function that may fail is a failure point.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "driver/driver.h"
#include "vulkan/entry_points.h"

namespace opennvsci::test {

class FakePayload {
  public:
    explicit FakePayload(std::uint64_t value) : value_(value) {}
    [[nodiscard]] std::uint64_t value() const;
    void set(std::uint64_t value);
    void wait_for(std::uint64_t value);

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t value_;
};

/// What FakeVulkan has of semaphores. One at a time, as FakeVulkan.
struct FakeSemaphores {
    FakeSemaphores();
    FakeSemaphores(const FakeSemaphores&) = delete;
    FakeSemaphores& operator=(const FakeSemaphores&) = delete;
    ~FakeSemaphores();

    bool has_timelines = true;
    bool are_exported = true;
    std::atomic<vk::VkDevice> lost_device = nullptr;
    std::atomic<vk::VkResult> value_result = vk::VK_SUCCESS;   // of the next looks
    std::atomic<vk::VkResult> signal_result = vk::VK_SUCCESS;  // of the CPU's next signals
    std::function<void()> allocator;  // of the program: called where Vulkan makes a semaphore or destroys one
    std::map<vk::VkSemaphore, std::shared_ptr<FakePayload>> alive;
    std::map<std::uint64_t, std::shared_ptr<FakePayload>> exported;  // by the inode of the descriptor

    [[nodiscard]] std::shared_ptr<FakePayload> payload_of(int descriptor) const;
    /// What a queue that submits the signal, or the wait, would see.
    [[nodiscard]] std::uint64_t reached(const vk::NvSciVkSemaphoreValue& value) const {
        return alive.at(value.semaphore)->value();
    }
    void submit(const vk::NvSciVkSemaphoreValue& signal) const { alive.at(signal.semaphore)->set(signal.value); }
    /// Waits until a queue would see the value, for some seconds.
    [[nodiscard]] bool comes_to(const vk::NvSciVkSemaphoreValue& awaited) const;
};

/// While it exists, the CUDA driver imports the fake's semaphores.
class FakeImports {
  public:
    FakeImports();
    FakeImports(const FakeImports&) = delete;
    FakeImports& operator=(const FakeImports&) = delete;
    ~FakeImports();
    /// How many are imported.
    [[nodiscard]] static long alive();

  private:
    driver::Driver& driver_;
    const driver::EntryPoints before_;
};

// The functions, by Vulkan's names, for FakeVulkan to find.
void vkGetPhysicalDeviceFeatures2(vk::VkPhysicalDevice device, vk::VkPhysicalDeviceFeatures2* features);
void vkGetPhysicalDeviceExternalSemaphoreProperties(vk::VkPhysicalDevice device,
                                                    const vk::VkPhysicalDeviceExternalSemaphoreInfo* info,
                                                    vk::VkExternalSemaphoreProperties* properties);
vk::VkResult vkCreateSemaphore(vk::VkDevice device, const vk::VkSemaphoreCreateInfo* info,
                               const vk::VkAllocationCallbacks* allocator, vk::VkSemaphore* semaphore);
void vkDestroySemaphore(vk::VkDevice device, vk::VkSemaphore semaphore, const vk::VkAllocationCallbacks* allocator);
vk::VkResult vkGetSemaphoreCounterValue(vk::VkDevice device, vk::VkSemaphore semaphore, std::uint64_t* value);
vk::VkResult vkSignalSemaphore(vk::VkDevice device, const vk::VkSemaphoreSignalInfo* info);
vk::VkResult vkGetSemaphoreFdKHR(vk::VkDevice device, const vk::VkSemaphoreGetFdInfoKHR* info, int* descriptor);
vk::VkResult vkImportSemaphoreFdKHR(vk::VkDevice device, const vk::VkImportSemaphoreFdInfoKHR* info);

}  // namespace opennvsci::test
