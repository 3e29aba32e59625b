// SPDX-License-Identifier: Apache-2.0
//
// The physical devices of a Vulkan in the form of the public interface.
#pragma once

#include <span>

#include "base/result.h"
#include "opennvsci.h"

namespace opennvsci::api {

/// The devices, of the calling thread until its next ones. Errors: those of vulkan::OwnInstance::create and of
/// driver::instance().
[[nodiscard]] Result<std::span<const OpenNvSciVulkanDevice>> vulkan_view(void* get_instance_proc_addr);

}  // namespace opennvsci::api
