/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The part of opennvsci.h, which includes it, that looks at what there is: how a buffer lies in memory, which CUDA
 * driver and devices are used, what Vulkan's devices can do, who has which endpoint of NvSciIpc open, and what the
 * processes of a user hold. What is said there of threads, output arguments and reserved members holds here too.
 *
 * Source of all rules in this file: OpenNvSci decisions.
 */
#ifndef INCLUDED_OPENNVSCI_LOOK_H
#define INCLUDED_OPENNVSCI_LOOK_H

#include "nvscibuf.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @addtogroup look
 *  @{ */

/**
 * What a program addresses as one thing: a plane of an image, a plane of a level of a pyramid, a tensor, an array or a
 * raw buffer.
 */
typedef struct {
    const char* name;           /**< "plane 0", "level 1 plane 0", "tensor", "array" or "raw buffer". */
    const char* element;        /**< Colour format or data type as the enumerators name it, without their prefix: "Y8",
                                     "Float16"; "byte" for a raw buffer. */
    uint64_t offset;            /**< Bytes from the start of the buffer. */
    uint64_t size;              /**< Bytes, with padding. */
    uint64_t used;              /**< Bytes that hold pixels or elements. */
    uint32_t width;             /**< Pixels. This and the members up to blockHeight are 0 for what is no plane. */
    uint32_t height;            /**< Rows of pixels, of both fields together. */
    uint64_t rowBytes;          /**< Bytes of a row that hold pixels. */
    uint64_t secondFieldOffset; /**< Bytes from the start of the region; 0 for a progressive image. */
    uint32_t pitch;             /**< Bytes. */
    uint32_t alignedHeight;     /**< Rows that there is memory for, of one field. */
    uint32_t blockHeight;       /**< GOBs of a block, each 64 bytes by 8 rows; 0 for a pitch-linear image. */
    uint32_t dimensionCount;    /**< 1 to 8 for a tensor, 1 for an array, else 0. */
    uint64_t elementsPerDim[NV_SCI_BUF_TENSOR_MAX_DIMS]; /**< Elements in each dimension, outermost first. */
    uint64_t stridesPerDim[NV_SCI_BUF_TENSOR_MAX_DIMS];  /**< Bytes from one to the next in each dimension. */
    uint64_t reserved[4];                                /**< 0. */
} OpenNvSciBufRegion;

/** How the bytes of a buffer are divided, and where they lie. All texts are never NULL. */
typedef struct {
    uint64_t size;                     /**< Bytes: the end of the last region. */
    uint64_t alignment;                /**< Of the start of the buffer, bytes. */
    uint64_t used;                     /**< Bytes that hold pixels or elements, of all regions. */
    const OpenNvSciBufRegion* regions; /**< In the order of their offsets; they do not overlap. */
    size_t regionCount;                /**< Their number, at least 1. */
    const char* memory;                /**< "system memory", "video memory" or "system memory of the driver". */
    const char* memoryReason;          /**< Why there; may be empty. */
    NvSciRmGpuId memoryGpu;            /**< The GPU whose driver makes the memory; 0 for system memory. */
    uint64_t reserved[4];              /**< 0. */
} OpenNvSciBufLayout;

/**
 * The layout that a reconciled list states, for every type of buffer in the same form. The keys of NvSciBuf state the
 * same of images, tensors, arrays and raw buffers; of the planes of a pyramid's levels, of block heights and of the
 * memory only this function tells.
 *
 * @param attrList A reconciled list (also one from NvSciBufObjGetAttrList).
 * @param layout   Receives a pointer to the layout. It belongs to the list and is valid as long as it.
 * @retval NvSciError_Success            *layout is set.
 * @retval NvSciError_BadParameter       A NULL argument, a bad handle, or a list that is not reconciled.
 * @retval NvSciError_ResourceError      The buffer is a pyramid for a GPU that this process does not have.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciBufAttrListGetLayout(NvSciBufAttrList attrList, const OpenNvSciBufLayout** layout);

/** A device of the CUDA driver in use: a GPU, or a software device. */
typedef struct {
    NvSciRmGpuId gpuId;      /**< For NvSciBufGeneralAttrKey_GpuId; the bytes that cuDeviceGetUuid gives. */
    NvSciRmGpuId instanceId; /**< The bytes that cuDeviceGetUuid_v2 gives: others for a partition of a GPU (MIG). Both
                                  name the device in every list. */
    const char* name;        /**< The driver's name for it. */
    uint64_t memoryBytes;    /**< Video memory. */
    uint32_t ordinal;        /**< As cuDeviceGet takes it. */
    uint32_t computeMajor;   /**< Compute capability, before the point. */
    uint32_t computeMinor;   /**< Compute capability, after the point. */
    bool isIntegrated;       /**< Shares the system's memory. */
    bool hasVirtualMemory;   /**< Can share video memory that is made with cuMemCreate. */
    bool hasReadOnlyRegistration; /**< Can map system memory so that it cannot write to it. */
    bool hasDmaBuf;               /**< Has dma-bufs of video memory: opennvsciBufObjExportDmaBuf(). */
    uint64_t reserved[4];         /**< 0. */
} OpenNvSciDevice;

/** The CUDA driver that the library uses. All texts are never NULL. */
typedef struct {
    const char* path;               /**< The file that it was loaded from. */
    const char* reason;             /**< Why this one and not another, for people. */
    uint32_t cudaVersion;           /**< 1000 * major + 10 * minor. */
    bool isSoftware;                /**< It is OpenNvSci's software device. */
    const OpenNvSciDevice* devices; /**< In the order of their ordinals. */
    size_t deviceCount;             /**< Their number, at least 1. */
    uint64_t reserved[4];           /**< 0. */
} OpenNvSciDriver;

/**
 * The CUDA driver that the library uses in this process, and its devices. The first call that needs the driver loads
 * it, as the environment variable OPENNVSCI_DEVICE says; this is such a call.
 *
 * @param driver Receives a pointer to the description. It is always the same, and valid until the process ends.
 * @retval NvSciError_Success            *driver is set.
 * @retval NvSciError_BadParameter       driver is NULL.
 * @retval NvSciError_ResourceError      No driver can be used; the next call tries again.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciGetDriver(const OpenNvSciDriver** driver);

/** A physical device of Vulkan, and what it can do with objects (docs/vulkan.md). All texts are never NULL. */
typedef struct {
    const char* name;              /**< Vulkan's name for it. */
    NvSciRmGpuId deviceId;         /**< Its deviceUUID. */
    NvSciRmGpuId gpuId;            /**< The GPU of CUDA that it is, as OpenNvSciDevice.gpuId; 0 if CUDA does not
                                        know it. */
    const char* obstacle;          /**< Why it cannot take part at all: "has no ..."; empty if it can. */
    uint64_t hostPointerAlignment; /**< Of the system memory that it imports, by host pointer, bytes; 0 if it imports
                                        none (VK_EXT_external_memory_host). */
    bool importsDescriptors;       /**< It imports memory of the CUDA driver (VK_KHR_external_memory_fd). */
    bool hasBlockLinearImages;     /**< Block-linear planes can be images. */
    bool hasPitchLinearImages;     /**< Pitch-linear planes can, where its driver's row pitch is the plane's. */
    bool hasTimelineSemaphores;    /**< It can take part in fences (the feature timelineSemaphore). */
    bool sharesSemaphores;         /**< It shares them with CUDA (VK_KHR_external_semaphore_fd); else a thread carries
                                        fences between the two. */
    uint64_t reserved[4];          /**< 0. */
} OpenNvSciVulkanDevice;

/**
 * The physical devices of Vulkan. The function makes an instance of Vulkan 1.1 for the question and ends it again, so
 * drivers of Vulkan are loaded; the library loads no Vulkan itself. Which of them are GPUs of CUDA is asked of the CUDA
 * driver, which the first call that needs it loads.
 *
 * @param getInstanceProcAddr The address of vkGetInstanceProcAddr, as dlsym() gives it of libvulkan.so.1.
 * @param devices             Receives a pointer to the devices. It is valid until the next successful call of this
 *                            function on the same thread, or the thread's end.
 * @param count               Receives their number; 0 too where Vulkan's loader finds no driver of Vulkan 1.1.
 * @retval NvSciError_Success            *devices and *count are set.
 * @retval NvSciError_BadParameter       A NULL argument.
 * @retval NvSciError_NotSupported       A function of Vulkan 1.1 is missing.
 * @retval NvSciError_ResourceError      Vulkan failed, or no CUDA driver can be used.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciGetVulkanDevices(void* getInstanceProcAddr, const OpenNvSciVulkanDevice** devices, size_t* count);

/** What opennvsciBufObjExportDmaBuf() gives. */
typedef struct {
    int fd;            /**< The dma-buf, the caller's to close. It is closed when a program is executed. */
    uint32_t fourcc;   /**< The format of the plane alone, a DRM_FORMAT_ of the kernel's drm_fourcc.h, such as
                            DRM_FORMAT_ABGR8888 for NvSciColor_A8B8G8R8, R8 and GR88 for the planes of NV12; 0 if DRM has
                            none that says the same, or for what is no image. */
    uint64_t modifier; /**< How the plane is tiled, a DRM_FORMAT_MOD_: 0 (LINEAR) for pitch-linear planes and what is no
                            image, 0x00ffffffffffffff (INVALID) for block-linear planes: NVIDIA's modifiers need the
                          kind of the pages, which nothing public tells. */
    uint64_t size;     /**< Bytes of the dma-buf: whole pages. */
    uint64_t offset;   /**< Of the plane's first byte, from the start of the dma-buf. */
    uint32_t width;    /**< Of the plane in pixels; 0 for what is no image. */
    uint32_t height;   /**< Of the plane in pixels; 0 for what is no image. */
    uint32_t pitch;    /**< Of the plane in bytes; 0 for what is no image. */
    uint64_t reserved[4]; /**< 0. */
} OpenNvSciDmaBuf;

/**
 * Exports a plane of an object, or the whole of a buffer that is no image, as a dma-buf, for drivers of the kernel:
 * network cards, storage, displays. Each call gives another descriptor of the same bytes. What NvSciSync orders, users
 * of a dma-buf do not see: the program waits itself. The CPU cannot map it.
 *
 * Only video memory has one, if it is not compressible and the device can (OpenNvSciDevice.hasDmaBuf).
 *
 * @param bufObj     An object with the permission ReadWrite: whoever has a dma-buf may write it.
 * @param planeIndex The plane, 0 to PlaneCount - 1; 0 for what is no image.
 * @param dmaBuf     Filled in.
 * @retval NvSciError_Success            *dmaBuf is set.
 * @retval NvSciError_BadParameter       A NULL argument, an object that is not alive, no such plane.
 * @retval NvSciError_NotPermitted       The object is read-only.
 * @retval NvSciError_NotSupported       Another memory, or the device cannot; opennvsciGetLastErrorText() says why.
 * @retval NvSciError_ResourceError      The driver failed.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciBufObjExportDmaBuf(NvSciBufObj bufObj, uint32_t planeIndex, OpenNvSciDmaBuf* dmaBuf);

/** What an endpoint of NvSciIpc is doing. */
typedef enum {
    OpenNvSciIpcState_Unknown = 0,    /**< It is not known whether it is open: its channel is of a kind that does not
                                           work here, or its files are not this user's. */
    OpenNvSciIpcState_NotOpen = 1,    /**< Nobody has it open; of INTER_THREAD: not this process. */
    OpenNvSciIpcState_Open = 2,       /**< It is open; more is not known. */
    OpenNvSciIpcState_NotReset = 3,   /**< It is open, and was not reset. */
    OpenNvSciIpcState_Waiting = 4,    /**< It was reset, and waits for its peer to be reset too. */
    OpenNvSciIpcState_Connecting = 5, /**< It has seen that of its peer, and waits for the answer. */
    OpenNvSciIpcState_Connected = 6,  /**< It is connected. */
    OpenNvSciIpcState_PeerGone = 7    /**< It is connected to a peer that has closed its endpoint meanwhile, or ended;
                                           what that one had written can be read. */
} OpenNvSciIpcState;

/** An endpoint of NvSciIpc, as it was when it was looked at. All texts are never NULL. */
typedef struct {
    const char* name;           /**< As NvSciIpcOpenEndpoint() takes it. */
    OpenNvSciIpcState state;    /**< What it is doing. */
    bool isOwn;                 /**< This process has it open. */
    bool hasCounts;             /**< The two numbers are known. They are not where the owner cannot be seen in /proc,
                                     such as in another container, or does not say what can be. */
    uint64_t unreadFrames;      /**< Frames that it can read. */
    uint64_t parkedDescriptors; /**< File descriptors that were exported to it over its connection and not imported; an
                                     export without one counts as one. */
    int64_t ownerPid;           /**< The process that has it open; 0 if none has, or one that cannot be seen. */
    const char* ownerProgram;   /**< What that one calls itself, in printable characters of ASCII; may be empty. */
    uint64_t reserved[4];       /**< 0. */
} OpenNvSciIpcEndpoint;

/** A channel of NvSciIpc. All texts are never NULL. */
typedef struct {
    const char* kind;                      /**< "INTER_PROCESS", "INTER_THREAD", or what else the configuration says. */
    uint32_t frames;                       /**< Of each direction; 0 for another kind. */
    uint32_t frameSize;                    /**< Bytes; 0 for another kind. */
    const OpenNvSciIpcEndpoint* endpoints; /**< Its ends. */
    size_t endpointCount;                  /**< 2; 1 for another kind. */
    uint64_t reserved[4];                  /**< 0. */
} OpenNvSciIpcChannel;

/** The channels that are known here. All texts are never NULL. */
typedef struct {
    const char* configuration;           /**< The file that names the channels, or "the built-in list". */
    const char* folder;                  /**< In which endpoints of different processes meet. */
    bool hasFolder;                      /**< It is there; nobody has made it yet otherwise. */
    const OpenNvSciIpcChannel* channels; /**< Those of the configuration, in its order; then others of which an endpoint
                                              is open in this folder. */
    size_t channelCount;                 /**< Their number. */
    uint64_t reserved[4];                /**< 0. */
} OpenNvSciIpcOverview;

/**
 * Looks at all channels of NvSciIpc: those of the configuration as NvSciIpcInit() would read it now, and those of which
 * this process, or another one that uses the same folder, has an endpoint open. Endpoints of INTER_THREAD are those of
 * this process. Nobody else notices it, nothing is waited for, and NvSciIpcInit() need not have been called.
 *
 * What other processes are doing is told as they say it, where that can be, and may be over when the function returns.
 *
 * @param overview Receives a pointer to the overview. It is valid until the next successful call of this function on
 *                 the same thread, or the thread's end.
 * @retval NvSciError_Success            *overview is set.
 * @retval NvSciError_BadParameter       overview is NULL.
 * @retval NvSciError_NotPermitted       The configuration cannot be read, or the folder belongs to somebody else or can
 *                                       be written by others.
 * @retval NvSciError_ResourceError      The operating system failed.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciIpcGetOverview(const OpenNvSciIpcOverview** overview);

/** What came of asking a process what it holds. */
typedef enum {
    OpenNvSciInspectionOutcome_Answered = 0, /**< It said all that it wanted. */
    OpenNvSciInspectionOutcome_Silent = 1,   /**< It did not answer within three seconds; it may be stopped. */
    OpenNvSciInspectionOutcome_Broken = 2    /**< It ended while it was asked, had no memory for an answer, or sent more
                                                  than 8 MiB; or all together sent more than 64 MiB. */
} OpenNvSciInspectionOutcome;

/** What one process holds, as it says. All texts are never NULL. */
typedef struct {
    int64_t pid;         /**< The process, as the kernel knows it; 0 if it cannot be seen, as in another container. */
    const char* program; /**< What it calls itself, in printable characters of ASCII; may be empty. */
    OpenNvSciInspectionOutcome outcome; /**< Whether there is an answer. */
    const char* answer; /**< JSON of format_version 1 (docs/how-to.md) if the process is of this library; else whatever
                             it sent, which nobody has looked at. Empty without an answer. A 0 follows it, and may be
                             in it. */
    size_t answerSize;  /**< Bytes of the answer. */
    uint64_t reserved[4]; /**< 0. */
} OpenNvSciInspection;

/**
 * Asks processes what they hold: modules, lists, objects, imports, mappings, endpoints, who holds them and since when.
 * Those of this user answer that agreed to it, by OPENNVSCI_INSPECT=1 in their environment when the library was loaded,
 * that have opened a module since, and that use the same folder (OPENNVSCI_RUNTIME_DIR). This process is one of them if
 * it agreed. A process is asked while it goes on, and its calls do not wait for who asks.
 *
 * @param pid         The process to ask; 0: all, at most 256.
 * @param inspections Receives a pointer to what they said, in the order of their numbers. It is valid until the next
 *                    successful call of this function on the same thread, or the thread's end.
 *                    If the process `pid` is not found, those are among them, of pid 0 and Silent, that have not
 *                    looked at many who asked before: one that is stopped may be the process.
 * @param count       Receives the number of processes; 0 if none answers, or there is none of this number among them.
 * @retval NvSciError_Success            *inspections and *count are set.
 * @retval NvSciError_BadParameter       inspections or count is NULL, or pid is negative or greater than INT32_MAX.
 * @retval NvSciError_NotPermitted       The folder belongs to somebody else or can be written by others.
 * @retval NvSciError_ResourceError      The operating system failed.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciInspect(int64_t pid, const OpenNvSciInspection** inspections, size_t* count);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* INCLUDED_OPENNVSCI_LOOK_H */
