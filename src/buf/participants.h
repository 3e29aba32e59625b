// SPDX-License-Identifier: Apache-2.0
//
// Participants: who will touch a buffer: the CPU, which GPUs, and which Vulkan devices, each also one of the first two.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "attr/negotiation.h"
#include "buf/vulkan_device.h"
#include "driver/driver.h"
#include "nvscibuf.h"

namespace opennvsci::buf {

/// One element of GpuId: the id as the program spelled it, and its device.
struct Gpu {
    NvSciRmGpuId id;
    const driver::Device* device;
};

/// A participant that speaks for a Vulkan device.
struct VulkanParticipant {
    std::uint32_t participant;  ///< its place in the report
    VulkanDevice device;
};

struct Participants {
    const driver::Driver* driver = nullptr;  ///< null if no key names a GPU
    std::vector<Gpu> gpus;                   ///< those of GpuId
    bool cpu = false;
    std::vector<VulkanParticipant> vulkan{};  ///< known during a reconciliation only

    /// The GPU of GpuId with this id, in either spelling, or null.
    [[nodiscard]] const Gpu* find(const NvSciRmGpuId& id) const;
    /// The only device of GpuId, or null; two spellings of one device are one.
    [[nodiscard]] const driver::Device* only_device() const;
};

/// Finds them from the merged keys. Errors: BadParameter for a GPU that does not exist; those of the driver.
[[nodiscard]] Result<Participants> find_participants(attr::Negotiation& negotiation);

/// The device that `key` names. Errors: BadParameter if it does not exist.
[[nodiscard]] Result<const driver::Device*> require_device(attr::Negotiation& negotiation, const driver::Driver& driver,
                                                           std::uint32_t key, const NvSciRmGpuId& id);

/// "renderer speaks for a Vulkan device, which has no ...": what is said of the device is one of its obstacles.
[[nodiscard]] std::string obstacle_text(attr::Negotiation& negotiation, const VulkanParticipant& vulkan,
                                        std::string_view obstacle);

/// Those that a reconciled list states. Errors: those of Driver::require.
[[nodiscard]] Result<Participants> participants_of(const attr::Slot& reconciled);

}  // namespace opennvsci::buf
