/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * NvSciBuf and NvSciSync objects in Vulkan: the functions of the Vulkan SC extensions VK_NV_external_memory_sci_buf and
 * VK_NV_external_sci_sync2, for any Vulkan driver that can import memory. Every function that has one there carries its
 * name behind "nvsci", its signature and its rules; the structures are those of the extensions, which the headers of
 * Vulkan do not declare. What the extensions leave to vkAllocateMemory(), nvsciVkAllocateMemory() does, because no
 * driver but Vulkan SC's knows the structures.
 *
 * Before anything else the instance is registered, then the device: that is how Vulkan is found, which OpenNvSci is not
 * linked with. A program that links libvulkan.so.1, or has loaded it, passes no function.
 *
 * Device extensions that the program enables when it creates its device, for the memory that it wants:
 *
 * | memory of the object | extensions |
 * |---|---|
 * | video memory, and system memory of the CUDA driver (block-linear images) | VK_KHR_external_memory_fd |
 * | system memory | VK_EXT_external_memory_host |
 *
 * Both need Vulkan 1.1. A missing one is named in the text of the error.
 *
 * Common to all: thread-safe, with what Vulkan says of external synchronization of the handles. After an error nothing
 * has changed, *outputs included, and opennvsciGetLastErrorText() (opennvsci.h) says why. Any of them may return
 *   - VK_ERROR_INVALID_EXTERNAL_HANDLE for an object, a list or a semaphore pool that is NULL, freed or garbage;
 *   - VK_ERROR_VALIDATION_FAILED_EXT for any other argument that is NULL, an instance or a device that is not
 *     registered, or not any more, a fence that holds garbage, and what else breaks a rule that is written here;
 *   - VK_ERROR_OUT_OF_HOST_MEMORY, VK_ERROR_OUT_OF_DEVICE_MEMORY of the CUDA driver, VK_ERROR_TOO_MANY_OBJECTS where
 *     no file descriptor is left, VK_ERROR_INITIALIZATION_FAILED for what else the driver or the system refuses;
 *   - any error of the Vulkan function that does the work, as it is.
 *
 * Sources: the Vulkan SC registry; where that is silent, decisions of OpenNvSci, marked PROPOSED.
 */
#ifndef INCLUDED_NVSCIVK_H
#define INCLUDED_NVSCIVK_H

#include <vulkan/vulkan_core.h>

#include "nvscibuf.h"
#include "nvscisync.h"
#include "opennvsci_version.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @addtogroup vulkan
 *  @{ */

/* --------------------------------------------------------------------------------------- Instances and devices */

/**
 * Makes an instance and its physical devices known, and with them where Vulkan's functions come from.
 *
 * @param instance            The instance. Registered once more it takes the new function.
 * @param getInstanceProcAddr Where functions are asked for; NULL: those of the libvulkan.so.1 that the process has
 *                            loaded. It must stay callable until the instance is unregistered.
 * @retval VK_SUCCESS                     It is known.
 * @retval VK_ERROR_INITIALIZATION_FAILED There is no libvulkan.so.1 in the process and no function was passed.
 * @retval VK_ERROR_INCOMPATIBLE_DRIVER   A function of Vulkan 1.1 is missing; the text names it.
 */
VkResult nvsciVkRegisterInstance(VkInstance instance, PFN_vkGetInstanceProcAddr getInstanceProcAddr);

/**
 * Forgets an instance and its devices, as nvsciVkUnregisterDevice() does. To be called before vkDestroyInstance(). NULL
 * and instances that are not registered are ignored.
 *
 * @param instance The instance.
 */
void nvsciVkUnregisterInstance(VkInstance instance);

/**
 * Makes a logical device known. Which extensions it was created with is seen from the functions that it has. A device
 * that is registered already stays as it is, with all that was imported: unregister it before vkDestroyDevice().
 *
 * @param physicalDevice The physical device that it was created from, of an instance that is registered.
 * @param device         The device.
 * @retval VK_SUCCESS                   It is known.
 * @retval VK_ERROR_INCOMPATIBLE_DRIVER A function of Vulkan 1.1 is missing; the text names it.
 */
VkResult nvsciVkRegisterDevice(VkPhysicalDevice physicalDevice, VkDevice device);

/**
 * Forgets a device. To be called before vkDestroyDevice(). The objects that imports of the device still hold are
 * released, so its memory must not be in use any more; its semaphore pools are destroyed. A call that makes an import
 * or a pool meanwhile, or whose allocator unregisters, is refused and leaves nothing. NULL and devices that are not
 * registered are ignored.
 *
 * @param device The device.
 */
void nvsciVkUnregisterDevice(VkDevice device);

/* ------------------------------------------------------------------------------- VK_NV_external_memory_sci_buf */

/* Not to be included beside the headers of Vulkan SC, which declare the structures of the two extensions too. */

/** VkExternalMemoryHandleTypeFlagBits: an NvSciBufObj. */
#define VK_EXTERNAL_MEMORY_HANDLE_TYPE_SCI_BUF_BIT_NV ((VkExternalMemoryHandleTypeFlagBits)0x00002000)
/** VkStructureType of VkImportMemorySciBufInfoNV. */
#define VK_STRUCTURE_TYPE_IMPORT_MEMORY_SCI_BUF_INFO_NV ((VkStructureType)1000374000)
/** VkStructureType of VkExportMemorySciBufInfoNV. */
#define VK_STRUCTURE_TYPE_EXPORT_MEMORY_SCI_BUF_INFO_NV ((VkStructureType)1000374001)
/** VkStructureType of VkMemoryGetSciBufInfoNV. */
#define VK_STRUCTURE_TYPE_MEMORY_GET_SCI_BUF_INFO_NV ((VkStructureType)1000374002)
/** VkStructureType of VkMemorySciBufPropertiesNV. */
#define VK_STRUCTURE_TYPE_MEMORY_SCI_BUF_PROPERTIES_NV ((VkStructureType)1000374003)
/** VkStructureType of VkPhysicalDeviceExternalMemorySciBufFeaturesNV. */
#define VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_SCI_BUF_FEATURES_NV ((VkStructureType)1000374004)

/** In the chain of VkMemoryAllocateInfo for nvsciVkAllocateMemory(): the object whose memory is imported. */
typedef struct VkImportMemorySciBufInfoNV {
    VkStructureType sType;                         /**< VK_STRUCTURE_TYPE_IMPORT_MEMORY_SCI_BUF_INFO_NV */
    const void* pNext;                             /**< the next structure, or NULL */
    VkExternalMemoryHandleTypeFlagBits handleType; /**< VK_EXTERNAL_MEMORY_HANDLE_TYPE_SCI_BUF_BIT_NV */
    NvSciBufObj handle;                            /**< the object */
} VkImportMemorySciBufInfoNV;

/** In the chain of VkMemoryAllocateInfo for nvsciVkAllocateMemory(): memory of a new object. */
typedef struct VkExportMemorySciBufInfoNV {
    VkStructureType sType;        /**< VK_STRUCTURE_TYPE_EXPORT_MEMORY_SCI_BUF_INFO_NV */
    const void* pNext;            /**< the next structure, or NULL */
    NvSciBufAttrList pAttributes; /**< a reconciled list, from which the object is allocated */
} VkExportMemorySciBufInfoNV;

/** The memory whose object nvsciVkGetMemorySciBufNV() gives. */
typedef struct VkMemoryGetSciBufInfoNV {
    VkStructureType sType;                         /**< VK_STRUCTURE_TYPE_MEMORY_GET_SCI_BUF_INFO_NV */
    const void* pNext;                             /**< NULL */
    VkDeviceMemory memory;                         /**< memory of nvsciVkAllocateMemory() */
    VkExternalMemoryHandleTypeFlagBits handleType; /**< VK_EXTERNAL_MEMORY_HANDLE_TYPE_SCI_BUF_BIT_NV */
} VkMemoryGetSciBufInfoNV;

/** What nvsciVkGetPhysicalDeviceExternalMemorySciBufPropertiesNV() tells. */
typedef struct VkMemorySciBufPropertiesNV {
    VkStructureType sType;   /**< VK_STRUCTURE_TYPE_MEMORY_SCI_BUF_PROPERTIES_NV */
    const void* pNext;       /**< NULL */
    uint32_t memoryTypeBits; /**< one bit for each memory type that the object can be imported with */
} VkMemorySciBufPropertiesNV;

/** What nvsciVkGetPhysicalDeviceExternalMemorySciBufFeaturesNV() tells. */
typedef struct VkPhysicalDeviceExternalMemorySciBufFeaturesNV {
    VkStructureType sType; /**< VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_SCI_BUF_FEATURES_NV */
    void* pNext;           /**< NULL */
    VkBool32 sciBufImport; /**< the device can import memory of objects */
    VkBool32 sciBufExport; /**< and so allocate memory of new ones */
} VkPhysicalDeviceExternalMemorySciBufFeaturesNV;

/** Its other name in the registry. */
typedef VkPhysicalDeviceExternalMemorySciBufFeaturesNV VkPhysicalDeviceExternalSciBufFeaturesNV;

/**
 * Whether a physical device can take part: whether it has VK_KHR_external_memory_fd and CUDA knows it, or has
 * VK_EXT_external_memory_host. Where both features are false, opennvsciGetLastErrorText() has the reason. In the place
 * of vkGetPhysicalDeviceFeatures2() with the structure in its chain.
 *
 * @param physicalDevice A physical device of an instance that is registered.
 * @param features       sType and pNext are set by the caller.
 * @retval VK_SUCCESS    The features are filled in.
 */
VkResult nvsciVkGetPhysicalDeviceExternalMemorySciBufFeaturesNV(
    VkPhysicalDevice physicalDevice, VkPhysicalDeviceExternalMemorySciBufFeaturesNV* features);

/**
 * Sets what a physical device needs of a buffer in an attribute list, all or nothing:
 *   - NvSciBufGeneralAttrKey_GpuId, its deviceUUID, if CUDA knows the device; else NvSciBufGeneralAttrKey_NeedCpuAccess
 *     true, because the memory that other devices can import is the CPU's (PROPOSED);
 *   - NvSciBufGeneralAttrKey_RequiredPerm ReadWrite, because Vulkan has no memory that can only be read (PROPOSED).
 *
 * The list speaks for this device from then on, and for no other: what it is reconciled to the device can import, or
 * the reconciliation is refused and says why (docs/vulkan.md).
 *
 * A key that has this value already is left as it is. Everything else, the buffer's type first, the program sets.
 *
 * @param physicalDevice    A physical device of an instance that is registered.
 * @param pAttributes       An unreconciled list that can be set.
 * @retval VK_SUCCESS                     The keys are set.
 * @retval VK_ERROR_VALIDATION_FAILED_EXT One of the keys has another value, the list speaks for a device that can
 * import other memory, or it cannot be set.
 * @retval VK_ERROR_FEATURE_NOT_PRESENT   The device cannot import memory of objects; the text says why.
 */
VkResult nvsciVkGetPhysicalDeviceSciBufAttributesNV(VkPhysicalDevice physicalDevice, NvSciBufAttrList pAttributes);

/**
 * Which memory types an object can be imported with.
 *
 * @param physicalDevice          A physical device of an instance that is registered.
 * @param handleType              VK_EXTERNAL_MEMORY_HANDLE_TYPE_SCI_BUF_BIT_NV.
 * @param handle                  The object.
 * @param pMemorySciBufProperties sType and pNext are set by the caller; memoryTypeBits is filled in: for video memory
 *                                the types of the device's heap, for system memory those that the CPU can map, of which
 *                                nvsciVkGetMemoryProperties() tells exactly what the device takes (PROPOSED).
 * @retval VK_SUCCESS                   The properties are filled in.
 * @retval VK_ERROR_NOT_PERMITTED_KHR   The object is read-only: Vulkan has no memory that can only be read (PROPOSED).
 * @retval VK_ERROR_FEATURE_NOT_PRESENT The device cannot import this memory; the text says why.
 */
VkResult nvsciVkGetPhysicalDeviceExternalMemorySciBufPropertiesNV(VkPhysicalDevice physicalDevice,
                                                                  VkExternalMemoryHandleTypeFlagBits handleType,
                                                                  NvSciBufObj handle,
                                                                  VkMemorySciBufPropertiesNV* pMemorySciBufProperties);

/** What nvsciVkGetMemoryProperties() tells of an object in a device. */
typedef struct NvSciVkMemoryProperties {
    VkExternalMemoryHandleTypeFlagBits handleType; /**< how it is imported, for VkExternalMemoryBufferCreateInfo and
                                                        VkExternalMemoryImageCreateInfo: OPAQUE_FD or HOST_ALLOCATION */
    uint32_t memoryTypeBits;                       /**< one bit for each memory type that it can be imported with */
    VkDeviceSize size;                             /**< bytes of the VkDeviceMemory that an import makes */
} NvSciVkMemoryProperties;

/**
 * How an object is imported into a device. Not a function of the extension, which has no other ways (PROPOSED).
 *
 * @param device     A device that is registered.
 * @param bufObj     The object.
 * @param properties Filled in.
 * @retval VK_SUCCESS                     The properties are filled in.
 * @retval VK_ERROR_NOT_PERMITTED_KHR     The object is read-only.
 * @retval VK_ERROR_EXTENSION_NOT_PRESENT The device was created without the extension that the text names.
 * @retval VK_ERROR_FEATURE_NOT_PRESENT   The device cannot import this memory; the text says why.
 */
VkResult nvsciVkGetMemoryProperties(VkDevice device, NvSciBufObj bufObj, NvSciVkMemoryProperties* properties);

/**
 * vkAllocateMemory() that knows VkImportMemorySciBufInfoNV and VkExportMemorySciBufInfoNV in the chain. With neither
 * the call goes to vkAllocateMemory() as it is. Put the structure first in the chain: the validation layer warns of
 * others.
 *
 * An import takes a reference to the object, not ownership: its handle may be freed at once or later. Each import is a
 * VkDeviceMemory of its own; all show the same bytes. Import makes the whole object memory; allocationSize is ignored.
 * The other structures in the chain go to vkAllocateMemory(); for the first plane of a block-linear image
 * VkMemoryDedicatedAllocateInfo with that image is one of them (docs/vulkan.md).
 *
 * An export allocates an object as NvSciBufObjAlloc() does, and imports it. VkExportMemoryAllocateInfo may say so in
 * the chain, with the type of SCI_BUF alone and before structures of others (PROPOSED): Vulkan does not get it.
 *
 * @param device        A device that is registered.
 * @param pAllocateInfo memoryTypeIndex is of nvsciVkGetMemoryProperties(), or UINT32_MAX: the first of these, as for an
 *                      export, whose object is not there to be asked about (PROPOSED).
 * @param pAllocator    For vkAllocateMemory().
 * @param pMemory       Receives the memory, to be freed with nvsciVkFreeMemory().
 * @retval VK_SUCCESS                     *pMemory is set.
 * @retval VK_ERROR_NOT_PERMITTED_KHR     The object is read-only.
 * @retval VK_ERROR_EXTENSION_NOT_PRESENT The device was created without the extension that the text names.
 * @retval VK_ERROR_FEATURE_NOT_PRESENT   The device cannot import this memory; the text says why.
 * @retval VK_ERROR_VALIDATION_FAILED_EXT Another memory type or handle type; a list that is not reconciled.
 * @retval VK_ERROR_INITIALIZATION_FAILED An export without pAttributes.
 */
VkResult nvsciVkAllocateMemory(VkDevice device, const VkMemoryAllocateInfo* pAllocateInfo,
                               const VkAllocationCallbacks* pAllocator, VkDeviceMemory* pMemory);

/**
 * vkFreeMemory() that releases the object of an import. Memory that did not come from nvsciVkAllocateMemory() is freed
 * as by vkFreeMemory(). Imports are not freed with vkFreeMemory() itself: the object would be kept until the device is
 * unregistered, and Vulkan may give the handle again, to memory that then seems to be the import.
 *
 * @param device     A device that is registered; another one is said in the log, and nothing is freed.
 * @param memory     The memory, or VK_NULL_HANDLE.
 * @param pAllocator As at the allocation.
 */
void nvsciVkFreeMemory(VkDevice device, VkDeviceMemory memory, const VkAllocationCallbacks* pAllocator);

/**
 * The object behind memory of nvsciVkAllocateMemory(), imported or new. Every import has one handle of it, the same at
 * every call, which stays the import's: nvsciVkFreeMemory() and unregistering the device end it, and the program does
 * not free it. What shall live longer is duplicated with NvSciBufObjDup(). (If the program frees it all the same, the
 * next call gives another; PROPOSED.)
 *
 * @param device      A device that is registered.
 * @param pGetSciBufInfo Which memory.
 * @param pHandle     Receives the handle.
 * @retval VK_SUCCESS                     *pHandle is set.
 * @retval VK_ERROR_VALIDATION_FAILED_EXT Memory of no object.
 */
VkResult nvsciVkGetMemorySciBufNV(VkDevice device, const VkMemoryGetSciBufInfoNV* pGetSciBufInfo, NvSciBufObj* pHandle);

/* ------------------------------------------------------------------------------------------------------ Images */

/** Which image nvsciVkCreatePlaneImage() makes. */
typedef struct NvSciVkPlaneImageCreateInfo {
    const void* pNext;                   /**< more structures for VkImageCreateInfo, or NULL */
    NvSciBufObj bufObj;                  /**< an object of NvSciBufType_Image */
    uint32_t planeIndex;                 /**< its plane, 0 to PlaneCount - 1 */
    VkFormat format;                     /**< a format with the texel size of the plane's colour format;
                                              VK_FORMAT_UNDEFINED: the one of the table in docs/vulkan.md */
    VkImageCreateFlags flags;            /**< of VkImageCreateInfo, such as VK_IMAGE_CREATE_MUTABLE_FORMAT_BIT */
    VkImageUsageFlags usage;             /**< of VkImageCreateInfo */
    VkSharingMode sharingMode;           /**< of VkImageCreateInfo */
    uint32_t queueFamilyIndexCount;      /**< of VkImageCreateInfo */
    const uint32_t* pQueueFamilyIndices; /**< of VkImageCreateInfo */
} NvSciVkPlaneImageCreateInfo;

/**
 * Makes an image for a plane of an object: a 2D image of the plane's width and height, one level, one layer, one
 * sample, of optimal tiling for a block-linear plane and of linear tiling for a pitch-linear one, for the handle type
 * that the object is imported by. What the driver says of its size, alignment and row pitch is compared with the plane;
 * if they differ, the image is destroyed again and the call refused: texels would lie elsewhere than the object says.
 *
 * @param device      A device that is registered.
 * @param pCreateInfo Which image.
 * @param pAllocator  For vkCreateImage().
 * @param pImage      Receives the image, to be destroyed with vkDestroyImage().
 * @retval VK_SUCCESS                     *pImage is set. Its layout is VK_IMAGE_LAYOUT_UNDEFINED; docs/vulkan.md tells
 *                                        how the texels are kept in the first transition.
 * @retval VK_ERROR_FORMAT_NOT_SUPPORTED  Vulkan has no format for the plane, or the device cannot import such an image;
 * or the usage writes a block-linear plane behind the first.
 * @retval VK_ERROR_FEATURE_NOT_PRESENT   The driver lays the image out in another way; the text has both.
 * @retval VK_ERROR_NOT_PERMITTED_KHR     The object is read-only.
 * @retval VK_ERROR_EXTENSION_NOT_PRESENT The device was created without the extension that the text names.
 */
VkResult nvsciVkCreatePlaneImage(VkDevice device, const NvSciVkPlaneImageCreateInfo* pCreateInfo,
                                 const VkAllocationCallbacks* pAllocator, VkImage* pImage);

/**
 * Binds an image to the plane of the object that the memory was imported from, at its PlaneOffset. The image may be of
 * nvsciVkCreatePlaneImage() or of the program's own vkCreateImage(). What the driver says of it is compared first; of
 * the rest it says nothing, so the program's own is what nvsciVkCreatePlaneImage() would make: a 2D image of the
 * plane's width and height in a colour format of the plane's texel size, one level, one layer, one sample, of optimal
 * tiling for a block-linear plane and of linear tiling for a pitch-linear one, for the handle type of the import.
 *
 * @param device     A device that is registered.
 * @param image      An image that is not bound.
 * @param memory     Memory of nvsciVkAllocateMemory(), of an object of NvSciBufType_Image. For the first plane of a
 *                   block-linear image it was imported with VkMemoryDedicatedAllocateInfo for this image; the image of
 * a plane behind the first, if it is the program's own, must not be written.
 * @param planeIndex The plane.
 * @retval VK_SUCCESS                     The image is bound.
 * @retval VK_ERROR_FEATURE_NOT_PRESENT   The image does not fit the plane, or not the memory type, or the memory is not
 * the image's own; the text says why.
 * @retval VK_ERROR_VALIDATION_FAILED_EXT Memory of no object, an object of no image, no such plane.
 */
VkResult nvsciVkBindPlaneImage(VkDevice device, VkImage image, VkDeviceMemory memory, uint32_t planeIndex);

/** @} */

/** @addtogroup vulkan
 *  @{ */

/* ------------------------------------------------------------------------------------ VK_NV_external_sci_sync2 */

/* An NvSciSyncObj in which Vulkan takes part has a timeline semaphore (docs/vulkan.md, Fences). A semaphore pool is
 * that semaphore in one device; a fence is a value of it. The device is created with the feature timelineSemaphore
 * enabled (Vulkan 1.2, or VK_KHR_timeline_semaphore), which the functions that it has do not show, so nothing here can
 * check it; and with VK_KHR_external_semaphore_fd if CUDA knows it.
 *
 * What the program does, as with any semaphore of Vulkan:
 *   - It submits signals in the order in which it got their values, and puts those of several queues in order, for the
 *     values of a timeline semaphore only grow. A value that is never submitted is reached with the next one.
 *   - A resource that CUDA or the CPU has used is acquired, and one that they will use is released, by a barrier with
 *     the queue family VK_QUEUE_FAMILY_EXTERNAL if the resource is exclusive; a concurrent one needs the memory
 *     dependency alone, which waits and signals of semaphores bring along.
 *   - It destroys the pools of a device before the device.
 */

/** VkStructureType of VkSciSyncAttributesInfoNV. */
#define VK_STRUCTURE_TYPE_SCI_SYNC_ATTRIBUTES_INFO_NV ((VkStructureType)1000373003)

/** What a device does with the fences of an object. */
typedef enum VkSciSyncClientTypeNV {
    VK_SCI_SYNC_CLIENT_TYPE_SIGNALER_NV = 0,        /**< it signals */
    VK_SCI_SYNC_CLIENT_TYPE_WAITER_NV = 1,          /**< it waits */
    VK_SCI_SYNC_CLIENT_TYPE_SIGNALER_WAITER_NV = 2, /**< both */
    VK_SCI_SYNC_CLIENT_TYPE_MAX_ENUM_NV = 0x7FFFFFFF
} VkSciSyncClientTypeNV;

/** By which object of Vulkan it does that. */
typedef enum VkSciSyncPrimitiveTypeNV {
    VK_SCI_SYNC_PRIMITIVE_TYPE_FENCE_NV = 0,     /**< a VkFence: no driver but Vulkan SC's can (PROPOSED) */
    VK_SCI_SYNC_PRIMITIVE_TYPE_SEMAPHORE_NV = 1, /**< a VkSemaphore */
    VK_SCI_SYNC_PRIMITIVE_TYPE_MAX_ENUM_NV = 0x7FFFFFFF
} VkSciSyncPrimitiveTypeNV;

/** What nvsciVkGetPhysicalDeviceSciSyncAttributesNV() is asked for. */
typedef struct VkSciSyncAttributesInfoNV {
    VkStructureType sType;                  /**< VK_STRUCTURE_TYPE_SCI_SYNC_ATTRIBUTES_INFO_NV */
    const void* pNext;                      /**< NULL */
    VkSciSyncClientTypeNV clientType;       /**< signaler, waiter or both */
    VkSciSyncPrimitiveTypeNV primitiveType; /**< VK_SCI_SYNC_PRIMITIVE_TYPE_SEMAPHORE_NV */
} VkSciSyncAttributesInfoNV;

/** VkStructureType of VkSemaphoreSciSyncPoolCreateInfoNV. */
#define VK_STRUCTURE_TYPE_SEMAPHORE_SCI_SYNC_POOL_CREATE_INFO_NV ((VkStructureType)1000489000)
/** VkStructureType of VkSemaphoreSciSyncCreateInfoNV. */
#define VK_STRUCTURE_TYPE_SEMAPHORE_SCI_SYNC_CREATE_INFO_NV ((VkStructureType)1000489001)
/** VkStructureType of VkPhysicalDeviceExternalSciSync2FeaturesNV. */
#define VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SCI_SYNC_2_FEATURES_NV ((VkStructureType)1000489002)

/** A semaphore pool: an NvSciSyncObj in a device. */
VK_DEFINE_NON_DISPATCHABLE_HANDLE(VkSemaphoreSciSyncPoolNV)

/** What nvsciVkGetPhysicalDeviceExternalSciSync2FeaturesNV() tells. */
typedef struct VkPhysicalDeviceExternalSciSync2FeaturesNV {
    VkStructureType sType;      /**< VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SCI_SYNC_2_FEATURES_NV */
    void* pNext;                /**< NULL */
    VkBool32 sciSyncFence;      /**< false: a VkFence cannot be made of an object */
    VkBool32 sciSyncSemaphore2; /**< the device has timeline semaphores */
    VkBool32 sciSyncImport;     /**< it can wait for fences */
    VkBool32 sciSyncExport;     /**< it can signal fences */
} VkPhysicalDeviceExternalSciSync2FeaturesNV;

/** Which pool nvsciVkCreateSemaphoreSciSyncPoolNV() makes. */
typedef struct VkSemaphoreSciSyncPoolCreateInfoNV {
    VkStructureType sType; /**< VK_STRUCTURE_TYPE_SEMAPHORE_SCI_SYNC_POOL_CREATE_INFO_NV */
    const void* pNext;     /**< NULL */
    NvSciSyncObj handle;   /**< the object */
} VkSemaphoreSciSyncPoolCreateInfoNV;

/** A fence of a pool, for nvsciVkGetWaitSemaphore() and nvsciVkGetSignalSemaphore(). */
typedef struct VkSemaphoreSciSyncCreateInfoNV {
    VkStructureType sType;                  /**< VK_STRUCTURE_TYPE_SEMAPHORE_SCI_SYNC_CREATE_INFO_NV */
    const void* pNext;                      /**< NULL */
    VkSemaphoreSciSyncPoolNV semaphorePool; /**< the pool */
    const NvSciSyncFence* pFence;           /**< the fence to wait for; to signal: a cleared one, which is written */
} VkSemaphoreSciSyncCreateInfoNV;

/**
 * Whether a physical device can take part: whether it has timeline semaphores. In the place of
 * vkGetPhysicalDeviceFeatures2() with the structure in its chain.
 *
 * @param physicalDevice A physical device of an instance that is registered.
 * @param features       sType and pNext are set by the caller.
 * @retval VK_SUCCESS    The features are filled in.
 */
VkResult nvsciVkGetPhysicalDeviceExternalSciSync2FeaturesNV(VkPhysicalDevice physicalDevice,
                                                            VkPhysicalDeviceExternalSciSync2FeaturesNV* features);

/**
 * Sets what a physical device needs of a sync object in an attribute list, all or nothing, and marks the list as one
 * that speaks for Vulkan, and for nothing else: make further lists for CUDA and the CPU, and reconcile them together.
 *   - NvSciSyncAttrKey_RequiredPerm: SignalOnly, WaitOnly or WaitSignal;
 *   - NvSciSyncAttrKey_PrimitiveInfo: what this machine has;
 *   - NvSciSyncAttrKey_GpuId: its deviceUUID, if CUDA knows the device and its timeline semaphores can be exported.
 *
 * A key that has this value already is left as it is. A device without the last, as one of the CPU, shares fences with
 * the CPU and not with CUDA: reconciling its list with one of CUDA's is refused. The CPU waits for its fences, and it
 * for the CPU's, as on any other device (PROPOSED).
 *
 * @param physicalDevice         A physical device of an instance that is registered.
 * @param pSciSyncAttributesInfo What the device will do.
 * @param pAttributes            An unreconciled list that can be set.
 * @retval VK_SUCCESS                     The keys are set.
 * @retval VK_ERROR_VALIDATION_FAILED_EXT One of the keys has another value, or the list cannot be set.
 * @retval VK_ERROR_FEATURE_NOT_PRESENT   The primitive is a fence, or the device has no timeline semaphores.
 */
VkResult nvsciVkGetPhysicalDeviceSciSyncAttributesNV(VkPhysicalDevice physicalDevice,
                                                     const VkSciSyncAttributesInfoNV* pSciSyncAttributesInfo,
                                                     NvSciSyncAttrList pAttributes);

/**
 * Brings a sync object into a device. The pool holds the object, whose handle may be freed at once or later. Several
 * pools of an object are one semaphore, also in several devices of one GPU; without VK_KHR_external_semaphore_fd there
 * is one at a time.
 *
 * The first pool of an object makes its semaphore. CUDA and the CPU may have signaled before; while a signal of theirs
 * is under way in a stream the first pool is refused after a second (PROPOSED).
 *
 * @param device         A device that is registered.
 * @param pCreateInfo    Of which object: one that was reconciled with a list that speaks for Vulkan.
 * @param pAllocator     For vkCreateSemaphore(); it is used for vkDestroySemaphore() too, and lives as long as the
 * pool.
 * @param pSemaphorePool Receives the pool, to be destroyed with nvsciVkDestroySemaphoreSciSyncPoolNV().
 * @retval VK_SUCCESS                     *pSemaphorePool is set.
 * @retval VK_ERROR_VALIDATION_FAILED_EXT No list of the object speaks for Vulkan, or it is for another GPU.
 * @retval VK_ERROR_EXTENSION_NOT_PRESENT The device was created without the extension that the text names.
 * @retval VK_ERROR_FEATURE_NOT_PRESENT   A second pool where semaphores cannot be exported.
 * @retval VK_ERROR_INITIALIZATION_FAILED Signals of the object are under way in streams; try again later.
 */
VkResult nvsciVkCreateSemaphoreSciSyncPoolNV(VkDevice device, const VkSemaphoreSciSyncPoolCreateInfoNV* pCreateInfo,
                                             const VkAllocationCallbacks* pAllocator,
                                             VkSemaphoreSciSyncPoolNV* pSemaphorePool);

/**
 * Destroys a pool, and its semaphore in the device: no queue may use it any more, as with vkDestroySemaphore(). If
 * fences were signaled from this pool, those that are not reached by now are lost: waits for them fail, and streams
 * that wait are let go; and no pool of the object signals from then on. VK_NULL_HANDLE is ignored.
 * nvsciVkUnregisterDevice() and nvsciVkUnregisterInstance() destroy the pools that are left.
 *
 * @param device        Its device.
 * @param semaphorePool The pool.
 * @param pAllocator    Not used: the one of the creation is.
 */
void nvsciVkDestroySemaphoreSciSyncPoolNV(VkDevice device, VkSemaphoreSciSyncPoolNV semaphorePool,
                                          const VkAllocationCallbacks* pAllocator);

/** A value of a timeline semaphore, for VkTimelineSemaphoreSubmitInfo, VkSemaphoreSubmitInfo or VkSemaphoreWaitInfo. */
typedef struct NvSciVkSemaphoreValue {
    VkSemaphore semaphore; /**< of the pool, which destroys it */
    uint64_t value;        /**< its value */
} NvSciVkSemaphoreValue;

/**
 * What a queue waits for to wait for a fence. Vulkan SC's extension makes a semaphore of a fence with
 * vkCreateSemaphore(); a value of the pool's semaphore needs none to be made (PROPOSED). A cleared fence gives the
 * value 0, which never blocks. The fence is only read. As everywhere in Vulkan the wait may be submitted before the
 * signal.
 *
 * @param device         The pool's device.
 * @param pCreateInfo    The pool, and a fence of its object.
 * @param pSemaphoreWait Receives the semaphore and the value.
 * @retval VK_SUCCESS                     *pSemaphoreWait is set.
 * @retval VK_ERROR_VALIDATION_FAILED_EXT The fence is of another object, Vulkan may not wait for the object, the pool
 * is of another device, or the value is 2^31 - 1 or more ahead.
 * @retval VK_ERROR_DEVICE_LOST           The fence is lost: nobody will signal it. The text says why.
 */
VkResult nvsciVkGetWaitSemaphore(VkDevice device, const VkSemaphoreSciSyncCreateInfoNV* pCreateInfo,
                                 NvSciVkSemaphoreValue* pSemaphoreWait);

/**
 * What a queue signals next, and its fence. Whoever has the fence may wait for it at once: CUDA's streams too. The
 * program submits a signal of this value, after those of earlier calls; one that it does not submit is reached with the
 * next.
 *
 * @param device           The pool's device.
 * @param pCreateInfo      The pool, and a cleared fence, which is written although the extension's structure says
 * const.
 * @param pSemaphoreSignal Receives the semaphore and the value.
 * @retval VK_SUCCESS                     *pSemaphoreSignal and the fence are set.
 * @retval VK_ERROR_VALIDATION_FAILED_EXT The fence is not cleared, Vulkan is not the signaler of the object, another
 *                                        pool signals it, or the pool is of another device.
 * @retval VK_ERROR_DEVICE_LOST           The device was found lost.
 */
VkResult nvsciVkGetSignalSemaphore(VkDevice device, const VkSemaphoreSciSyncCreateInfoNV* pCreateInfo,
                                   NvSciVkSemaphoreValue* pSemaphoreSignal);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* INCLUDED_NVSCIVK_H */
