// SPDX-License-Identifier: Apache-2.0
//
// The attribute table of NvSciBuf: every key as one row. Source of the rows: nvscibuf.md 4.2 to 4.7; rows that its mark
// PROPOSED covers are this project's decisions.
#pragma once

#include <string>

#include "attr/slot.h"
#include "nvscibuf.h"

namespace opennvsci::buf {

[[nodiscard]] const attr::Schema& schema();

/// Keys of this project's own, invisible to programs: they travel with a reconciled list and tell the allocator, here
/// or in another process, what was decided. Numbers of key class 1, which no public function accepts.
enum InternalKey : std::uint32_t {
    kMemoryDomain = 1U << 26 | 1U,      ///< a memory::Domain
    kMemoryGpu = 1U << 26 | 2U,         ///< NvSciRmGpuId: whose memory; unset for Domain::system
    kMemoryCompressed = 1U << 26 | 3U,  ///< bool: video memory is to be compressible

    // Asked by the library in the lists that it fills for Vulkan devices: a buf::VulkanDevice. Not in the result.
    kVulkanGpu = 1U << 26 | 4U,           ///< NvSciRmGpuId, null for a device that CUDA does not know
    kVulkanHostPointers = 1U << 26 | 5U,  ///< uint64_t: the alignment
    kVulkanDescriptors = 1U << 26 | 6U,   ///< bool
};

/// The value of a key as text.
[[nodiscard]] std::string text_of(const attr::Slot& slot, std::uint32_t key);

}  // namespace opennvsci::buf
