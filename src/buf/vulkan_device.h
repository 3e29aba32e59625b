// SPDX-License-Identifier: Apache-2.0
//
// VulkanDevice: what a Vulkan device can import, as the list that speaks for it says. One answer for the negotiation,
// which promises nothing that the import would refuse, and for the import itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "attr/slot.h"
#include "base/uuid.h"
#include "memory/domain.h"

namespace opennvsci::buf {

struct VulkanDevice {
    Uuid gpu{};                                ///< the GPU of CUDA that it is; null: none that CUDA knows
    std::uint64_t host_pointer_alignment = 0;  ///< of the system memory that it imports, bytes; 0: it imports none
    bool imports_descriptors = false;          ///< it imports memory of the CUDA driver, on its GPU

    /// The device that what a participant asks speaks for; nothing if it speaks for none.
    [[nodiscard]] static std::optional<VulkanDevice> of(const attr::CheckedWishes& wishes);

    // What keeps it from something, as what is said of it: "has no VK_KHR_external_memory_fd, …"; empty if nothing
    // does.

    /// From taking part at all.
    [[nodiscard]] std::string obstacle() const;
    /// From importing memory of a buffer; `owner` is the GPU whose driver makes it, of no matter for Domain::system.
    [[nodiscard]] std::string obstacle_to(memory::Domain domain, const Uuid& owner) const;
    /// From having block-linear images.
    [[nodiscard]] std::string obstacle_to_block_linear() const;
    /// From importing the buffer that a reconciled list states.
    [[nodiscard]] std::string obstacle_to(const attr::Slot& reconciled) const;
};

/// Whether what lists agreed on is a block-linear image.
[[nodiscard]] bool is_block_linear(const attr::Slot& result);

}  // namespace opennvsci::buf
