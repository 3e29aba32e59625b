// SPDX-License-Identifier: Apache-2.0
//
// How the memory of an object becomes a VkDeviceMemory. Memory that the CUDA driver made goes by a file descriptor,
// system memory by its address. Each import is memory of its own in Vulkan, and the same bytes.
//
// Vulkan has no memory that can only be read, so a read-only object is refused here, in one place, for all that can be
// asked about one. Of a GPU the address must be known to CUDA before Vulkan takes it (driver-facts.md F58), so
// it stays registered as long as the import.
#pragma once

#include <memory>

#include "buf/object.h"
#include "vulkan/allocate_info.h"
#include "vulkan/device.h"

namespace opennvsci::vulkan {

/// Whether a physical device can take part at all. Errors: FEATURE_NOT_PRESENT with what it lacks; those of the driver.
[[nodiscard]] Result<> check_can_import(const PhysicalDevice& device);

/// How an object is imported into a physical device, as far as that can be told without a logical one.
struct ImportWay {
    VkExternalMemoryHandleTypeFlagBits handle_type;
    std::uint32_t memory_types;  ///< one bit for each that is possible
};

/// Errors: NOT_PERMITTED for a read-only object; FEATURE_NOT_PRESENT with why the device cannot see this memory.
[[nodiscard]] Result<ImportWay> import_way(const PhysicalDevice& device, const buf::Object& object);

/// The same for a logical device, which must have what is needed. Errors: EXTENSION_NOT_PRESENT too.
[[nodiscard]] Result<ImportWay> enabled_way(const Device& device, const buf::Object& object);

/// The same for a logical device, and exactly the memory types that it takes. Errors: those of enabled_way; Vulkan's.
[[nodiscard]] Result<ImportWay> exact_way(const Device& device, const buf::Object& object);

/// Makes memory of an object. `wanted.info` is what the program wants: the memory type, ~0 for any, and a chain, which
/// is Vulkan's alone. The memory is the whole object, whatever size is wanted, and also for one image alone, because
/// NVIDIA's driver takes no part of one (F61). Errors: those of import_way; VALIDATION_FAILED for another memory type;
/// Vulkan's; those of Device::remember.
[[nodiscard]] Result<VkDeviceMemory> import_memory(Device& device, std::shared_ptr<buf::Object> object,
                                                   const AllocateInfo& wanted, const VkAllocationCallbacks* allocator);

/// Vulkan's own allocation. Errors: Vulkan's.
[[nodiscard]] Result<VkDeviceMemory> allocate_memory(const Device& device, const VkMemoryAllocateInfo& info,
                                                     const VkAllocationCallbacks* allocator);

/// Ends memory, of an import or not.
void free_memory(Device& device, VkDeviceMemory memory, const VkAllocationCallbacks* allocator);

}  // namespace opennvsci::vulkan
