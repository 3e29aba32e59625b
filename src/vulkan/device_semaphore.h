// SPDX-License-Identifier: Apache-2.0
//
// DeviceSemaphore: a timeline semaphore in a device that the program has registered, with a payload of its own or with
// one that other semaphores have too. Destroyed before the device.
//
// Only its beginning and its end call the program's allocators: no lock may be held then that they could want.
#pragma once

#include <cstdint>
#include <memory>

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

    [[nodiscard]] Seen value() const noexcept override;
    [[nodiscard]] int signal(std::uint64_t value) noexcept override;
    [[nodiscard]] bool is_exported() const noexcept override { return is_exported_; }
    [[nodiscard]] Result<UniqueFd> payload() const override;
    [[nodiscard]] Result<> import(UniqueFd payload) override;

  private:
    DeviceSemaphore(std::shared_ptr<const Device> device, const VkAllocationCallbacks* allocator, bool is_exported)
        : device_(std::move(device)), allocator_(allocator), is_exported_(is_exported) {}

    const std::shared_ptr<const Device> device_;
    const VkAllocationCallbacks* const allocator_;
    const bool is_exported_;
    VkSemaphore handle_ = nullptr;
};

}  // namespace opennvsci::vulkan
