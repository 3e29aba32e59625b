// SPDX-License-Identifier: Apache-2.0
//
// The functions of nvscivk.h for instances, devices, memory and images.
#include <fmt/format.h>

#include <cstdint>
#include <memory>

#include "api/lists.h"
#include "api/nvscivk_abi.h"
#include "api/trace_notes.h"
#include "api/vulkan_handles.h"
#include "base/unaligned.h"
#include "vulkan/allocate_info.h"
#include "vulkan/buf_attributes.h"
#include "vulkan/plane_image.h"
#include "vulkan/registry.h"

using namespace opennvsci;      // NOLINT(google-build-using-namespace): extern "C" functions stand outside
using namespace opennvsci::vk;  // NOLINT(google-build-using-namespace): Vulkan's own names
using vulkan::Registry;

namespace {

using ObjectPointer = std::shared_ptr<buf::Object>;

Result<ObjectPointer> find_object(NvSciBufObj handle, std::string_view what) {
    OPENNVSCI_TRY_ASSIGN(entry, api::acquire_external(api::objects(), handle, what));
    trace::when_on([&] {
        trace::note_address("object", api::number(handle));
        api::note_object(*entry->object());
    });
    return entry->object();
}

Result<> check_handle_type(VkExternalMemoryHandleTypeFlagBits type) {
    if (type == kHandleTypeSciBuf) return {};
    return fail(NvSciError_BadParameter,
                fmt::format("handleType is {:#x}, and must be VK_EXTERNAL_MEMORY_HANDLE_TYPE_SCI_BUF_BIT_NV ({:#x})",
                            std::uint32_t{type}, std::uint32_t{kHandleTypeSciBuf}));
}

Result<> check_structure(VkStructureType found, VkStructureType needed, const char* what) {
    if (found == needed) return {};
    return fail(NvSciError_BadParameter,
                fmt::format("sType of {} is {}, and must be {}", what, int{found}, int{needed}));
}

Result<ObjectPointer> allocate_object(const VkExportMemorySciBufInfoNV& info) {
    OPENNVSCI_TRY_ASSIGN(entry, api::acquire_external(api::lists(), info.pAttributes, "pAttributes"));
    if (!(*entry)->list->is_reconciled()) return fail(NvSciError_BadParameter, "pAttributes is not a reconciled list");
    return buf::Object::allocate((*entry)->module, *(*entry)->list);
}

// The object that the chain names, or a new one.
Result<ObjectPointer> object_of(const vulkan::AllocateInfo& wanted) {
    if (wanted.exported != nullptr) return allocate_object(*wanted.exported);
    OPENNVSCI_TRY(check_handle_type(wanted.imported->handleType));
    return find_object(wanted.imported->handle, "handle");
}

// One handle for each import, which ends with it; another one if the program has freed it all the same.
Result<NvSciBufObj> handle_of(vulkan::Device& device, VkDeviceMemory memory) {
    OPENNVSCI_TRY_ASSIGN(imported, device.find_import(memory));
    const vulkan::OwnedHandle& known = imported.handle;
    if (known != nullptr && api::objects().acquire(*known)) return reinterpret_cast<NvSciBufObj>(*known);
    const std::shared_ptr<std::uint64_t> made(new std::uint64_t(0), [](const std::uint64_t* number) {
        api::objects().close(*number);
        delete number;
    });
    NvSciBufObj handle = nullptr;
    OPENNVSCI_TRY(api::give_handle(api::objects(), api::ObjectEntry(std::move(imported.object)), &handle));
    *made = api::number(handle);
    OPENNVSCI_TRY_ASSIGN(kept, device.keep_handle(memory, known, made));
    return reinterpret_cast<NvSciBufObj>(*kept);
}

}  // namespace

VkResult nvsciVkRegisterInstance(VkInstance instance, PFN_vkGetInstanceProcAddr getInstanceProcAddr) {
    return api::vulkan_call(__func__, [&]() -> Result<> {
        if (instance == nullptr) return api::null_argument("instance");
        OPENNVSCI_TRY_ASSIGN(queried, vulkan::Instance::query(instance, getInstanceProcAddr));
        Registry::instance().insert(instance, std::move(queried));
        return {};
    });
}

void nvsciVkUnregisterInstance(VkInstance instance) {
    api::void_call(__func__, [&]() -> Result<> {
        api::end_devices(Registry::instance().take(instance));
        return {};
    });
}

VkResult nvsciVkRegisterDevice(VkPhysicalDevice physicalDevice, VkDevice device) {
    return api::vulkan_call(__func__, [&]() -> Result<> {
        if (device == nullptr) return api::null_argument("device");
        OPENNVSCI_TRY_ASSIGN(physical, Registry::instance().find(physicalDevice));
        OPENNVSCI_TRY_ASSIGN(created, vulkan::Device::create(std::move(physical), device));
        return Registry::instance().insert(std::move(created));
    });
}

void nvsciVkUnregisterDevice(VkDevice device) {
    api::void_call(__func__, [&]() -> Result<> {
        api::end_devices(Registry::instance().take(device));
        return {};
    });
}

// That a device cannot take part is the answer, not a refusal of the call; its reason is kept like one.
VkResult nvsciVkGetPhysicalDeviceExternalMemorySciBufFeaturesNV(
    VkPhysicalDevice physicalDevice, VkPhysicalDeviceExternalMemorySciBufFeaturesNV* features) {
    const char* const name = __func__;
    return api::vulkan_call(name, [&]() -> Result<> {
        if (features == nullptr) return api::null_argument("features");
        OPENNVSCI_TRY(check_structure(features->sType, kPhysicalDeviceSciBufFeatures, "features"));
        OPENNVSCI_TRY_ASSIGN(device, Registry::instance().find(physicalDevice));
        const Result<> possible = vulkan::check_can_import(*device);
        if (!possible) {
            Error answer = possible.error();
            answer.is_expected = true;
            (void)api::remember_failure(name, answer, api::Channel::vulkan);
        }
        features->sciBufImport = features->sciBufExport = possible ? 1 : 0;
        return {};
    });
}

VkResult nvsciVkGetPhysicalDeviceSciBufAttributesNV(VkPhysicalDevice physicalDevice, NvSciBufAttrList pAttributes) {
    return api::vulkan_call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY_ASSIGN(device, Registry::instance().find(physicalDevice));
        OPENNVSCI_TRY_ASSIGN(entry, api::acquire_external(api::lists(), pAttributes, "pAttributes"));
        return vulkan::set_buf_attributes(*(*entry)->list, *device);
    });
}

VkResult nvsciVkGetPhysicalDeviceExternalMemorySciBufPropertiesNV(VkPhysicalDevice physicalDevice,
                                                                  VkExternalMemoryHandleTypeFlagBits handleType,
                                                                  NvSciBufObj handle,
                                                                  VkMemorySciBufPropertiesNV* pMemorySciBufProperties) {
    return api::vulkan_call(__func__, [&]() -> Result<> {
        if (pMemorySciBufProperties == nullptr) return api::null_argument("pMemorySciBufProperties");
        OPENNVSCI_TRY(
            check_structure(pMemorySciBufProperties->sType, kMemorySciBufProperties, "pMemorySciBufProperties"));
        OPENNVSCI_TRY(check_handle_type(handleType));
        OPENNVSCI_TRY_ASSIGN(device, Registry::instance().find(physicalDevice));
        OPENNVSCI_TRY_ASSIGN(object, find_object(handle, "handle"));
        OPENNVSCI_TRY_ASSIGN(way, vulkan::import_way(*device, *object));
        pMemorySciBufProperties->memoryTypeBits = way.memory_types;
        return {};
    });
}

VkResult nvsciVkGetMemoryProperties(VkDevice device, NvSciBufObj bufObj, NvSciVkMemoryProperties* properties) {
    return api::vulkan_call(__func__, [&]() -> Result<> {
        if (properties == nullptr) return api::null_argument("properties");
        OPENNVSCI_TRY_ASSIGN(known, Registry::instance().find(device));
        OPENNVSCI_TRY_ASSIGN(object, find_object(bufObj, "bufObj"));
        OPENNVSCI_TRY_ASSIGN(way, vulkan::exact_way(*known, *object));
        *properties = {way.handle_type, way.memory_types, object->allocation().size()};
        return {};
    });
}

VkResult nvsciVkAllocateMemory(VkDevice device, const VkMemoryAllocateInfo* pAllocateInfo,
                               const VkAllocationCallbacks* pAllocator, VkDeviceMemory* pMemory) {
    return api::vulkan_call(__func__, [&]() -> Result<> {
        if (pAllocateInfo == nullptr) return api::null_argument("pAllocateInfo");
        if (pMemory == nullptr) return api::null_argument("pMemory");
        OPENNVSCI_TRY_ASSIGN(known, Registry::instance().find(device));
        OPENNVSCI_TRY_ASSIGN(wanted, vulkan::AllocateInfo::read(*pAllocateInfo));
        if (wanted.is_plain()) {
            OPENNVSCI_TRY_ASSIGN(plain, vulkan::allocate_memory(*known, wanted.info, pAllocator));
            (void)known->forget(plain);  // Vulkan gives a handle once more that was not freed here
            *pMemory = plain;
            return {};
        }
        OPENNVSCI_TRY_ASSIGN(object, object_of(wanted));
        OPENNVSCI_TRY_ASSIGN(memory, vulkan::import_memory(*known, object, wanted, pAllocator));
        trace::when_on([&] { trace::note_address("memory", api::number(memory)); });
        *pMemory = memory;
        return {};
    });
}

void nvsciVkFreeMemory(VkDevice device, VkDeviceMemory memory, const VkAllocationCallbacks* pAllocator) {
    if (memory == nullptr) return;
    api::void_call(__func__, [&]() -> Result<> {
        trace::when_on([&] { trace::note_address("memory", api::number(memory)); });
        OPENNVSCI_TRY_ASSIGN(known, Registry::instance().find(device));
        vulkan::free_memory(*known, memory, pAllocator);
        return {};
    });
}

VkResult nvsciVkGetMemorySciBufNV(VkDevice device, const VkMemoryGetSciBufInfoNV* pGetSciBufInfo,
                                  NvSciBufObj* pHandle) {
    return api::vulkan_call(__func__, [&]() -> Result<> {
        if (pGetSciBufInfo == nullptr) return api::null_argument("pGetSciBufInfo");
        if (pHandle == nullptr) return api::null_argument("pHandle");
        const auto info = load_once<VkMemoryGetSciBufInfoNV>(pGetSciBufInfo);
        OPENNVSCI_TRY(check_structure(info.sType, kMemoryGetSciBufInfo, "pGetSciBufInfo"));
        OPENNVSCI_TRY(check_handle_type(info.handleType));
        OPENNVSCI_TRY_ASSIGN(known, Registry::instance().find(device));
        OPENNVSCI_TRY_ASSIGN(handle, handle_of(*known, info.memory));
        *pHandle = handle;
        return {};
    });
}

VkResult nvsciVkCreatePlaneImage(VkDevice device, const NvSciVkPlaneImageCreateInfo* pCreateInfo,
                                 const VkAllocationCallbacks* pAllocator, VkImage* pImage) {
    return api::vulkan_call(__func__, [&]() -> Result<> {
        if (pCreateInfo == nullptr) return api::null_argument("pCreateInfo");
        if (pImage == nullptr) return api::null_argument("pImage");
        const auto info = load_once<NvSciVkPlaneImageCreateInfo>(pCreateInfo);
        OPENNVSCI_TRY_ASSIGN(known, Registry::instance().find(device));
        OPENNVSCI_TRY_ASSIGN(object, find_object(info.bufObj, "bufObj"));
        const vulkan::PlaneImageWish wish{info.pNext,
                                          info.planeIndex,
                                          info.format,
                                          info.flags,
                                          info.usage,
                                          info.sharingMode,
                                          info.queueFamilyIndexCount,
                                          info.pQueueFamilyIndices};
        OPENNVSCI_TRY_ASSIGN(image, vulkan::create_plane_image(*known, *object, wish, pAllocator));
        *pImage = image;
        return {};
    });
}

VkResult nvsciVkBindPlaneImage(VkDevice device, VkImage image, VkDeviceMemory memory, std::uint32_t planeIndex) {
    return api::vulkan_call(__func__, [&]() -> Result<> {
        if (image == nullptr) return api::null_argument("image");
        OPENNVSCI_TRY_ASSIGN(known, Registry::instance().find(device));
        return vulkan::bind_plane_image(*known, image, memory, planeIndex);
    });
}
