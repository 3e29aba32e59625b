// SPDX-License-Identifier: Apache-2.0
//
// What a Vulkan device needs of a buffer, as attributes (vkGetPhysicalDeviceSciBufAttributesNV).
#pragma once

#include "attr/list.h"
#include "vulkan/physical_device.h"

namespace opennvsci::vulkan {

/// Sets the GPU, or the access of the CPU for a device that is none, the permission, and what the device can import, in
/// an unreconciled list; all or nothing. What has the value already is left. Errors: VALIDATION_FAILED for keys with
/// other values or a list that cannot be written; FEATURE_NOT_PRESENT if the device cannot take part.
[[nodiscard]] Result<> set_buf_attributes(attr::List& list, const PhysicalDevice& device);

}  // namespace opennvsci::vulkan
