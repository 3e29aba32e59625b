// SPDX-License-Identifier: Apache-2.0
//
// What the functions of nvscivk.h do with handles of this library: hold them, and end those of a device that goes.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "api/handles.h"
#include "vulkan/device.h"

namespace opennvsci::api {

/// acquire() in Vulkan's words. Errors: INVALID_EXTERNAL_HANDLE for what is no live handle of ours, NULL too.
template <class Table, class Handle>
[[nodiscard]] Result<typename Table::Ref> acquire_external(Table& table, Handle handle, std::string_view what) {
    auto held = acquire(table, handle, what);
    if (!held) held.error().vulkan = vk::VK_ERROR_INVALID_EXTERNAL_HANDLE;
    return held;
}

/// Ends a semaphore pool: when this returns its semaphore is destroyed, whoever else holds the pool. False if the
/// handle is not alive.
bool end_semaphore_pool(std::uint64_t handle) noexcept;

/// Ends devices that the registry has no more, with their pools. A call that makes a pool or an import meanwhile sees
/// that its device has ended.
void end_devices(const std::vector<std::shared_ptr<vulkan::Device>>& devices);

}  // namespace opennvsci::api
