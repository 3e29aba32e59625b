// SPDX-License-Identifier: Apache-2.0
//
// DeviceSemaphore: a timeline semaphore in a device that the program has registered, with a payload of its own or with
// one that other semaphores have too. Destroyed before the device.
#pragma once

#include <cstdint>
#include <memory>

#include "base/unique_fd.h"
#include "sync/timeline_semaphore.h"
#include "vulkan/device.h"

namespace opennvsci::vulkan {

class DeviceSemaphore final : public sync::TimelineSemaphore {
  public:
    /// `allocator` lives as long as the semaphore. Errors: EXTENSION_NOT_PRESENT if the device has no timeline
    /// semaphores, or none to export; Vulkan's.
    [[nodiscard]] static Result<std::shared_ptr<DeviceSemaphore>> create(std::shared_ptr<const Device> device,
                                                                         const VkAllocationCallbacks* allocator,
                                                                         std::uint64_t initial, bool is_exported);
    ~DeviceSemaphore() override { destroy(); }
    /// Before its end, which comes when nobody has it any more; it may not be used from then on.
    void destroy() noexcept;

    [[nodiscard]] VkSemaphore handle() const noexcept { return handle_; }

    /// Of one that is exported: a new descriptor of its payload. Errors: Vulkan's.
    [[nodiscard]] Result<UniqueFd> payload() const;
    /// Gives up its payload for that of the descriptor, which it takes. Errors: Vulkan's.
    [[nodiscard]] Result<> import(UniqueFd payload);

    [[nodiscard]] Seen value() const noexcept override;
    [[nodiscard]] bool signal(std::uint64_t value) noexcept override;

  private:
    DeviceSemaphore(std::shared_ptr<const Device> device, const VkAllocationCallbacks* allocator)
        : device_(std::move(device)), allocator_(allocator) {}

    const std::shared_ptr<const Device> device_;
    const VkAllocationCallbacks* const allocator_;
    VkSemaphore handle_ = nullptr;
};

}  // namespace opennvsci::vulkan
