// SPDX-License-Identifier: Apache-2.0
//
// What a Vulkan device needs of an NvSciSync object, as attributes (VK_NV_external_sci_sync2).
#pragma once

#include "attr/list.h"
#include "vulkan/physical_device.h"

namespace opennvsci::vulkan {

/// The feature timelineSemaphore.
[[nodiscard]] bool has_timeline_semaphores(const PhysicalDevice& device);

/// Whether timeline semaphores of the device have payloads that CUDA can import.
[[nodiscard]] bool exports_timelines(const PhysicalDevice& device);

/// Sets the permission for `client`, the primitives, the GPU if CUDA can import the semaphores of `device`, and that
/// the list speaks for Vulkan, in an unreconciled list; all or nothing. Errors: VALIDATION_FAILED for another client
/// type, or a list that cannot be set or has such a key with another value; FEATURE_NOT_PRESENT without timeline
/// semaphores.
[[nodiscard]] Result<> set_sync_attributes(attr::List& list, const PhysicalDevice& device,
                                           VkSciSyncClientTypeNV client);

}  // namespace opennvsci::vulkan
