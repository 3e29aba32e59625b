// SPDX-License-Identifier: Apache-2.0
//
// The part of Vulkan's binary interface that this project uses, restated from the public Vulkan registry, so that it
// builds without Vulkan's headers. tests/abi compares all of it with <vulkan/vulkan_core.h>. Names, numbers and members
// are Vulkan's own. On 64-bit machines every handle is a pointer.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nvscibuf.h"
#include "nvscisync.h"

namespace opennvsci::vk {

static_assert(sizeof(void*) == 8, "handles that are not dispatchable are pointers on 64-bit machines only");

using VkInstance = struct VkInstance_T*;
using VkPhysicalDevice = struct VkPhysicalDevice_T*;
using VkDevice = struct VkDevice_T*;
using VkQueue = struct VkQueue_T*;
using VkDeviceMemory = struct VkDeviceMemory_T*;
using VkImage = struct VkImage_T*;
using VkBuffer = struct VkBuffer_T*;
using VkSemaphore = struct VkSemaphore_T*;
using VkAllocationCallbacks = struct VkAllocationCallbacks_T;  // only handed on

// Names of extensions, which are macros in Vulkan's header.
inline constexpr const char* kExternalMemoryFd = "VK_KHR_external_memory_fd";
inline constexpr const char* kExternalMemoryHost = "VK_EXT_external_memory_host";

using VkFlags = std::uint32_t;
using VkBool32 = std::uint32_t;
using VkDeviceSize = std::uint64_t;
using PFN_vkVoidFunction = void (*)();
using PFN_vkGetInstanceProcAddr = PFN_vkVoidFunction (*)(VkInstance instance, const char* name);
using PFN_vkGetDeviceProcAddr = PFN_vkVoidFunction (*)(VkDevice device, const char* name);

enum VkResult : std::int32_t {
    VK_SUCCESS = 0,
    VK_NOT_READY = 1,
    VK_TIMEOUT = 2,
    VK_INCOMPLETE = 5,
    VK_ERROR_OUT_OF_HOST_MEMORY = -1,
    VK_ERROR_OUT_OF_DEVICE_MEMORY = -2,
    VK_ERROR_INITIALIZATION_FAILED = -3,
    VK_ERROR_DEVICE_LOST = -4,
    VK_ERROR_EXTENSION_NOT_PRESENT = -7,
    VK_ERROR_FEATURE_NOT_PRESENT = -8,
    VK_ERROR_INCOMPATIBLE_DRIVER = -9,
    VK_ERROR_TOO_MANY_OBJECTS = -10,
    VK_ERROR_FORMAT_NOT_SUPPORTED = -11,
    VK_ERROR_UNKNOWN = -13,
    VK_ERROR_VALIDATION_FAILED_EXT = -1000011001,
    VK_ERROR_INVALID_EXTERNAL_HANDLE = -1000072003,
    VK_ERROR_NOT_PERMITTED_KHR = -1000174001,
};

enum VkStructureType : std::int32_t {
    VK_STRUCTURE_TYPE_APPLICATION_INFO = 0,
    VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO = 1,
    VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO = 5,
    VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO = 9,
    VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO = 14,
    VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2 = 1000059001,
    VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2 = 1000059003,
    VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2 = 1000059004,
    VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO = 1000071000,
    VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES = 1000071001,
    VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES = 1000071004,
    VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO = 1000072001,
    VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO = 1000072002,
    VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR = 1000074000,
    VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2 = 1000059000,
    VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO = 1000076000,
    VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES = 1000076001,
    VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO = 1000077000,
    VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR = 1000079000,
    VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR = 1000079001,
    VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO = 1000127001,
    VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT = 1000178000,
    VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT = 1000178001,
    VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT = 1000178002,
    VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES = 1000207000,
    VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO = 1000207002,
    VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO = 1000207005,
};

enum VkExternalMemoryHandleTypeFlagBits : std::uint32_t {
    VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT = 0x00000001,
    VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT = 0x00000080,
};

enum VkExternalMemoryFeatureFlagBits : std::uint32_t {
    VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT = 1,
    VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT = 4,
};

enum VkImageUsageFlagBits : std::uint32_t {
    VK_IMAGE_USAGE_TRANSFER_SRC_BIT = 0x00000001,
    VK_IMAGE_USAGE_SAMPLED_BIT = 0x00000004,
    VK_IMAGE_USAGE_INPUT_ATTACHMENT_BIT = 0x00000080,
};

enum VkMemoryPropertyFlagBits : std::uint32_t {
    VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT = 1,
    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT = 2,
};

enum VkImageType : std::int32_t { VK_IMAGE_TYPE_2D = 1 };
enum VkImageTiling : std::int32_t { VK_IMAGE_TILING_OPTIMAL = 0, VK_IMAGE_TILING_LINEAR = 1 };
enum VkImageLayout : std::int32_t { VK_IMAGE_LAYOUT_UNDEFINED = 0 };
enum VkSampleCountFlagBits : std::uint32_t { VK_SAMPLE_COUNT_1_BIT = 1 };
enum VkImageAspectFlagBits : std::uint32_t { VK_IMAGE_ASPECT_COLOR_BIT = 1 };
enum VkSharingMode : std::int32_t { VK_SHARING_MODE_EXCLUSIVE = 0, VK_SHARING_MODE_CONCURRENT = 1 };

enum VkPhysicalDeviceType : std::int32_t { VK_PHYSICAL_DEVICE_TYPE_CPU = 4 };

enum VkFormat : std::int32_t {
    VK_FORMAT_UNDEFINED = 0,
    VK_FORMAT_R8_UNORM = 9,
    VK_FORMAT_R8_SNORM = 10,
    VK_FORMAT_R8G8_UNORM = 16,
    VK_FORMAT_R8G8B8A8_UNORM = 37,
    VK_FORMAT_B8G8R8A8_UNORM = 44,
    VK_FORMAT_A2R10G10B10_UNORM_PACK32 = 58,
    VK_FORMAT_R16_UNORM = 70,
    VK_FORMAT_R16_SNORM = 71,
    VK_FORMAT_R16_UINT = 74,
    VK_FORMAT_R16_SINT = 75,
    VK_FORMAT_R16_SFLOAT = 76,
    VK_FORMAT_R16G16_UNORM = 77,
    VK_FORMAT_R16G16_SNORM = 78,
    VK_FORMAT_R16G16_UINT = 81,
    VK_FORMAT_R16G16B16A16_UNORM = 91,
    VK_FORMAT_R16G16B16A16_SNORM = 92,
    VK_FORMAT_R16G16B16A16_SFLOAT = 97,
    VK_FORMAT_R32_UINT = 98,
    VK_FORMAT_R32_SINT = 99,
};

/// The head of every structure that can be in a chain.
struct VkBaseInStructure {
    VkStructureType sType;
    const VkBaseInStructure* pNext;
};

inline constexpr std::uint32_t kVersion1_1 = 1U << 22 | 1U << 12;  ///< VK_API_VERSION_1_1

struct VkApplicationInfo {
    VkStructureType sType;
    const void* pNext;
    const char* pApplicationName;
    std::uint32_t applicationVersion;
    const char* pEngineName;
    std::uint32_t engineVersion;
    std::uint32_t apiVersion;
};

struct VkInstanceCreateInfo {
    VkStructureType sType;
    const void* pNext;
    VkFlags flags;
    const VkApplicationInfo* pApplicationInfo;
    std::uint32_t enabledLayerCount;
    const char* const* ppEnabledLayerNames;
    std::uint32_t enabledExtensionCount;
    const char* const* ppEnabledExtensionNames;
};

struct VkExtent3D {
    std::uint32_t width;
    std::uint32_t height;
    std::uint32_t depth;
};

struct VkMemoryType {
    VkFlags propertyFlags;
    std::uint32_t heapIndex;
};

struct VkMemoryHeap {
    VkDeviceSize size;
    VkFlags flags;
};

inline constexpr std::size_t kMaxMemoryTypes = 32;
inline constexpr std::size_t kMaxMemoryHeaps = 16;
struct VkPhysicalDeviceMemoryProperties {
    std::uint32_t memoryTypeCount;
    VkMemoryType memoryTypes[kMaxMemoryTypes];
    std::uint32_t memoryHeapCount;
    VkMemoryHeap memoryHeaps[kMaxMemoryHeaps];
};

inline constexpr std::size_t kMaxPhysicalDeviceNameSize = 256;
inline constexpr std::size_t kUuidSize = 16;
inline constexpr std::size_t kLuidSize = 8;

/// VkPhysicalDeviceProperties; the limits behind the UUID are not used, only their room.
struct VkPhysicalDeviceProperties {
    std::uint32_t apiVersion;
    std::uint32_t driverVersion;
    std::uint32_t vendorID;
    std::uint32_t deviceID;
    VkPhysicalDeviceType deviceType;
    char deviceName[kMaxPhysicalDeviceNameSize];
    std::uint8_t pipelineCacheUUID[kUuidSize];
    std::uint64_t limits_and_sparse_properties[66];
};

struct VkPhysicalDeviceProperties2 {
    VkStructureType sType;
    void* pNext;
    VkPhysicalDeviceProperties properties;
};

struct VkPhysicalDeviceIDProperties {
    VkStructureType sType;
    void* pNext;
    std::uint8_t deviceUUID[kUuidSize];
    std::uint8_t driverUUID[kUuidSize];
    std::uint8_t deviceLUID[kLuidSize];
    std::uint32_t deviceNodeMask;
    VkBool32 deviceLUIDValid;
};

struct VkPhysicalDeviceExternalMemoryHostPropertiesEXT {
    VkStructureType sType;
    void* pNext;
    VkDeviceSize minImportedHostPointerAlignment;
};

struct VkExtensionProperties {
    char extensionName[256];
    std::uint32_t specVersion;
};

struct VkMemoryAllocateInfo {
    VkStructureType sType;
    const void* pNext;
    VkDeviceSize allocationSize;
    std::uint32_t memoryTypeIndex;
};

struct VkMemoryDedicatedAllocateInfo {
    VkStructureType sType;
    const void* pNext;
    VkImage image;
    VkBuffer buffer;
};

struct VkExportMemoryAllocateInfo {
    VkStructureType sType;
    const void* pNext;
    VkFlags handleTypes;
};

struct VkImportMemoryFdInfoKHR {
    VkStructureType sType;
    const void* pNext;
    VkExternalMemoryHandleTypeFlagBits handleType;
    int fd;
};

struct VkImportMemoryHostPointerInfoEXT {
    VkStructureType sType;
    const void* pNext;
    VkExternalMemoryHandleTypeFlagBits handleType;
    void* pHostPointer;
};

struct VkMemoryHostPointerPropertiesEXT {
    VkStructureType sType;
    void* pNext;
    std::uint32_t memoryTypeBits;
};

struct VkExternalMemoryImageCreateInfo {
    VkStructureType sType;
    const void* pNext;
    VkFlags handleTypes;
};

struct VkImageCreateInfo {
    VkStructureType sType;
    const void* pNext;
    VkFlags flags;
    VkImageType imageType;
    VkFormat format;
    VkExtent3D extent;
    std::uint32_t mipLevels;
    std::uint32_t arrayLayers;
    VkSampleCountFlagBits samples;
    VkImageTiling tiling;
    VkFlags usage;
    VkSharingMode sharingMode;
    std::uint32_t queueFamilyIndexCount;
    const std::uint32_t* pQueueFamilyIndices;
    VkImageLayout initialLayout;
};

struct VkMemoryRequirements {
    VkDeviceSize size;
    VkDeviceSize alignment;
    std::uint32_t memoryTypeBits;
};

struct VkImageSubresource {
    VkFlags aspectMask;
    std::uint32_t mipLevel;
    std::uint32_t arrayLayer;
};

struct VkSubresourceLayout {
    VkDeviceSize offset;
    VkDeviceSize size;
    VkDeviceSize rowPitch;
    VkDeviceSize arrayPitch;
    VkDeviceSize depthPitch;
};

struct VkPhysicalDeviceImageFormatInfo2 {
    VkStructureType sType;
    const void* pNext;
    VkFormat format;
    VkImageType type;
    VkImageTiling tiling;
    VkFlags usage;
    VkFlags flags;
};

struct VkPhysicalDeviceExternalImageFormatInfo {
    VkStructureType sType;
    const void* pNext;
    VkExternalMemoryHandleTypeFlagBits handleType;
};

struct VkImageFormatProperties {
    VkExtent3D maxExtent;
    std::uint32_t maxMipLevels;
    std::uint32_t maxArrayLayers;
    VkFlags sampleCounts;
    VkDeviceSize maxResourceSize;
};

struct VkImageFormatProperties2 {
    VkStructureType sType;
    void* pNext;
    VkImageFormatProperties imageFormatProperties;
};

struct VkExternalMemoryProperties {
    VkFlags externalMemoryFeatures;
    VkFlags exportFromImportedHandleTypes;
    VkFlags compatibleHandleTypes;
};

struct VkExternalImageFormatProperties {
    VkStructureType sType;
    void* pNext;
    VkExternalMemoryProperties externalMemoryProperties;
};

// Semaphores.

enum VkSemaphoreType : std::int32_t { VK_SEMAPHORE_TYPE_TIMELINE = 1 };
enum VkExternalSemaphoreHandleTypeFlagBits : std::uint32_t { VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT = 1 };
enum VkExternalSemaphoreFeatureFlagBits : std::uint32_t {
    VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT = 1,
    VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT = 2,
};

struct VkSemaphoreCreateInfo {
    VkStructureType sType;
    const void* pNext;
    VkFlags flags;
};

struct VkSemaphoreTypeCreateInfo {
    VkStructureType sType;
    const void* pNext;
    VkSemaphoreType semaphoreType;
    std::uint64_t initialValue;
};

struct VkExportSemaphoreCreateInfo {
    VkStructureType sType;
    const void* pNext;
    VkFlags handleTypes;
};

struct VkSemaphoreSignalInfo {
    VkStructureType sType;
    const void* pNext;
    VkSemaphore semaphore;
    std::uint64_t value;
};

struct VkSemaphoreGetFdInfoKHR {
    VkStructureType sType;
    const void* pNext;
    VkSemaphore semaphore;
    VkExternalSemaphoreHandleTypeFlagBits handleType;
};

struct VkImportSemaphoreFdInfoKHR {
    VkStructureType sType;
    const void* pNext;
    VkSemaphore semaphore;
    VkFlags flags;
    VkExternalSemaphoreHandleTypeFlagBits handleType;
    int fd;
};

struct VkPhysicalDeviceExternalSemaphoreInfo {
    VkStructureType sType;
    const void* pNext;
    VkExternalSemaphoreHandleTypeFlagBits handleType;
};

struct VkExternalSemaphoreProperties {
    VkStructureType sType;
    void* pNext;
    VkFlags exportFromImportedHandleTypes;
    VkFlags compatibleHandleTypes;
    VkFlags externalSemaphoreFeatures;
};

/// VkPhysicalDeviceFeatures2; the features of Vulkan 1.0 are not used, only their room.
struct VkPhysicalDeviceFeatures2 {
    VkStructureType sType;
    void* pNext;
    VkBool32 features[55];
};

struct VkPhysicalDeviceTimelineSemaphoreFeatures {
    VkStructureType sType;
    void* pNext;
    VkBool32 timelineSemaphore;
};

// VK_NV_external_memory_sci_buf, of the registry of Vulkan SC. Its numbers are macros of nvscivk.h, so they have other
// names here.

inline constexpr VkExternalMemoryHandleTypeFlagBits kHandleTypeSciBuf{0x00002000};
inline constexpr VkStructureType kImportMemorySciBufInfo{1000374000};
inline constexpr VkStructureType kExportMemorySciBufInfo{1000374001};
inline constexpr VkStructureType kMemoryGetSciBufInfo{1000374002};
inline constexpr VkStructureType kMemorySciBufProperties{1000374003};
inline constexpr VkStructureType kPhysicalDeviceSciBufFeatures{1000374004};

struct VkImportMemorySciBufInfoNV {
    VkStructureType sType;
    const void* pNext;
    VkExternalMemoryHandleTypeFlagBits handleType;
    NvSciBufObj handle;
};

struct VkExportMemorySciBufInfoNV {
    VkStructureType sType;
    const void* pNext;
    NvSciBufAttrList pAttributes;
};

struct VkMemoryGetSciBufInfoNV {
    VkStructureType sType;
    const void* pNext;
    VkDeviceMemory memory;
    VkExternalMemoryHandleTypeFlagBits handleType;
};

struct VkMemorySciBufPropertiesNV {
    VkStructureType sType;
    const void* pNext;
    std::uint32_t memoryTypeBits;
};

struct VkPhysicalDeviceExternalMemorySciBufFeaturesNV {
    VkStructureType sType;
    void* pNext;
    VkBool32 sciBufImport;
    VkBool32 sciBufExport;
};

// VK_NV_external_sci_sync2, of the same.

inline constexpr VkStructureType kSciSyncAttributesInfo{1000373003};
inline constexpr VkStructureType kSemaphoreSciSyncPoolCreateInfo{1000489000};
inline constexpr VkStructureType kSemaphoreSciSyncCreateInfo{1000489001};
inline constexpr VkStructureType kPhysicalDeviceSciSync2Features{1000489002};

using VkSemaphoreSciSyncPoolNV = struct VkSemaphoreSciSyncPoolNV_T*;

enum VkSciSyncClientTypeNV : std::uint32_t {
    VK_SCI_SYNC_CLIENT_TYPE_SIGNALER_NV = 0,
    VK_SCI_SYNC_CLIENT_TYPE_WAITER_NV = 1,
    VK_SCI_SYNC_CLIENT_TYPE_SIGNALER_WAITER_NV = 2,
};

enum VkSciSyncPrimitiveTypeNV : std::uint32_t {
    VK_SCI_SYNC_PRIMITIVE_TYPE_FENCE_NV = 0,
    VK_SCI_SYNC_PRIMITIVE_TYPE_SEMAPHORE_NV = 1,
};

struct VkSciSyncAttributesInfoNV {
    VkStructureType sType;
    const void* pNext;
    VkSciSyncClientTypeNV clientType;
    VkSciSyncPrimitiveTypeNV primitiveType;
};

struct VkPhysicalDeviceExternalSciSync2FeaturesNV {
    VkStructureType sType;
    void* pNext;
    VkBool32 sciSyncFence;
    VkBool32 sciSyncSemaphore2;
    VkBool32 sciSyncImport;
    VkBool32 sciSyncExport;
};

struct VkSemaphoreSciSyncPoolCreateInfoNV {
    VkStructureType sType;
    const void* pNext;
    NvSciSyncObj handle;
};

struct VkSemaphoreSciSyncCreateInfoNV {
    VkStructureType sType;
    const void* pNext;
    VkSemaphoreSciSyncPoolNV semaphorePool;
    const NvSciSyncFence* pFence;
};

/// Of nvscivk.h.
struct NvSciVkSemaphoreValue {
    VkSemaphore semaphore;
    std::uint64_t value;
};

}  // namespace opennvsci::vk
