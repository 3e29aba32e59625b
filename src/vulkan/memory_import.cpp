// SPDX-License-Identifier: Apache-2.0
#include "vulkan/memory_import.h"

#include <fmt/format.h>

#include <bit>

#include "buf/keys.h"
#include "driver/scoped_context.h"

namespace opennvsci::vulkan {
namespace {

using memory::Domain;
using memory::Right;

constexpr std::uint32_t kAnyMemoryType = ~0U;

tl::unexpected<Error> not_enabled(const char* extension) {
    return fail(VK_ERROR_EXTENSION_NOT_PRESENT, NvSciError_NotSupported,
                fmt::format("the device was created without {}, which the import of this memory needs", extension));
}

Result<> check_right(const buf::Object& object) {
    if (object.right() == Right::read_write) return {};
    return fail(
        VK_ERROR_NOT_PERMITTED_KHR, NvSciError_NotPermitted,
        "the object is read-only (ActualPerm Readonly), and Vulkan has no memory that can only be read; let the "
        "list of the Vulkan device ask for ReadWrite, or copy the data");
}

struct Memory {
    Domain domain;
    Uuid owner;  // null for Domain::system
};

Memory memory_of(const buf::Object& object) {
    const attr::Slot& reconciled = object.list()->reconciled();
    const auto owner = reconciled.scalar<NvSciRmGpuId>(buf::kMemoryGpu).value_or(NvSciRmGpuId{});
    return {reconciled.required<Domain>(buf::kMemoryDomain), Uuid::from(owner.bytes)};
}

// Of the types that are there; all of them where none is as wanted.
std::uint32_t preferred_types(const PhysicalDevice& device, VkFlags wanted, VkFlags unwanted) {
    const std::uint32_t preferred = device.memory_types(wanted, unwanted);
    return preferred != 0 ? preferred : device.memory_types(0, 0);
}

// The address of system memory, known to CUDA if the device is a GPU that CUDA has.
struct HostMemory {
    std::unique_ptr<memory::GpuMapping> registered;
    void* address = nullptr;
};

Result<HostMemory> host_memory_of(const PhysicalDevice& device, const buf::Object& object) {
    OPENNVSCI_TRY_ASSIGN(gpu, device.gpu());
    if (gpu == nullptr) {
        OPENNVSCI_TRY_ASSIGN(address, object.allocation().cpu_address(Right::read_write));
        return HostMemory{nullptr, address};
    }
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    const driver::ScopedContext context(*driver, *gpu);
    if (context.result() != cu::CUDA_SUCCESS) return driver->error(context.result(), "cuDevicePrimaryCtxRetain");
    OPENNVSCI_TRY_ASSIGN(registered, object.allocation().map_for_gpu(*driver, *gpu, Right::read_write));
    void* const address = registered->host_address();
    return HostMemory{std::move(registered), address};
}

// What the device says of this address.
Result<std::uint32_t> types_of_address(const Device& device, void* address) {
    VkMemoryHostPointerPropertiesEXT properties{VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT, nullptr, 0};
    const VkResult result = device.call().vkGetMemoryHostPointerPropertiesEXT(
        device.handle(), VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT, address, &properties);
    if (result != VK_SUCCESS) return call_failed(result, "vkGetMemoryHostPointerPropertiesEXT");
    return properties.memoryTypeBits;
}

// The type that the program names, or the first that is possible where it names any.
Result<std::uint32_t> choose_type(std::uint32_t type, std::uint32_t possible) {
    if (type == kAnyMemoryType && possible != 0) return static_cast<std::uint32_t>(std::countr_zero(possible));
    if (type < kMaxMemoryTypes && (possible >> type & 1U) != 0) return type;
    return fail(VK_ERROR_VALIDATION_FAILED_EXT, NvSciError_BadParameter,
                fmt::format("memoryTypeIndex is {}, and the object can be imported with the types of the bits {:#x} "
                            "(nvsciVkGetMemoryProperties)",
                            type, possible));
}

// The descriptor is Vulkan's once it has succeeded.
Result<VkDeviceMemory> import_descriptor(const Device& device, const buf::Object& object, VkMemoryAllocateInfo info,
                                         const VkAllocationCallbacks* allocator) {
    OPENNVSCI_TRY_ASSIGN(descriptor, object.allocation().descriptor_for_arrays());
    const VkImportMemoryFdInfoKHR import{VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR, info.pNext,
                                         VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT, descriptor.get()};
    info.pNext = &import;
    OPENNVSCI_TRY_ASSIGN(memory, allocate_memory(device, info, allocator));
    (void)descriptor.release();
    return memory;
}

Result<VkDeviceMemory> import_address(const Device& device, void* address, VkMemoryAllocateInfo info,
                                      const VkAllocationCallbacks* allocator) {
    const VkImportMemoryHostPointerInfoEXT import{VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT, info.pNext,
                                                  VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT, address};
    info.pNext = &import;
    return allocate_memory(device, info, allocator);
}

}  // namespace

Result<> check_can_import(const PhysicalDevice& device) {
    OPENNVSCI_TRY_ASSIGN(abilities, device.abilities());
    const std::string obstacle = abilities.obstacle();
    if (obstacle.empty()) return {};
    return fail(VK_ERROR_FEATURE_NOT_PRESENT, NvSciError_NotSupported, fmt::format("{} {}", device.name(), obstacle));
}

Result<ImportWay> import_way(const PhysicalDevice& device, const buf::Object& object) {
    OPENNVSCI_TRY(check_right(object));
    const Memory memory = memory_of(object);
    OPENNVSCI_TRY_ASSIGN(abilities, device.abilities());
    if (const std::string obstacle = abilities.obstacle_to(memory.domain, memory.owner); !obstacle.empty()) {
        return fail(VK_ERROR_FEATURE_NOT_PRESENT, NvSciError_NotSupported,
                    fmt::format("{} {}; reconcile with a list that nvsciVkGetPhysicalDeviceSciBufAttributesNV fills in",
                                device.name(), obstacle));
    }
    switch (memory.domain) {
        case Domain::system:
            return ImportWay{VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
                             device.memory_types(VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT, 0)};
        case Domain::video:
            return ImportWay{
                VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT,
                preferred_types(device, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT)};
        case Domain::driver_system:
            break;
    }
    return ImportWay{VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT,
                     preferred_types(device, 0, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT)};
}

Result<ImportWay> enabled_way(const Device& device, const buf::Object& object) {
    OPENNVSCI_TRY_ASSIGN(way, import_way(device.physical(), object));
    if (way.handle_type == VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT) {
        if (device.call().vkGetMemoryFdKHR == nullptr) return not_enabled(kExternalMemoryFd);
    } else if (device.call().vkGetMemoryHostPointerPropertiesEXT == nullptr) {
        return not_enabled(kExternalMemoryHost);
    }
    return way;
}

Result<ImportWay> exact_way(const Device& device, const buf::Object& object) {
    OPENNVSCI_TRY_ASSIGN(way, enabled_way(device, object));
    if (way.handle_type == VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT) return way;
    OPENNVSCI_TRY_ASSIGN(host, host_memory_of(device.physical(), object));
    OPENNVSCI_TRY_ASSIGN(types, types_of_address(device, host.address));
    return ImportWay{way.handle_type, types};
}

Result<VkDeviceMemory> allocate_memory(const Device& device, const VkMemoryAllocateInfo& info,
                                       const VkAllocationCallbacks* allocator) {
    VkDeviceMemory memory = nullptr;
    const VkResult result = device.call().vkAllocateMemory(device.handle(), &info, allocator, &memory);
    if (result != VK_SUCCESS) return call_failed(result, "vkAllocateMemory");
    return memory;
}

Result<VkDeviceMemory> import_memory(Device& device, std::shared_ptr<buf::Object> object, const AllocateInfo& wanted,
                                     const VkAllocationCallbacks* allocator) {
    OPENNVSCI_TRY_ASSIGN(way, enabled_way(device, *object));
    VkMemoryAllocateInfo info = wanted.info;
    info.allocationSize = object->allocation().size();
    Import import{std::move(object), nullptr, 0, wanted.dedicated_image};
    VkDeviceMemory memory = nullptr;
    if (way.handle_type == VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT) {
        OPENNVSCI_TRY_ASSIGN(type, choose_type(info.memoryTypeIndex, way.memory_types));
        info.memoryTypeIndex = type;
        OPENNVSCI_TRY_ASSIGN(made, import_descriptor(device, *import.object, info, allocator));
        memory = made;
    } else {
        OPENNVSCI_TRY_ASSIGN(host, host_memory_of(device.physical(), *import.object));
        OPENNVSCI_TRY_ASSIGN(types, types_of_address(device, host.address));
        OPENNVSCI_TRY_ASSIGN(type, choose_type(info.memoryTypeIndex, types));
        info.memoryTypeIndex = type;
        OPENNVSCI_TRY_ASSIGN(made, import_address(device, host.address, info, allocator));
        memory = made;
        import.registered = std::move(host.registered);
    }
    import.memory_type = info.memoryTypeIndex;
    OPENNVSCI_TRY(device.remember(memory, std::move(import), allocator));
    return memory;
}

// Forgotten first, because Vulkan may give the handle again at once; what the import held ends after the memory.
void free_memory(Device& device, VkDeviceMemory memory, const VkAllocationCallbacks* allocator) {
    const Import ended = device.forget(memory);
    device.call().vkFreeMemory(device.handle(), memory, allocator);
}

}  // namespace opennvsci::vulkan
