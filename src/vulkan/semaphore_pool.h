// SPDX-License-Identifier: Apache-2.0
//
// SemaphorePool: an NvSciSync object in a device that the program has registered: its timeline semaphore there. It
// holds the object. Its end destroys the semaphore, so it comes before that of the device, and after all work of queues
// with the semaphore; what was to be signaled from here is lost then. The pool itself may live on for a while, for
// whoever looks at it.
//
// Thread-safe.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "base/since.h"
#include "nvscisync.h"
#include "sync/object.h"
#include "vulkan/device_semaphore.h"

namespace opennvsci::vulkan {

class SemaphorePool {
  public:
    /// `allocator` lives as long as the pool. Errors: VALIDATION_FAILED if no list of the object speaks for Vulkan, or
    /// it is for another GPU; those of DeviceSemaphore and of sync::Timeline::attach.
    [[nodiscard]] static Result<std::unique_ptr<SemaphorePool>> create(std::shared_ptr<const Device> device,
                                                                       std::shared_ptr<sync::Object> object,
                                                                       const VkAllocationCallbacks* allocator);
    SemaphorePool(const SemaphorePool&) = delete;
    SemaphorePool& operator=(const SemaphorePool&) = delete;
    ~SemaphorePool() { end(); }

    /// When this returns the semaphore is destroyed, whoever was first to end the pool; but for an allocator that is
    /// called by the end itself. Not in a forked child, which owns nothing of it.
    void end() noexcept;

    [[nodiscard]] const Device& device() const noexcept { return *device_; }
    [[nodiscard]] const sync::Object& object() const noexcept { return *object_; }
    [[nodiscard]] const Since& since() const noexcept { return since_; }

    /// What a queue waits for to wait for a fence. Errors: VALIDATION_FAILED; DEVICE_LOST for a lost one;
    /// INVALID_EXTERNAL_HANDLE after the end.
    [[nodiscard]] Result<NvSciVkSemaphoreValue> wait(const NvSciSyncFence& storage) const;
    /// What a queue signals next, and its fence, in storage that has a cleared one. Errors: as of wait.
    [[nodiscard]] Result<NvSciVkSemaphoreValue> signal(NvSciSyncFence& storage) const;

  private:
    SemaphorePool(std::shared_ptr<const Device> device, std::shared_ptr<sync::Object> object)
        : device_(std::move(device)), object_(std::move(object)) {}
    [[nodiscard]] Result<std::unique_lock<std::mutex>> lock() const;

    const std::shared_ptr<const Device> device_;
    const std::shared_ptr<sync::Object> object_;
    const Since since_;
    mutable std::mutex mutex_;                    // of what follows; held while the semaphore is used
    std::shared_ptr<DeviceSemaphore> semaphore_;  // null before the beginning, and from the beginning of the end
    std::thread::id ending_;                      // the thread that ends it
    bool has_ended_ = true;
    std::condition_variable ended_;
};

}  // namespace opennvsci::vulkan
