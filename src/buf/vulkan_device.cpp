// SPDX-License-Identifier: Apache-2.0
#include "buf/vulkan_device.h"

#include <fmt/format.h>

#include "base/vulkan_abi.h"
#include "buf/extent.h"
#include "buf/keys.h"

namespace opennvsci::buf {
namespace {

using memory::Domain;

std::string without(const char* extension, const char* purpose) {
    return fmt::format("has no {}, which {} needs", extension, purpose);
}

constexpr const char* kDriverMemory = "memory of the CUDA driver";

}  // namespace

std::optional<VulkanDevice> VulkanDevice::of(const attr::CheckedWishes& wishes) {
    const auto gpu = wishes.scalar<NvSciRmGpuId>(kVulkanGpu);
    if (!gpu) return std::nullopt;
    return VulkanDevice{Uuid::from(gpu->bytes), wishes.scalar<std::uint64_t>(kVulkanHostPointers).value_or(0),
                        wishes.scalar<bool>(kVulkanDescriptors).value_or(false)};
}

std::string VulkanDevice::obstacle() const {
    std::string to_system_memory = obstacle_to(Domain::system, {});
    if (to_system_memory.empty()) return {};
    if (!gpu.is_null()) return imports_descriptors ? std::string() : without(vk::kExternalMemoryFd, kDriverMemory);
    if (host_pointer_alignment != 0) return to_system_memory;
    return without(vk::kExternalMemoryHost, "a device that CUDA does not know");
}

// Vulkan takes a descriptor of memory on the device that made the memory.
std::string VulkanDevice::obstacle_to(Domain domain, const Uuid& owner) const {
    if (domain == Domain::system) {
        if (host_pointer_alignment == 0) return without(vk::kExternalMemoryHost, "system memory");
        if (host_pointer_alignment <= kDefaultAlignment) return {};
        return fmt::format("imports system memory of multiples of {} bytes only, and buffers are multiples of {}",
                           host_pointer_alignment, kDefaultAlignment);
    }
    if (gpu != owner) {
        return fmt::format("is {}, and the buffer is in {} of {}", gpu.is_null() ? "none that CUDA knows" : gpu.text(),
                           domain_name(domain), owner.text());
    }
    return imports_descriptors ? std::string() : without(vk::kExternalMemoryFd, kDriverMemory);
}

// Elsewhere the size of an image could be right by chance.
std::string VulkanDevice::obstacle_to_block_linear() const {
    return gpu.is_null() ? "is none that CUDA knows, and only those have block-linear images" : "";
}

std::string VulkanDevice::obstacle_to(const attr::Slot& reconciled) const {
    if (is_block_linear(reconciled)) {
        if (std::string obstacle = obstacle_to_block_linear(); !obstacle.empty()) return obstacle;
    }
    const auto owner = reconciled.scalar<NvSciRmGpuId>(kMemoryGpu).value_or(NvSciRmGpuId{});
    return obstacle_to(reconciled.required<Domain>(kMemoryDomain), Uuid::from(owner.bytes));
}

bool is_block_linear(const attr::Slot& result) {
    return result.scalar<std::uint32_t>(NvSciBufImageAttrKey_Layout) == std::uint32_t{NvSciBufImage_BlockLinearType};
}

}  // namespace opennvsci::buf
