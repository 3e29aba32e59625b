// SPDX-License-Identifier: Apache-2.0
//
// The end of Vulkan's devices and of their semaphore pools, which programs hold by handles.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "vulkan/device.h"

namespace opennvsci::api {

/// Ends a semaphore pool: when this returns its semaphore is destroyed, whoever else holds the pool. False if the
/// handle is not alive.
bool end_semaphore_pool(std::uint64_t handle) noexcept;

/// Ends devices that the registry has no more, with their pools. A call that makes a pool or an import meanwhile sees
/// that its device has ended.
void end_devices(const std::vector<std::shared_ptr<vulkan::Device>>& devices);

}  // namespace opennvsci::api
