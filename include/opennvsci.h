/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What OpenNvSci offers beyond the NvSci interfaces: why a call failed, how a reconciliation came to its result, how a
 * buffer lies in memory, which CUDA driver and devices are used, who has which endpoint of NvSciIpc open, and what the
 * processes of a user hold.
 * Programs that include this header do not run on DRIVE OS or Jetson unless they leave these calls out there.
 *
 * All functions are thread-safe. Their output arguments are written only if they succeed.
 *
 * The structures are filled by the library alone. Each ends with reserved members, which are 0. A later version may
 * give some of them a meaning, in which 0 says that nothing is known. So a program and a library of different versions
 * understand each other, and arrays of structures keep their stride.
 *
 * Source of all rules in this file: OpenNvSci decisions.
 */
#ifndef INCLUDED_OPENNVSCI_H
#define INCLUDED_OPENNVSCI_H

#include "nvscibuf.h"
#include "nvscisync.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @addtogroup explain
 *  @{ */

/**
 * The text of the last failure of an NvSci or nvsciCu function on the calling thread: the function, the key, the value,
 * the rule, and often the change that would avoid the failure. The same for the driver's own functions that come by
 * OpenNvSci (docs/porting.md), such as cuMemFree, also if it was the driver that refused; look-ups leave no text.
 *
 * @return A text that is never NULL, empty if nothing failed yet on this thread. It belongs to the library and is valid
 *         until the next failing call on this thread. Successful calls leave it as it is.
 */
const char* opennvsciGetLastErrorText(void);

/**
 * The name of a code, as its enumerator has it: "NvSciError_BadParameter".
 *
 * @param error A code.
 * @return A text that is never NULL and valid for ever; "unknown" for a number that is no NvSciError.
 */
const char* opennvsciErrorName(NvSciError error);

/**
 * Whether refused calls of the calling thread are printed, as they are by default: one line on stderr, at the level
 * `notice`, at most once a second with the same text and ten lines a second. A program that tries what may be refused,
 * and looks at the code itself, keeps the lines away meanwhile: they are printed at the level `debug` then.
 * OPENNVSCI_LOG does it for a whole process.
 *
 * Not refused, and printed at the level `debug` alone, is what a program asks or waits for: time that is up, a wait
 * that a signal interrupts (NvSciError_InterruptedCall), a queue that is empty or full, NvSciError_TryItAgain, a
 * validation that answers no; and what the driver answers to the program's calls of its own functions that come by
 * OpenNvSci, unless it is about a buffer of OpenNvSci. Failures of functions that return no code are printed at the
 * level `error`, as often as refused calls.
 *
 * @param arePrinted Whether they are from now on.
 * @return Whether they were until now.
 */
bool opennvsciPrintRefusals(bool arePrinted);

/**
 * Names the participant whose wishes an attribute list holds, for error texts and reports ("camera" instead of
 * "list 2"). The name goes along when the list is cloned, appended or sent to another process, where the texts also say
 * whose it is ("peer nvscisync_a_1: list 0, camera").
 *
 * @param attrList A writable unreconciled list.
 * @param name     A non-empty UTF-8 text of at most 63 bytes; copied. A second call replaces the name.
 * @retval NvSciError_Success            The list has the name.
 * @retval NvSciError_BadParameter       A NULL argument, a bad handle, an empty or too long name, a list that cannot be
 * written.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciBufAttrListSetName(NvSciBufAttrList attrList, const char* name);

/**
 * opennvsciBufAttrListSetName() for a list of NvSciSync.
 *
 * @param attrList A writable unreconciled list.
 * @param name     As for opennvsciBufAttrListSetName().
 * @retval NvSciError_Success            The list has the name.
 * @retval NvSciError_BadParameter       As for opennvsciBufAttrListSetName().
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciSyncAttrListSetName(NvSciSyncAttrList attrList, const char* name);

/** What became of one key in a reconciliation. */
typedef enum {
    OpenNvSciOutcome_Granted = 0,   /**< As asked. */
    OpenNvSciOutcome_Defaulted = 1, /**< Nobody asked; the default. */
    OpenNvSciOutcome_Computed = 2,  /**< An output that follows from the other keys. */
    OpenNvSciOutcome_Adjusted = 3,  /**< More than was asked for, as the rule of the key says. */
    OpenNvSciOutcome_Denied = 4,    /**< A wish that was not granted; the reconciliation succeeded without it. */
    OpenNvSciOutcome_Refused = 5    /**< The reconciliation failed because of this key. */
} OpenNvSciOutcome;

/** One line of the report of a reconciliation. All texts are never NULL and belong to the list. */
typedef struct {
    uint32_t key;             /**< An NvSciBufAttrKey or NvSciSyncAttrKey; a greater number is a decision of the
                                   library that no key shows, such as the memory the buffer lives in. */
    OpenNvSciOutcome outcome; /**< What became of it. */
    const char* keyName;      /**< The name of the key. */
    const char* requested;    /**< Who asked for what: "list 1: 4096, camera: 8192"; "nobody asked". */
    const char* granted;      /**< The value in the reconciled list; "unset" after a refusal, or if it has none. */
    const char* rule;         /**< The merge rule; empty for keys that are not merged. */
    const char* reason;       /**< Why the outcome is not simply what was asked; empty if it is. */
    const char* suggestion;   /**< The smallest change that would avoid the outcome; may be empty. */
    uint64_t reserved[4];     /**< 0. */
} OpenNvSciDecision;

/**
 * The report of the reconciliation that made a list, in the order of the keys.
 *
 * @param attrList  A reconciled list (also one from NvSciBufObjGetAttrList), or a conflict list.
 * @param decisions Receives a pointer to the decisions. They belong to the list and are valid as long as it.
 * @param count     Receives their number.
 * @retval NvSciError_Success            *decisions and *count are set.
 * @retval NvSciError_BadParameter       A NULL argument, a bad handle, or a list that did not come from a
 * reconciliation.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciBufAttrListGetDecisions(NvSciBufAttrList attrList, const OpenNvSciDecision** decisions,
                                            size_t* count);

/**
 * opennvsciBufAttrListGetDecisions() for a list of NvSciSync.
 *
 * @param attrList  A reconciled list (also one from NvSciSyncObjGetAttrList), or a conflict list.
 * @param decisions As for opennvsciBufAttrListGetDecisions().
 * @param count     Receives their number.
 * @retval NvSciError_Success            *decisions and *count are set.
 * @retval NvSciError_BadParameter       As for opennvsciBufAttrListGetDecisions().
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciSyncAttrListGetDecisions(NvSciSyncAttrList attrList, const OpenNvSciDecision** decisions,
                                             size_t* count);

/** @} */

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

/** @} */

/** @addtogroup explain
 *  @{ */

/**
 * The text of a value of a key, as error texts and reports have it: "4096", "ReadWrite", "{Y8, V8U8}". Enumerators have
 * no prefix, a number that is none is printed as it is, and a GPU is named as NVIDIA's tools name it:
 * "GPU-00112233-4455-6677-8899-aabbccddeeff".
 *
 * @param key   The number of an NvSciBufAttrKey.
 * @param value The value, at any address.
 * @param len   Bytes of it: one element of the key's type, or several for a key that is an array, at most as many as it
 *              takes.
 * @param text  Receives the text and a 0.
 * @param size  Bytes at text.
 * @retval NvSciError_Success            The text is written.
 * @retval NvSciError_BadParameter       A NULL argument, an unknown key, or a length that a value of it cannot have.
 * @retval NvSciError_Overflow           The text and its 0 do not fit.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciBufAttrValueGetText(uint32_t key, const void* value, size_t len, char* text, size_t size);

/** @} */

/** @addtogroup look
 *  @{ */

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
 * @param driver Receives a pointer to the description. It is valid until the process ends, and always the same.
 * @retval NvSciError_Success            *driver is set.
 * @retval NvSciError_BadParameter       driver is NULL.
 * @retval NvSciError_ResourceError      No driver can be used; the next call tries again.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciGetDriver(const OpenNvSciDriver** driver);

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
    OpenNvSciInspectionOutcome_Broken = 2    /**< It ended while it was asked, or sent more than 8 MiB. */
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
 * @param count       Receives the number of processes; 0 if none answers, or there is none of this number among them.
 * @retval NvSciError_Success            *inspections and *count are set.
 * @retval NvSciError_BadParameter       inspections or count is NULL, or pid is negative.
 * @retval NvSciError_NotPermitted       The folder belongs to somebody else or can be written by others.
 * @retval NvSciError_ResourceError      The operating system failed.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciInspect(int64_t pid, const OpenNvSciInspection** inspections, size_t* count);

/** @} */

/** @addtogroup explain
 *  @{ */

/** The name of opennvsciBufAttrListSetName() until the functions of NvSciBuf said so; it goes with version 0.2. */
#define opennvsciAttrListSetName opennvsciBufAttrListSetName
/** The name of opennvsciBufAttrListGetDecisions() until then; it goes with version 0.2. */
#define opennvsciAttrListGetDecisions opennvsciBufAttrListGetDecisions

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* INCLUDED_OPENNVSCI_H */
