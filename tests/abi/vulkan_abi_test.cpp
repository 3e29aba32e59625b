// SPDX-License-Identifier: Apache-2.0
//
// Compares what the project restates of Vulkan, and of nvscivk.h, with the real headers. Nearly all of it happens at
// compile time; the program reports how much was compared, so that a lost table cannot pass.
#include "vulkan/entry_points.h"
// Ours first: nvscivk.h has macros for the numbers of Vulkan SC.
#include "api/nvscivk_abi.h"

namespace opennvsci::vk {
// The functions of nvscivk.h as the project declares them, before the header declares them too.
struct Restated {
#define OPENNVSCI_RESTATE(name) decltype(&::nvsciVk##name) name;
#define OPENNVSCI_NVSCIVK_FUNCTIONS(ENTRY)                   \
    ENTRY(RegisterInstance)                                  \
    ENTRY(UnregisterInstance)                                \
    ENTRY(RegisterDevice)                                    \
    ENTRY(UnregisterDevice)                                  \
    ENTRY(GetPhysicalDeviceExternalMemorySciBufFeaturesNV)   \
    ENTRY(GetPhysicalDeviceSciBufAttributesNV)               \
    ENTRY(GetPhysicalDeviceExternalMemorySciBufPropertiesNV) \
    ENTRY(GetMemoryProperties)                               \
    ENTRY(AllocateMemory)                                    \
    ENTRY(FreeMemory)                                        \
    ENTRY(GetMemorySciBufNV)                                 \
    ENTRY(CreatePlaneImage)                                  \
    ENTRY(BindPlaneImage)                                    \
    ENTRY(GetPhysicalDeviceExternalSciSync2FeaturesNV)       \
    ENTRY(GetPhysicalDeviceSciSyncAttributesNV)              \
    ENTRY(CreateSemaphoreSciSyncPoolNV)                      \
    ENTRY(DestroySemaphoreSciSyncPoolNV)                     \
    ENTRY(GetWaitSemaphore)                                  \
    ENTRY(GetSignalSemaphore)
    OPENNVSCI_NVSCIVK_FUNCTIONS(OPENNVSCI_RESTATE)
#undef OPENNVSCI_RESTATE
};
}  // namespace opennvsci::vk

// The header declares the same symbols with Vulkan's types, so here under other names.
#define nvsciVkRegisterInstance publicRegisterInstance
#define nvsciVkUnregisterInstance publicUnregisterInstance
#define nvsciVkRegisterDevice publicRegisterDevice
#define nvsciVkUnregisterDevice publicUnregisterDevice
#define nvsciVkGetPhysicalDeviceExternalMemorySciBufFeaturesNV publicGetPhysicalDeviceExternalMemorySciBufFeaturesNV
#define nvsciVkGetPhysicalDeviceSciBufAttributesNV publicGetPhysicalDeviceSciBufAttributesNV
#define nvsciVkGetPhysicalDeviceExternalMemorySciBufPropertiesNV publicGetPhysicalDeviceExternalMemorySciBufPropertiesNV
#define nvsciVkGetMemoryProperties publicGetMemoryProperties
#define nvsciVkAllocateMemory publicAllocateMemory
#define nvsciVkFreeMemory publicFreeMemory
#define nvsciVkGetMemorySciBufNV publicGetMemorySciBufNV
#define nvsciVkCreatePlaneImage publicCreatePlaneImage
#define nvsciVkBindPlaneImage publicBindPlaneImage
#define nvsciVkGetPhysicalDeviceExternalSciSync2FeaturesNV publicGetPhysicalDeviceExternalSciSync2FeaturesNV
#define nvsciVkGetPhysicalDeviceSciSyncAttributesNV publicGetPhysicalDeviceSciSyncAttributesNV
#define nvsciVkCreateSemaphoreSciSyncPoolNV publicCreateSemaphoreSciSyncPoolNV
#define nvsciVkDestroySemaphoreSciSyncPoolNV publicDestroySemaphoreSciSyncPoolNV
#define nvsciVkGetWaitSemaphore publicGetWaitSemaphore
#define nvsciVkGetSignalSemaphore publicGetSignalSemaphore
#include <nvscivk.h>

#include <cstdio>
#include <cstdlib>
#include <type_traits>

namespace {

namespace ours = opennvsci::vk;

int g_compared = 0;

#define SAME_SIZE(type)                                                                                   \
    static_assert(sizeof(ours::type) == sizeof(::type) && alignof(ours::type) == alignof(::type), #type); \
    ++g_compared
#define SAME_MEMBER(type, member)                                             \
    static_assert(offsetof(ours::type, member) == offsetof(::type, member) && \
                      sizeof(ours::type::member) == sizeof(::type::member),   \
                  #type "." #member);                                         \
    ++g_compared
#define SAME_VALUE(name)                                                                        \
    static_assert(static_cast<long long>(ours::name) == static_cast<long long>(::name), #name); \
    ++g_compared
#define SAME_MACRO(name, macro)                                                                 \
    static_assert(static_cast<long long>(ours::name) == static_cast<long long>(macro), #macro); \
    ++g_compared

#define SAME_IN_REGISTRY(name, macro, number)                             \
    static_assert(static_cast<long long>(ours::name) == (number), #name); \
    SAME_MACRO(name, macro)

// The same number of parameters, each as great as the other, and the same of the result.
template <class A, class B>
struct SameShape : std::false_type {};
template <class R, class S>
constexpr bool same_result() {
    if constexpr (std::is_void_v<R> || std::is_void_v<S>) {
        return std::is_void_v<R> && std::is_void_v<S>;
    } else {
        return sizeof(R) == sizeof(S);
    }
}
template <class R, class... As, class S, class... Bs>
requires(sizeof...(As) == sizeof...(Bs)) struct SameShape<R (*)(As...), S (*)(Bs...)>
    : std::bool_constant<same_result<R, S>() && ((sizeof(As) == sizeof(Bs)) && ...)> {
};

void compare_values() {
    SAME_VALUE(VK_SUCCESS);
    SAME_VALUE(VK_NOT_READY);
    SAME_VALUE(VK_TIMEOUT);
    SAME_VALUE(VK_INCOMPLETE);
    SAME_VALUE(VK_ERROR_OUT_OF_HOST_MEMORY);
    SAME_VALUE(VK_ERROR_OUT_OF_DEVICE_MEMORY);
    SAME_VALUE(VK_ERROR_INITIALIZATION_FAILED);
    SAME_VALUE(VK_ERROR_DEVICE_LOST);
    SAME_VALUE(VK_ERROR_EXTENSION_NOT_PRESENT);
    SAME_VALUE(VK_ERROR_FEATURE_NOT_PRESENT);
    SAME_VALUE(VK_ERROR_INCOMPATIBLE_DRIVER);
    SAME_VALUE(VK_ERROR_TOO_MANY_OBJECTS);
    SAME_VALUE(VK_ERROR_FORMAT_NOT_SUPPORTED);
    SAME_VALUE(VK_ERROR_UNKNOWN);
    SAME_VALUE(VK_ERROR_VALIDATION_FAILED_EXT);
    SAME_VALUE(VK_ERROR_INVALID_EXTERNAL_HANDLE);
    SAME_VALUE(VK_ERROR_NOT_PERMITTED_KHR);
    SAME_VALUE(VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO);
    SAME_VALUE(VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO);
    SAME_VALUE(VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO);
    SAME_VALUE(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2);
    SAME_VALUE(VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2);
    SAME_VALUE(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2);
    SAME_VALUE(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO);
    SAME_VALUE(VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES);
    SAME_VALUE(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES);
    SAME_VALUE(VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO);
    SAME_VALUE(VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO);
    SAME_VALUE(VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR);
    SAME_VALUE(VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO);
    SAME_VALUE(VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT);
    SAME_VALUE(VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT);
    SAME_VALUE(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT);
    SAME_VALUE(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2);
    SAME_VALUE(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO);
    SAME_VALUE(VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES);
    SAME_VALUE(VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO);
    SAME_VALUE(VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR);
    SAME_VALUE(VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR);
    SAME_VALUE(VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES);
    SAME_VALUE(VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO);
    SAME_VALUE(VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO);
    SAME_VALUE(VK_SEMAPHORE_TYPE_TIMELINE);
    SAME_VALUE(VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT);
    SAME_VALUE(VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT);
    SAME_VALUE(VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT);
    SAME_VALUE(VK_SCI_SYNC_CLIENT_TYPE_SIGNALER_NV);
    SAME_VALUE(VK_SCI_SYNC_CLIENT_TYPE_WAITER_NV);
    SAME_VALUE(VK_SCI_SYNC_CLIENT_TYPE_SIGNALER_WAITER_NV);
    SAME_VALUE(VK_SCI_SYNC_PRIMITIVE_TYPE_FENCE_NV);
    SAME_VALUE(VK_SCI_SYNC_PRIMITIVE_TYPE_SEMAPHORE_NV);
    SAME_VALUE(VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT);
    SAME_VALUE(VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT);
    SAME_VALUE(VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT);
    SAME_VALUE(VK_IMAGE_USAGE_TRANSFER_SRC_BIT);
    SAME_VALUE(VK_IMAGE_USAGE_SAMPLED_BIT);
    SAME_VALUE(VK_IMAGE_USAGE_INPUT_ATTACHMENT_BIT);
    SAME_VALUE(VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT);
    SAME_VALUE(VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    SAME_VALUE(VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT);
    SAME_VALUE(VK_IMAGE_TYPE_2D);
    SAME_VALUE(VK_IMAGE_TILING_OPTIMAL);
    SAME_VALUE(VK_IMAGE_TILING_LINEAR);
    SAME_VALUE(VK_IMAGE_LAYOUT_UNDEFINED);
    SAME_VALUE(VK_SAMPLE_COUNT_1_BIT);
    SAME_VALUE(VK_IMAGE_ASPECT_COLOR_BIT);
    SAME_VALUE(VK_SHARING_MODE_EXCLUSIVE);
    SAME_VALUE(VK_SHARING_MODE_CONCURRENT);
    SAME_VALUE(VK_PHYSICAL_DEVICE_TYPE_CPU);
    SAME_MACRO(kMaxMemoryTypes, VK_MAX_MEMORY_TYPES);
    SAME_MACRO(kMaxMemoryHeaps, VK_MAX_MEMORY_HEAPS);
    SAME_MACRO(kMaxPhysicalDeviceNameSize, VK_MAX_PHYSICAL_DEVICE_NAME_SIZE);
    SAME_MACRO(kUuidSize, VK_UUID_SIZE);
    SAME_MACRO(kLuidSize, VK_LUID_SIZE);
}

// The numbers as Khronos' registry of Vulkan SC (vk.xml) gives them: no header here has them.
void compare_with_registry() {
    SAME_IN_REGISTRY(kHandleTypeSciBuf, VK_EXTERNAL_MEMORY_HANDLE_TYPE_SCI_BUF_BIT_NV, 0x2000);
    SAME_IN_REGISTRY(kImportMemorySciBufInfo, VK_STRUCTURE_TYPE_IMPORT_MEMORY_SCI_BUF_INFO_NV, 1000374000);
    SAME_IN_REGISTRY(kExportMemorySciBufInfo, VK_STRUCTURE_TYPE_EXPORT_MEMORY_SCI_BUF_INFO_NV, 1000374001);
    SAME_IN_REGISTRY(kMemoryGetSciBufInfo, VK_STRUCTURE_TYPE_MEMORY_GET_SCI_BUF_INFO_NV, 1000374002);
    SAME_IN_REGISTRY(kMemorySciBufProperties, VK_STRUCTURE_TYPE_MEMORY_SCI_BUF_PROPERTIES_NV, 1000374003);
    SAME_IN_REGISTRY(kPhysicalDeviceSciBufFeatures,
                     VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_SCI_BUF_FEATURES_NV, 1000374004);
    SAME_IN_REGISTRY(kSciSyncAttributesInfo, VK_STRUCTURE_TYPE_SCI_SYNC_ATTRIBUTES_INFO_NV, 1000373003);
    SAME_IN_REGISTRY(kPhysicalDeviceSciSync2Features, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SCI_SYNC_2_FEATURES_NV,
                     1000489002);
    SAME_IN_REGISTRY(kSemaphoreSciSyncPoolCreateInfo, VK_STRUCTURE_TYPE_SEMAPHORE_SCI_SYNC_POOL_CREATE_INFO_NV,
                     1000489000);
    SAME_IN_REGISTRY(kSemaphoreSciSyncCreateInfo, VK_STRUCTURE_TYPE_SEMAPHORE_SCI_SYNC_CREATE_INFO_NV, 1000489001);
}

void compare_formats() {
    SAME_VALUE(VK_FORMAT_UNDEFINED);
    SAME_VALUE(VK_FORMAT_R8_UNORM);
    SAME_VALUE(VK_FORMAT_R8_SNORM);
    SAME_VALUE(VK_FORMAT_R8G8_UNORM);
    SAME_VALUE(VK_FORMAT_R8G8B8A8_UNORM);
    SAME_VALUE(VK_FORMAT_B8G8R8A8_UNORM);
    SAME_VALUE(VK_FORMAT_A2R10G10B10_UNORM_PACK32);
    SAME_VALUE(VK_FORMAT_R16_UNORM);
    SAME_VALUE(VK_FORMAT_R16_SNORM);
    SAME_VALUE(VK_FORMAT_R16_UINT);
    SAME_VALUE(VK_FORMAT_R16_SINT);
    SAME_VALUE(VK_FORMAT_R16_SFLOAT);
    SAME_VALUE(VK_FORMAT_R16G16_UNORM);
    SAME_VALUE(VK_FORMAT_R16G16_SNORM);
    SAME_VALUE(VK_FORMAT_R16G16_UINT);
    SAME_VALUE(VK_FORMAT_R16G16B16A16_UNORM);
    SAME_VALUE(VK_FORMAT_R16G16B16A16_SNORM);
    SAME_VALUE(VK_FORMAT_R16G16B16A16_SFLOAT);
    SAME_VALUE(VK_FORMAT_R32_UINT);
    SAME_VALUE(VK_FORMAT_R32_SINT);
}

void compare_types() {
    SAME_SIZE(VkInstance);
    SAME_SIZE(VkDeviceMemory);
    SAME_SIZE(VkImage);
    SAME_SIZE(VkResult);
    SAME_SIZE(VkFormat);
    SAME_SIZE(VkExternalMemoryHandleTypeFlagBits);
    SAME_SIZE(VkBaseInStructure);
    SAME_MEMBER(VkBaseInStructure, pNext);
    SAME_SIZE(VkApplicationInfo);
    SAME_MEMBER(VkApplicationInfo, apiVersion);
    SAME_SIZE(VkInstanceCreateInfo);
    SAME_MEMBER(VkInstanceCreateInfo, pApplicationInfo);
    SAME_SIZE(VkPhysicalDeviceMemoryProperties);
    SAME_MEMBER(VkPhysicalDeviceMemoryProperties, memoryTypes);
    SAME_MEMBER(VkPhysicalDeviceMemoryProperties, memoryHeaps);
    SAME_SIZE(VkPhysicalDeviceProperties);
    SAME_MEMBER(VkPhysicalDeviceProperties, deviceType);
    SAME_MEMBER(VkPhysicalDeviceProperties, deviceName);
    SAME_MEMBER(VkPhysicalDeviceProperties, pipelineCacheUUID);
    SAME_SIZE(VkPhysicalDeviceProperties2);
    SAME_MEMBER(VkPhysicalDeviceProperties2, properties);
    SAME_SIZE(VkPhysicalDeviceIDProperties);
    SAME_MEMBER(VkPhysicalDeviceIDProperties, deviceUUID);
    SAME_SIZE(VkPhysicalDeviceExternalMemoryHostPropertiesEXT);
    SAME_MEMBER(VkPhysicalDeviceExternalMemoryHostPropertiesEXT, minImportedHostPointerAlignment);
    SAME_SIZE(VkExtensionProperties);
    SAME_SIZE(VkMemoryAllocateInfo);
    SAME_MEMBER(VkMemoryAllocateInfo, allocationSize);
    SAME_MEMBER(VkMemoryAllocateInfo, memoryTypeIndex);
    SAME_SIZE(VkMemoryDedicatedAllocateInfo);
    SAME_MEMBER(VkMemoryDedicatedAllocateInfo, image);
    SAME_MEMBER(VkMemoryDedicatedAllocateInfo, buffer);
    SAME_SIZE(VkExportMemoryAllocateInfo);
    SAME_MEMBER(VkExportMemoryAllocateInfo, handleTypes);
    SAME_SIZE(VkImportMemoryFdInfoKHR);
    SAME_MEMBER(VkImportMemoryFdInfoKHR, handleType);
    SAME_MEMBER(VkImportMemoryFdInfoKHR, fd);
    SAME_SIZE(VkImportMemoryHostPointerInfoEXT);
    SAME_MEMBER(VkImportMemoryHostPointerInfoEXT, pHostPointer);
    SAME_SIZE(VkMemoryHostPointerPropertiesEXT);
    SAME_MEMBER(VkMemoryHostPointerPropertiesEXT, memoryTypeBits);
    SAME_SIZE(VkExternalMemoryImageCreateInfo);
    SAME_MEMBER(VkExternalMemoryImageCreateInfo, handleTypes);
    SAME_SIZE(VkImageCreateInfo);
    SAME_MEMBER(VkImageCreateInfo, flags);
    SAME_MEMBER(VkImageCreateInfo, format);
    SAME_MEMBER(VkImageCreateInfo, extent);
    SAME_MEMBER(VkImageCreateInfo, mipLevels);
    SAME_MEMBER(VkImageCreateInfo, samples);
    SAME_MEMBER(VkImageCreateInfo, tiling);
    SAME_MEMBER(VkImageCreateInfo, usage);
    SAME_MEMBER(VkImageCreateInfo, sharingMode);
    SAME_MEMBER(VkImageCreateInfo, pQueueFamilyIndices);
    SAME_MEMBER(VkImageCreateInfo, initialLayout);
    SAME_SIZE(VkMemoryRequirements);
    SAME_MEMBER(VkMemoryRequirements, memoryTypeBits);
    SAME_SIZE(VkImageSubresource);
    SAME_SIZE(VkSubresourceLayout);
    SAME_MEMBER(VkSubresourceLayout, rowPitch);
    SAME_SIZE(VkPhysicalDeviceImageFormatInfo2);
    SAME_MEMBER(VkPhysicalDeviceImageFormatInfo2, usage);
    SAME_MEMBER(VkPhysicalDeviceImageFormatInfo2, flags);
    SAME_SIZE(VkPhysicalDeviceExternalImageFormatInfo);
    SAME_SIZE(VkImageFormatProperties2);
    SAME_MEMBER(VkImageFormatProperties2, imageFormatProperties.maxExtent);
    SAME_SIZE(VkExternalImageFormatProperties);
    SAME_MEMBER(VkExternalImageFormatProperties, externalMemoryProperties.externalMemoryFeatures);
}

void compare_header() {
    SAME_SIZE(VkSemaphoreCreateInfo);
    SAME_SIZE(VkSemaphoreTypeCreateInfo);
    SAME_MEMBER(VkSemaphoreTypeCreateInfo, semaphoreType);
    SAME_MEMBER(VkSemaphoreTypeCreateInfo, initialValue);
    SAME_SIZE(VkExportSemaphoreCreateInfo);
    SAME_MEMBER(VkExportSemaphoreCreateInfo, handleTypes);
    SAME_SIZE(VkSemaphoreSignalInfo);
    SAME_MEMBER(VkSemaphoreSignalInfo, semaphore);
    SAME_MEMBER(VkSemaphoreSignalInfo, value);
    SAME_SIZE(VkSemaphoreGetFdInfoKHR);
    SAME_MEMBER(VkSemaphoreGetFdInfoKHR, handleType);
    SAME_SIZE(VkImportSemaphoreFdInfoKHR);
    SAME_MEMBER(VkImportSemaphoreFdInfoKHR, flags);
    SAME_MEMBER(VkImportSemaphoreFdInfoKHR, handleType);
    SAME_MEMBER(VkImportSemaphoreFdInfoKHR, fd);
    SAME_SIZE(VkPhysicalDeviceExternalSemaphoreInfo);
    SAME_MEMBER(VkPhysicalDeviceExternalSemaphoreInfo, handleType);
    SAME_SIZE(VkExternalSemaphoreProperties);
    SAME_MEMBER(VkExternalSemaphoreProperties, externalSemaphoreFeatures);
    SAME_SIZE(VkPhysicalDeviceFeatures2);
    SAME_SIZE(VkPhysicalDeviceTimelineSemaphoreFeatures);
    SAME_MEMBER(VkPhysicalDeviceTimelineSemaphoreFeatures, timelineSemaphore);
    SAME_SIZE(VkSciSyncAttributesInfoNV);
    SAME_MEMBER(VkSciSyncAttributesInfoNV, clientType);
    SAME_MEMBER(VkSciSyncAttributesInfoNV, primitiveType);
    SAME_SIZE(VkPhysicalDeviceExternalSciSync2FeaturesNV);
    SAME_MEMBER(VkPhysicalDeviceExternalSciSync2FeaturesNV, sciSyncExport);
    SAME_SIZE(VkSemaphoreSciSyncPoolCreateInfoNV);
    SAME_MEMBER(VkSemaphoreSciSyncPoolCreateInfoNV, handle);
    SAME_SIZE(VkSemaphoreSciSyncCreateInfoNV);
    SAME_MEMBER(VkSemaphoreSciSyncCreateInfoNV, semaphorePool);
    SAME_MEMBER(VkSemaphoreSciSyncCreateInfoNV, pFence);
    SAME_SIZE(NvSciVkSemaphoreValue);
    SAME_MEMBER(NvSciVkSemaphoreValue, value);
    SAME_SIZE(VkImportMemorySciBufInfoNV);
    SAME_MEMBER(VkImportMemorySciBufInfoNV, handleType);
    SAME_MEMBER(VkImportMemorySciBufInfoNV, handle);
    SAME_SIZE(VkExportMemorySciBufInfoNV);
    SAME_MEMBER(VkExportMemorySciBufInfoNV, pAttributes);
    SAME_SIZE(VkMemoryGetSciBufInfoNV);
    SAME_MEMBER(VkMemoryGetSciBufInfoNV, memory);
    SAME_MEMBER(VkMemoryGetSciBufInfoNV, handleType);
    SAME_SIZE(VkMemorySciBufPropertiesNV);
    SAME_MEMBER(VkMemorySciBufPropertiesNV, memoryTypeBits);
    SAME_SIZE(VkPhysicalDeviceExternalMemorySciBufFeaturesNV);
    SAME_MEMBER(VkPhysicalDeviceExternalMemorySciBufFeaturesNV, sciBufExport);
    SAME_SIZE(NvSciVkMemoryProperties);
    SAME_MEMBER(NvSciVkMemoryProperties, memoryTypeBits);
    SAME_MEMBER(NvSciVkMemoryProperties, size);
    SAME_SIZE(NvSciVkPlaneImageCreateInfo);
    SAME_MEMBER(NvSciVkPlaneImageCreateInfo, bufObj);
    SAME_MEMBER(NvSciVkPlaneImageCreateInfo, planeIndex);
    SAME_MEMBER(NvSciVkPlaneImageCreateInfo, format);
    SAME_MEMBER(NvSciVkPlaneImageCreateInfo, usage);
    SAME_MEMBER(NvSciVkPlaneImageCreateInfo, sharingMode);
    SAME_MEMBER(NvSciVkPlaneImageCreateInfo, pQueueFamilyIndices);
#define SAME_SIGNATURE(name)                                                                           \
    static_assert(SameShape<decltype(ours::Restated::name), decltype(&::public##name)>::value, #name); \
    ++g_compared;
    OPENNVSCI_NVSCIVK_FUNCTIONS(SAME_SIGNATURE)
#undef SAME_SIGNATURE
}

void compare_signatures() {
#define SAME_SIGNATURE(name, extension, result, parameters)                                                   \
    static_assert(SameShape<decltype(opennvsci::vulkan::InstanceFunctions::name), PFN_##name>::value, #name); \
    ++g_compared;
    OPENNVSCI_VULKAN_INSTANCE_FUNCTIONS(SAME_SIGNATURE)
#undef SAME_SIGNATURE
#define SAME_SIGNATURE(name, extension, result, parameters)                                                 \
    static_assert(SameShape<decltype(opennvsci::vulkan::DeviceFunctions::name), PFN_##name>::value, #name); \
    ++g_compared;
    OPENNVSCI_VULKAN_DEVICE_FUNCTIONS(SAME_SIGNATURE)
#undef SAME_SIGNATURE
}

}  // namespace

int main() {
    compare_values();
    compare_with_registry();
    compare_formats();
    compare_types();
    compare_header();
    compare_signatures();
    std::printf("compared %d facts with vulkan_core.h %d\n", g_compared, VK_HEADER_VERSION);
    constexpr int kExpectedAtLeast = 180;
    return g_compared >= kExpectedAtLeast ? EXIT_SUCCESS : EXIT_FAILURE;
}
