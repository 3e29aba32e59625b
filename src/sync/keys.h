// SPDX-License-Identifier: Apache-2.0
//
// The attribute table of NvSciSync: every key as one row. Source of the rows: nvscisync.md 5.2; rows that its mark
// PROPOSED covers are this project's decisions.
#pragma once

#include <array>

#include "attr/schema.h"
#include "nvscisync.h"

namespace opennvsci::sync {

[[nodiscard]] const attr::Schema& schema();

/// Keys of this project's own, invisible to programs: they travel with a reconciled list and tell the allocator what
/// was decided. Numbers of a key class that no public function accepts.
enum InternalKey : std::uint32_t {
    kPayloadDomain = 1U << 26 | 1U,  ///< a memory::Domain; unset if CUDA's events alone know the payload
    kPayloadGpu = 1U << 26 | 2U,     ///< NvSciRmGpuId: whose video memory, if it is there
    // Of the process whose list this is:
    kCpuSignaler = 1U << 26 | 3U,     ///< bool: its CPU is the signaler
    kStreamSignaler = 1U << 26 | 4U,  ///< bool: the signaler is a list of its own that speaks for CUDA
    kStreamWaiter = 1U << 26 | 5U,    ///< bool: a list of its own that speaks for CUDA asked to wait
    kVulkanSignaler = 1U << 26 | 6U,  ///< bool: the signaler is a list of its own that speaks for Vulkan
    kVulkanWaiter = 1U << 26 | 7U,    ///< bool: a list of its own that speaks for Vulkan asked to wait

    /// bool, asked by the library in the lists that it fills for Vulkan: the list speaks for Vulkan, and for nothing
    /// else. Where nobody asks, none of these is in the result.
    kVulkanParticipant = 1U << 26 | 8U,
    kVulkanGpu = 1U << 26 | 9U,     ///< NvSciRmGpuId: of its Vulkan devices, if CUDA imports their semaphores
    kVulkanRelay = 1U << 26 | 10U,  ///< bool: CUDA takes part on a device that cannot have the semaphores of Vulkan
};

/// The primitives that a machine with discrete GPUs has, the better one last.
inline constexpr std::array<NvSciSyncAttrValPrimitiveType, 2> kPrimitivesOfThisMachine{
    NvSciSyncAttrValPrimitiveType_SysmemSemaphore, NvSciSyncAttrValPrimitiveType_SysmemSemaphorePayload64b};

/// The slots of an object's timestamp and task status buffers (nvscisync.md 5.2, PROPOSED).
inline constexpr std::uint32_t kSlots = 1024;

}  // namespace opennvsci::sync
