// SPDX-License-Identifier: Apache-2.0
#include "api/vulkan_handles.h"

#include <algorithm>

namespace opennvsci::api {

bool end_semaphore_pool(std::uint64_t handle) noexcept {
    const auto pool = semaphore_pools().acquire(handle);
    if (!pool) return false;
    (*pool)->end();
    semaphore_pools().close(handle);
    return true;
}

void end_devices(const std::vector<std::shared_ptr<vulkan::Device>>& devices) {
    for (const auto& device : devices)
        device->end();
    const auto is_ended = [&](const vulkan::SemaphorePool& pool) {
        return std::ranges::any_of(devices, [&](auto& device) { return device->handle() == pool.device().handle(); });
    };
    std::vector<std::uint64_t> ended;
    semaphore_pools().for_each_own([&](std::uint64_t handle, const std::unique_ptr<vulkan::SemaphorePool>& pool) {
        if (is_ended(*pool)) ended.push_back(handle);
    });
    for (const std::uint64_t handle : ended)
        end_semaphore_pool(handle);
}

}  // namespace opennvsci::api
