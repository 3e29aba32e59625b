/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file nvscisync.h
 * @brief NvSciSync: negotiated synchronization that CPUs, GPUs and processes share.
 *
 * A signaler and its waiters state their needs as key/value pairs in attribute lists. Reconciling all lists gives one
 * reconciled list; an object is allocated for it and is a timeline: a counter that only grows. The signaler fills a
 * fence, a point of the timeline; waiters wait for it.
 *
 * Typical order: NvSciSyncModuleOpen(), NvSciSyncAttrListCreate(), NvSciSyncAttrListSetAttrs() or
 * nvsciCuDeviceGetNvSciSyncAttributes() (nvscicuda.h), NvSciSyncAttrListReconcile(), NvSciSyncObjAlloc(), then either
 * NvSciSyncObjGenerateFence() and NvSciSyncObjSignal() on the CPU, or the signal and wait of nvscicuda.h; and
 * NvSciSyncFenceWait() on the CPU. Frees may come in any order.
 *
 * Rules for everything in this file:
 *  - "Thread-safe" means that a function may run concurrently with itself and with every other one. No storage, fence,
 *    list or handle may be written or freed while another thread uses it. One CPU wait context serves one wait at a
 *    time. No function may be called from a signal handler.
 *  - All modules, lists, objects, wait contexts and fences given to one call must belong to the same module.
 *  - Output parameters have a meaning only on NvSciError_Success unless stated otherwise, and an error has no effect.
 *  - "Not a live handle" below means NULL, freed, of another kind, or garbage. PROPOSED (OpenNvSci decision), where
 *    NVIDIA's documentation says that the library panics: a function that returns NvSciError gives
 *    NvSciError_BadParameter; a void function ignores the handle and logs one line to stderr;
 *    NvSciSyncAttrListGetSlotCount() gives 0. NULL given to a free, clear or close function is ignored silently.
 *  - PROPOSED (OpenNvSci decision): a count greater than there can be elements (lists that are alive, keys that can be
 *    set) gives NvSciError_BadParameter, as 0 does.
 *  - PROPOSED (OpenNvSci decision): the phases of NVIDIA's embedded systems, outside of which most functions return
 *    NvSciError_InvalidState, do not exist here.
 *  - Any function may return NvSciError_InsufficientMemory when the process heap is exhausted, and
 *    NvSciError_InvalidState when no more handles of a kind can be given.
 *
 * Fences (PROPOSED where the public material is silent): a fence is a plain value of 48 bytes. Copying it with `=` is
 * the same as NvSciSyncFenceDup(); overwriting or forgetting it leaks nothing. It may outlive its object and its
 * module: once all handles and imports of the object are gone, its fences that expired stay expired; the others can
 * never be signaled, and waiting for them gives NvSciError_ResourceError. A fence that a GPU signal will still reach
 * keeps working.
 *
 * Source: DRIVE OS 6.0.10 API reference (NvSciSync 2.8), unless a comment names another one.
 */

#ifndef INCLUDED_NVSCISYNC_H
#define INCLUDED_NVSCISYNC_H

#if !defined(__cplusplus)
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

#include "nvscibuf.h"
#include "nvscierror.h"
#include "nvsciipc.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** Packs the struct that its arguments declare. Used as `PACK_SYNC(typedef struct { ... }) T;`. */
#if defined(__GNUC__) || defined(__clang__)
#define PACK_SYNC(...) __VA_ARGS__ __attribute__((packed))
#else
#define PACK_SYNC(...) __pragma(pack(push, 1)) __VA_ARGS__ __pragma(pack(pop))
#endif

/* ------------------------------------------------------------------------------------------------ Version */

/** @addtogroup modules
 *  @{ */

/** Major version of the NvSciSync interface that this header declares. */
static const uint32_t NvSciSyncMajorVersion = 2U;
/** Minor version of the NvSciSync interface that this header declares. */
static const uint32_t NvSciSyncMinorVersion = 8U;

/** @} */

/* -------------------------------------------------------------------------------------------------- Types */

/** @addtogroup fences
 *  @{ */

/** A point of an object's timeline, in the program's memory. All zero is a cleared fence, which never blocks. The
 * content is private to the library. */
struct NvSciSyncFence {
    uint64_t payload[6]; /**< Private. */
};
/** A fence. */
typedef struct NvSciSyncFence NvSciSyncFence;

/** A cleared fence. Storage of a fence must be zeroed once before its first use. */
static const NvSciSyncFence NvSciSyncFenceInitializer = {{0U}};

/** The greatest timeout, in microseconds; it means to wait for ever, as -1 does. */
static const int64_t NvSciSyncFenceMaxTimeout = (int64_t)0x7fffffffffffffff / 1000;

/** A fence as bytes for a peer. */
typedef struct {
    uint64_t payload[7]; /**< Private. */
} NvSciSyncFenceIpcExportDescriptor;

/** An object as bytes for a peer. */
typedef struct {
    uint64_t payload[128]; /**< Private. */
} NvSciSyncObjIpcExportDescriptor;

/** @} */

/** @addtogroup modules
 *  @{ */

/** A module: what all lists, objects and wait contexts of a program belong to. */
typedef struct NvSciSyncModuleRec* NvSciSyncModule;
/** The right to wait with the CPU for fences of a module, one wait at a time. */
typedef struct NvSciSyncCpuWaitContextRec* NvSciSyncCpuWaitContext;
/** A handle of an object. */
typedef struct NvSciSyncObjRec* NvSciSyncObj;
/** A handle of an object that is only read. */
typedef const struct NvSciSyncObjRec* NvSciSyncObjConst;
/** An attribute list. */
typedef struct NvSciSyncAttrListRec* NvSciSyncAttrList;

/** @} */

/** @addtogroup sync_keys
 *  @{ */

/** What a participant may do with an object: NvSciSyncAccessPerm_WaitOnly and the following. */
typedef uint64_t NvSciSyncAccessPerm;

#if defined(__cplusplus)
/** Wait for fences. */
#define NvSciSyncAccessPerm_WaitOnly (static_cast<uint64_t>(1U) << 0U)
/** Signal. */
#define NvSciSyncAccessPerm_SignalOnly (static_cast<uint64_t>(1U) << 1U)
/** What the list of the participant asks. Only for exporting and importing, never as the value of a key. */
#define NvSciSyncAccessPerm_Auto (static_cast<uint64_t>(1U) << 63U)
#else
/** Wait for fences. */
#define NvSciSyncAccessPerm_WaitOnly ((uint64_t)1U << 0U)
/** Signal. */
#define NvSciSyncAccessPerm_SignalOnly ((uint64_t)1U << 1U)
/** What the list of the participant asks. Only for exporting and importing, never as the value of a key. */
#define NvSciSyncAccessPerm_Auto ((uint64_t)1U << 63U)
#endif
/** Both. */
#define NvSciSyncAccessPerm_WaitSignal (NvSciSyncAccessPerm_WaitOnly | NvSciSyncAccessPerm_SignalOnly)

/** @} */

/** @addtogroup fences
 *  @{ */

/** Values of NvSciSyncTaskStatus::status. */
typedef enum {
    NvSciSyncTaskStatus_Success = 0,         /**< The task ended well. */
    NvSciSyncTaskStatus_Failure = 1,         /**< It failed. OpenNvSci: the context of the signal is lost. */
    NvSciSyncTaskStatus_Invalid = UINT16_MAX /**< The signaler reported nothing, as the CPU and CUDA do. */
} NvSciSyncTaskStatusVal;

/** What a signaler reports of the task behind a fence. */
PACK_SYNC(typedef struct {
    uint64_t timestamp;    /**< Microseconds, if the object has timestamps and the fence expired. */
    uint32_t statusEngine; /**< Not used. */
    uint16_t subframe;     /**< Not used. */
    uint16_t status;       /**< An NvSciSyncTaskStatusVal, or an error of the engine. */
})
NvSciSyncTaskStatus;

/** @} */

/** @addtogroup sync_keys
 *  @{ */

/** Primitives. */
typedef enum NvSciSyncAttrValPrimitiveTypeRec {
    NvSciSyncAttrValPrimitiveType_LowerBound,                /**< Not a primitive. */
    NvSciSyncAttrValPrimitiveType_Syncpoint,                 /**< Tegra only; never chosen here. */
    NvSciSyncAttrValPrimitiveType_SysmemSemaphore,           /**< Payload of 32 bits, in system memory. */
    NvSciSyncAttrValPrimitiveType_VidmemSemaphore,           /**< Not supported. */
    NvSciSyncAttrValPrimitiveType_SysmemSemaphorePayload64b, /**< Payload of 64 bits, in system memory. */
    NvSciSyncAttrValPrimitiveType_VidmemSemaphorePayload64b, /**< Not supported. */
    NvSciSyncAttrValPrimitiveType_UpperBound                 /**< Not a primitive. */
} NvSciSyncAttrValPrimitiveType;

/** Keys of attribute lists, with the type of their values. "in": a program may set it; "out": reconciling sets it. */
typedef enum {
    NvSciSyncAttrKey_LowerBound,    /**< Not a key. */
    NvSciSyncAttrKey_NeedCpuAccess, /**< bool, in/out: the CPU waits or signals. Result: true if any list says so. */
    NvSciSyncAttrKey_RequiredPerm,  /**< NvSciSyncAccessPerm, in/out, mandatory in every list. */
    NvSciSyncAttrKey_ActualPerm,    /**< NvSciSyncAccessPerm, out: WaitSignal where the object was allocated. */
    NvSciSyncAttrKey_WaiterContextInsensitiveFenceExports, /**< bool, in/out: fences may take any path. Result: or. */
    NvSciSyncAttrKey_WaiterRequireTimestamps,    /**< bool, in/out: fences have timestamps. True if a list with a wait
                                                      permission and NeedCpuAccess asks. */
    NvSciSyncAttrKey_RequireDeterministicFences, /**< bool, in/out: every signal adds exactly 1. Result: or. */
    NvSciSyncAttrKey_NumTimestampSlots,          /**< uint32_t, out. PROPOSED: 1024 with timestamps, else 0. */
    NvSciSyncAttrKey_NumTaskStatusSlots,         /**< uint32_t, out. PROPOSED: 1024. */
    NvSciSyncAttrKey_MaxPrimitiveValue,          /**< uint64_t, out: the greatest value of a fence. */
    NvSciSyncAttrKey_PrimitiveInfo,    /**< NvSciSyncAttrValPrimitiveType[], at most 5, in/out: those that a participant
                                            can use. Result: the one chosen. Not set: any. */
    NvSciSyncAttrKey_PeerLocationInfo, /**< NvSciBufPeerLocationInfo[], at most 128, in/out. PROPOSED result: union. */
    NvSciSyncAttrKey_GpuId, /**< NvSciRmGpuId[], at most 16, in/out: GPUs that use it. PROPOSED result: union. */
    NvSciSyncAttrKey_PeerHwEngineArray, /**< NvSciBufPeerHwEngine[], at most 128, in/out. PROPOSED result: union. */
    NvSciSyncAttrKey_UpperBound         /**< Not a key. */
} NvSciSyncAttrKey;

/** A key with its value. */
typedef struct {
    NvSciSyncAttrKey attrKey; /**< The key. */
    const void* value;        /**< The value, or its elements. */
    size_t len;               /**< Length of the value in bytes. */
} NvSciSyncAttrKeyValuePair;

/** @} */

/** @addtogroup fences
 *  @{ */

/** How NvSciSyncFenceWaitWithMode() waits. */
typedef enum {
    NvSciSyncWaitMode_Default = 0,       /**< PROPOSED: spin for 30 microseconds, then sleep. */
    NvSciSyncWaitMode_BusyWithYield = 1, /**< Look again and again, giving the processor away in between. */
    NvSciSyncWaitMode_BusyNoYield = 2,   /**< Look again and again. */
    NvSciSyncWaitMode_Blocking = 3       /**< Only for syncpoints. */
} NvSciSyncWaitMode;

/** @} */

/* ---------------------------------------------------------------------------------------- Module, wait context */

/** @addtogroup modules
 *  @{ */

/**
 * Opens a module. Each call gives a new one; lists, objects and wait contexts of different modules cannot be
 * combined.
 *
 * Thread-safe.
 *
 * @param[out] newModule The module; closed with NvSciSyncModuleClose().
 * @retval NvSciError_Success The module exists.
 * @retval NvSciError_BadParameter newModule is NULL.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncModuleOpen(NvSciSyncModule* newModule);

/**
 * Closes a module. What belongs to it lives on until it is freed.
 *
 * Thread-safe.
 *
 * @param[in] module The module; the handle is invalid afterwards. NULL is ignored.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
void NvSciSyncModuleClose(NvSciSyncModule module);

/**
 * Makes a context with which the CPU waits for fences of a module, one wait at a time.
 *
 * Thread-safe.
 *
 * @param[in] module The module.
 * @param[out] newContext The context; freed with NvSciSyncCpuWaitContextFree().
 * @retval NvSciError_Success The context exists.
 * @retval NvSciError_BadParameter module is not a live handle, or newContext is NULL.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncCpuWaitContextAlloc(NvSciSyncModule module, NvSciSyncCpuWaitContext* newContext);

/**
 * Frees a wait context.
 *
 * Thread-safe.
 *
 * @param[in] context The context, which no wait uses. NULL is ignored.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
void NvSciSyncCpuWaitContextFree(NvSciSyncCpuWaitContext context);

/**
 * Tells whether the library fits a program compiled against the given version: the major versions are equal, and
 * minorVer is not greater than the library's.
 *
 * Thread-safe.
 *
 * @param[in] majorVer NvSciSyncMajorVersion of the program.
 * @param[in] minorVer NvSciSyncMinorVersion of the program.
 * @param[out] isCompatible true if the library fits. false is not an error.
 * @retval NvSciError_Success isCompatible was written.
 * @retval NvSciError_BadParameter isCompatible is NULL.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncCheckVersionCompatibility(uint32_t majorVer, uint32_t minorVer, bool* isCompatible);

/** @} */

/* ------------------------------------------------------------------------------------------------------- Lists */

/** @addtogroup lists
 *  @{ */

/**
 * Creates an empty unreconciled list with one slot, which can be set.
 *
 * Thread-safe.
 *
 * @param[in] module The module that the list belongs to.
 * @param[out] attrList The list; freed with NvSciSyncAttrListFree().
 * @retval NvSciError_Success The list exists.
 * @retval NvSciError_BadParameter module is not a live handle, or attrList is NULL.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListCreate(NvSciSyncModule module, NvSciSyncAttrList* attrList);

/**
 * Frees a list of any kind. The list that NvSciSyncObjGetAttrList() gave belongs to its object: freeing it has no
 * effect (PROPOSED).
 *
 * Thread-safe.
 *
 * @param[in] attrList The list; the handle is invalid afterwards. NULL is ignored.
 *
 * Source: DRIVE OS 6.0.10 API reference; NULL: NVIDIA sample programs.
 */
void NvSciSyncAttrListFree(NvSciSyncAttrList attrList);

/**
 * Tells whether a list is reconciled.
 *
 * Thread-safe.
 *
 * @param[in] attrList The list.
 * @param[out] isReconciled Receives the answer.
 * @retval NvSciError_Success isReconciled was written.
 * @retval NvSciError_BadParameter attrList is not a live handle, or isReconciled is NULL.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListIsReconciled(NvSciSyncAttrList attrList, bool* isReconciled);

/**
 * Sets keys of an unreconciled list, all or none; each key once. Values are copied. Whether a value is legal is
 * checked when the list is reconciled (PROPOSED); here only its length. Each pair and each value is read once.
 *
 * Thread-safe.
 *
 * @param[in] attrList A list from NvSciSyncAttrListCreate(), or a clone of an unreconciled list, whose first slot is
 *        set.
 * @param[in] pairArray Keys and values.
 * @param[in] pairCount Number of pairs, at least 1.
 * @retval NvSciError_Success All keys are set.
 * @retval NvSciError_BadParameter attrList is not a live handle or cannot be set; pairArray is NULL or pairCount 0; a
 *         key is no key, an output, given twice or set already; a value is NULL or has a wrong length.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListSetAttrs(NvSciSyncAttrList attrList, const NvSciSyncAttrKeyValuePair* pairArray,
                                     size_t pairCount);

/**
 * Reads keys of the first slot of a list. A key that is not set gives value NULL and len 0; so does an output key of
 * an unreconciled list.
 *
 * Thread-safe.
 *
 * @param[in] attrList The list.
 * @param[in,out] pairArray attrKey is read, value and len are written. The values belong to the list and live as long
 *        as it; they must not be written.
 * @param[in] pairCount Number of pairs, at least 1.
 * @retval NvSciError_Success All pairs were written.
 * @retval NvSciError_BadParameter attrList is not a live handle; pairArray is NULL or pairCount 0; a key is no key.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListGetAttrs(NvSciSyncAttrList attrList, NvSciSyncAttrKeyValuePair* pairArray,
                                     size_t pairCount);

/**
 * Reads keys of one slot of a list. A key that is not set gives value NULL and len 0; so does an output key of an
 * unreconciled list.
 *
 * Thread-safe.
 *
 * @param[in] attrList The list.
 * @param[in] slotIndex Number of the slot, from 0.
 * @param[in,out] pairArray attrKey is read, value and len are written. The values belong to the list and live as long
 *        as it; they must not be written.
 * @param[in] pairCount Number of pairs, at least 1.
 * @retval NvSciError_Success All pairs were written.
 * @retval NvSciError_BadParameter attrList is not a live handle; pairArray is NULL or pairCount 0; a key is no key;
 *         slotIndex is no slot.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListSlotGetAttrs(NvSciSyncAttrList attrList, size_t slotIndex,
                                         NvSciSyncAttrKeyValuePair* pairArray, size_t pairCount);

/**
 * Reads one key of the first slot of a list, as NvSciSyncAttrListGetAttrs() does.
 *
 * Thread-safe.
 *
 * @param[in] attrList The list.
 * @param[in] key The key.
 * @param[out] value The value, which belongs to the list; NULL if the key is not set.
 * @param[out] len Its length in bytes; 0 if the key is not set.
 * @retval NvSciError_Success value and len were written.
 * @retval NvSciError_BadParameter attrList is not a live handle, value or len is NULL, or key is no key.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListGetAttr(NvSciSyncAttrList attrList, NvSciSyncAttrKey key, const void** value, size_t* len);

/**
 * Number of slots of a list. 0 if attrList is not a live handle.
 *
 * Thread-safe.
 *
 * @param[in] attrList The list.
 * @return The number of slots.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
size_t NvSciSyncAttrListGetSlotCount(NvSciSyncAttrList attrList);

/**
 * Makes one read-only unreconciled list with the slots of all given lists, in order.
 *
 * Thread-safe.
 *
 * @param[in] inputUnreconciledAttrListArray Unreconciled lists of one module, each once; they stay the caller's.
 * @param[in] inputUnreconciledAttrListCount Number of lists, at least 1.
 * @param[out] newUnreconciledAttrList The new list; the caller frees it.
 * @retval NvSciError_Success The list exists.
 * @retval NvSciError_BadParameter A NULL argument; the count is 0; a list is not a live handle, is reconciled,
 *         belongs to another module or occurs twice.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListAppendUnreconciled(const NvSciSyncAttrList inputUnreconciledAttrListArray[],
                                               size_t inputUnreconciledAttrListCount,
                                               NvSciSyncAttrList* newUnreconciledAttrList);

/**
 * Copies a list, with the same slots, values and kind. The clone of an unreconciled list can be set: each key once
 * more, in the first slot.
 *
 * Thread-safe.
 *
 * @param[in] origAttrList The list to copy.
 * @param[out] newAttrList The clone; the caller frees it.
 * @retval NvSciError_Success The clone exists.
 * @retval NvSciError_BadParameter origAttrList is not a live handle, or newAttrList is NULL.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListClone(NvSciSyncAttrList origAttrList, NvSciSyncAttrList* newAttrList);

/** @} */

/** @addtogroup reconcile
 *  @{ */

/**
 * Reconciles lists. Exactly one slot signals and at least one waits (PROPOSED: one slot with WaitSignal is enough).
 * opennvsciGetLastErrorText() and opennvsciSyncAttrListGetDecisions() (opennvsci.h) tell who asked for what, and why
 * it failed.
 *
 * Thread-safe.
 *
 * @param[in] inputArray Unreconciled lists of one module, each once; they stay the caller's.
 * @param[in] inputCount Number of lists, at least 1.
 * @param[out] newReconciledList The reconciled list, which the caller frees; NULL after an error.
 * @param[out] newConflictList A list, which the caller frees, after ReconciliationFailed and UnsupportedConfig; else
 *        NULL.
 * @retval NvSciError_Success *newReconciledList is a list.
 * @retval NvSciError_BadParameter A NULL argument; inputCount is 0; a list is not a live handle, is reconciled,
 *         belongs to another module or occurs twice; RequiredPerm is missing in a slot; a value is not legal.
 * @retval NvSciError_ReconciliationFailed Not exactly one signaler; no waiter; timestamps that the signaler cannot
 *         supply; more GPUs or peers than a key holds. *newConflictList is a list.
 * @retval NvSciError_UnsupportedConfig No primitive that all lists and this machine can use. *newConflictList is a
 *         list.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListReconcile(const NvSciSyncAttrList inputArray[], size_t inputCount,
                                      NvSciSyncAttrList* newReconciledList, NvSciSyncAttrList* newConflictList);

/**
 * Checks that a reconciled list satisfies unreconciled ones.
 *
 * Thread-safe.
 *
 * @param[in] reconciledAttrList A reconciled list.
 * @param[in] inputUnreconciledAttrListArray Unreconciled lists of one module, each once; they stay the caller's.
 * @param[in] inputUnreconciledAttrListCount Number of lists, at least 1.
 * @param[out] isReconciledListValid true or false.
 * @retval NvSciError_Success The list is valid.
 * @retval NvSciError_BadParameter A NULL argument; the count is 0; reconciledAttrList is not reconciled; a list is
 *         not a live handle, is reconciled, belongs to another module or occurs twice; or the list is not valid, then
 *         *isReconciledListValid is false (PROPOSED).
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListValidateReconciled(NvSciSyncAttrList reconciledAttrList,
                                               const NvSciSyncAttrList inputUnreconciledAttrListArray[],
                                               size_t inputUnreconciledAttrListCount, bool* isReconciledListValid);

/**
 * Does nothing outside of NVIDIA's safety system.
 *
 * Thread-safe.
 *
 * @param[in] reconciledAttrList Not used.
 * @param[in] pairArray Not used.
 * @param[in] pairCount Not used.
 * @param[in] permissions Not used.
 * @retval NvSciError_Success Always.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListValidateReconciledAgainstAttrs(NvSciSyncAttrList reconciledAttrList,
                                                           const NvSciSyncAttrKeyValuePair* pairArray, size_t pairCount,
                                                           NvSciSyncAccessPerm permissions);

/** @} */

/** @addtogroup lists
 *  @{ */

#if (NV_IS_SAFETY == 0)
/**
 * Deprecated, and kept so that old programs compile.
 *
 * Thread-safe.
 *
 * @param[in] attrList Not used.
 * @param[out] buf Not used.
 * @param[out] len Not used.
 * @retval NvSciError_NotSupported Always (PROPOSED).
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListDebugDump(NvSciSyncAttrList attrList, void** buf, size_t* len);
#endif

/** @} */

/* ----------------------------------------------------------------------------------------- Lists over NvSciIpc */

/** @addtogroup share
 *  @{ */

/**
 * Turns unreconciled lists into one block of bytes, which the program sends over the endpoint. The peer imports it as
 * one list with all slots. A list with NeedCpuAccess and no PrimitiveInfo is sent with the primitives that a CPU can
 * use.
 *
 * Thread-safe.
 *
 * @param[in] unreconciledAttrListArray The lists; stay owned by the caller.
 * @param[in] unreconciledAttrListCount Their number, at least 1.
 * @param[in] ipcEndpoint Endpoint over which the bytes are sent.
 * @param[out] descBuf The bytes; freed with NvSciSyncAttrListFreeDesc().
 * @param[out] descLen Their number.
 * @retval NvSciError_Success The bytes exist.
 * @retval NvSciError_BadParameter An argument is NULL; the count is 0; a list is not a live handle, is reconciled,
 *         belongs to another module or occurs twice; ipcEndpoint is not an open endpoint. PROPOSED (OpenNvSci
 *         decision): a list has an illegal value.
 * @retval NvSciError_Overflow The lists have too many slots, or came through too many processes.
 * @retval NvSciError_InsufficientMemory Out of memory.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListIpcExportUnreconciled(const NvSciSyncAttrList unreconciledAttrListArray[],
                                                  size_t unreconciledAttrListCount, NvSciIpcEndpoint ipcEndpoint,
                                                  void** descBuf, size_t* descLen);

/**
 * Turns a reconciled list into bytes for one peer, with the NeedCpuAccess and the permission of that peer.
 *
 * Thread-safe.
 *
 * @param[in] reconciledAttrList The list; stays owned by the caller.
 * @param[in] ipcEndpoint Endpoint over which the bytes are sent.
 * @param[out] descBuf The bytes; freed with NvSciSyncAttrListFreeDesc().
 * @param[out] descLen Their number.
 * @retval NvSciError_Success The bytes exist.
 * @retval NvSciError_BadParameter reconciledAttrList is not a live handle or not reconciled; an output is NULL;
 *         ipcEndpoint is not an open endpoint; no list of this reconciliation came over it, and no peer was attached
 *         through it.
 * @retval NvSciError_ResourceError The peer has not opened its endpoint, or is gone.
 * @retval NvSciError_InsufficientMemory Out of memory.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListIpcExportReconciled(const NvSciSyncAttrList reconciledAttrList,
                                                NvSciIpcEndpoint ipcEndpoint, void** descBuf, size_t* descLen);

/**
 * Makes a list of bytes that a peer exported. It cannot be set; it can be read by slot, reconciled, appended, cloned
 * and exported again.
 *
 * Thread-safe.
 *
 * @param[in] module The module of the list.
 * @param[in] ipcEndpoint Endpoint over which the bytes came.
 * @param[in] descBuf The bytes; not referenced after the call.
 * @param[in] descLen Their number, at least 1.
 * @param[out] importedUnreconciledAttrList The list; the caller frees it.
 * @retval NvSciError_Success The list exists.
 * @retval NvSciError_BadParameter module is not a live handle; an argument is NULL; descLen is 0; ipcEndpoint is not an
 *         open endpoint; the bytes are malformed, came from another peer, hold illegal values or a reconciled list.
 * @retval NvSciError_InsufficientMemory Out of memory.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListIpcImportUnreconciled(NvSciSyncModule module, NvSciIpcEndpoint ipcEndpoint,
                                                  const void* descBuf, size_t descLen,
                                                  NvSciSyncAttrList* importedUnreconciledAttrList);

/**
 * Makes a reconciled list of bytes that a peer exported, and checks it against lists of the importer.
 *
 * Thread-safe.
 *
 * @param[in] module The module of the list.
 * @param[in] ipcEndpoint Endpoint over which the bytes came.
 * @param[in] descBuf The bytes; not referenced after the call.
 * @param[in] descLen Their number, at least 1.
 * @param[in] inputUnreconciledAttrListArray Lists that it must satisfy; may be NULL only with count 0.
 * @param[in] inputUnreconciledAttrListCount Their number; 0 skips the check.
 * @param[out] importedReconciledAttrList The list; the caller frees it.
 * @retval NvSciError_Success The list exists.
 * @retval NvSciError_BadParameter module or a list is not a live handle; an argument is NULL; descLen is 0; ipcEndpoint
 *         is not an open endpoint; a list belongs to another module or occurs twice; the bytes are malformed, came from
 *         another peer, or describe no object.
 * @retval NvSciError_AttrListValidationFailed The bytes hold unreconciled lists; a list is not satisfied.
 * @retval NvSciError_InsufficientMemory Out of memory.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListIpcImportReconciled(NvSciSyncModule module, NvSciIpcEndpoint ipcEndpoint,
                                                const void* descBuf, size_t descLen,
                                                const NvSciSyncAttrList inputUnreconciledAttrListArray[],
                                                size_t inputUnreconciledAttrListCount,
                                                NvSciSyncAttrList* importedReconciledAttrList);

/**
 * Frees bytes that an export of lists made.
 *
 * Thread-safe.
 *
 * @param[in] descBuf The bytes. NULL is ignored.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
void NvSciSyncAttrListFreeDesc(void* descBuf);

/** @} */

/* ----------------------------------------------------------------------------------------------------- Objects */

/** @addtogroup allocate
 *  @{ */

/**
 * Allocates an object for a reconciled list, with the permission WaitSignal. PROPOSED: its payload lives where its
 * users are: in system memory if the CPU, a list without a GPU, several GPUs with deterministic fences, or another
 * process now or later takes part; else in video memory or in CUDA's streams.
 *
 * Thread-safe.
 *
 * @param[in] reconciledList The list, which may be freed at once.
 * @param[out] syncObj The object; freed with NvSciSyncObjFree().
 * @retval NvSciError_Success The object exists.
 * @retval NvSciError_BadParameter reconciledList is not a live handle or not reconciled, or syncObj is NULL.
 * @retval NvSciError_ResourceError The memory cannot be had.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncObjAlloc(NvSciSyncAttrList reconciledList, NvSciSyncObj* syncObj);

/**
 * NvSciSyncAttrListReconcile() and NvSciSyncObjAlloc() in one.
 *
 * Thread-safe.
 *
 * @param[in] inputArray Unreconciled lists of one module, each once; they stay the caller's.
 * @param[in] inputCount Number of lists, at least 1.
 * @param[out] syncObj The object, which the caller frees; NULL after an error.
 * @param[out] newConflictList As for NvSciSyncAttrListReconcile().
 * @retval NvSciError_Success The object exists.
 * @retval NvSciError_BadParameter As for the two functions.
 * @retval NvSciError_ReconciliationFailed Not exactly one signaler; no waiter; timestamps that the signaler cannot
 *         supply; more GPUs or peers than a key holds. *newConflictList is a list.
 * @retval NvSciError_UnsupportedConfig No primitive that all lists and this machine can use. *newConflictList is a
 *         list.
 * @retval NvSciError_ResourceError The memory cannot be had.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncAttrListReconcileAndObjAlloc(const NvSciSyncAttrList inputArray[], size_t inputCount,
                                                 NvSciSyncObj* syncObj, NvSciSyncAttrList* newConflictList);

/** @} */

/** @addtogroup hand_out
 *  @{ */

/**
 * Gives another handle of the same timeline.
 *
 * Thread-safe.
 *
 * @param[in] syncObj The object.
 * @param[out] dupObj The new handle; freed on its own.
 * @retval NvSciError_Success The handle exists.
 * @retval NvSciError_BadParameter syncObj is not a live handle, or dupObj is NULL.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncObjDup(NvSciSyncObj syncObj, NvSciSyncObj* dupObj);

/**
 * Gives the reconciled list of an object. It belongs to the handle, is read-only, and must not be freed.
 *
 * Thread-safe.
 *
 * @param[in] syncObj The object.
 * @param[out] syncAttrList The list, valid as long as the handle.
 * @retval NvSciError_Success The list was written.
 * @retval NvSciError_BadParameter syncObj is not a live handle, or syncAttrList is NULL.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncObjGetAttrList(NvSciSyncObj syncObj, NvSciSyncAttrList* syncAttrList);

/** @} */

/** @addtogroup allocate
 *  @{ */

/**
 * Frees a handle. The timeline lives while another handle, an import, or work in a stream uses it. When the last handle
 * and import are gone nobody can signal any more: fences whose signal is in no stream are lost, and streams that wait
 * for them go on (PROPOSED).
 *
 * Thread-safe.
 *
 * @param[in] syncObj The handle, invalid afterwards. NULL is ignored.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
void NvSciSyncObjFree(NvSciSyncObj syncObj);

/**
 * Does nothing outside of NVIDIA's safety system.
 *
 * Thread-safe.
 *
 * @param[in] syncObj Not used.
 * @retval NvSciError_Success Always.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncObjValidate(NvSciSyncObj syncObj);

/** @} */

/** @addtogroup share
 *  @{ */

/**
 * Attaches peers late: afterwards the object and its list may be exported to the endpoints that the given lists came
 * from. Lists of this process are only checked.
 *
 * Thread-safe.
 *
 * @param[in] syncObj The object.
 * @param[in] inputArray Unreconciled lists of the module of the object, each once.
 * @param[in] inputCount Number of lists, at least 1.
 * @retval NvSciError_Success The object satisfies the lists.
 * @retval NvSciError_BadParameter syncObj is not a live handle; the array is NULL; inputCount is 0; a list is not a
 *         live handle, is reconciled, belongs to another module or occurs twice. PROPOSED (OpenNvSci decisions): the
 *         object does not satisfy a list; a list asks to signal; the object was reconciled for this process alone.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncObjAttachPeer(NvSciSyncObj syncObj, const NvSciSyncAttrList inputArray[], size_t inputCount);

/**
 * Sets what a chip-to-chip engine needs. PROPOSED here: RequiredPerm as given, and PrimitiveInfo with both semaphores
 * in system memory.
 *
 * Thread-safe.
 *
 * @param[in] unrecAttrList A list that can be set.
 * @param[in] permissions The value of RequiredPerm.
 * @retval NvSciError_Success Both keys are set.
 * @retval NvSciError_BadParameter unrecAttrList is not a live handle or cannot be set, or one of the keys is set
 *         already.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncFillC2cAttrs(NvSciSyncAttrList unrecAttrList, NvSciSyncAccessPerm permissions);

/** @} */

/* --------------------------------------------------------------------------------------- Objects over NvSciIpc */

/** @addtogroup share
 *  @{ */

/**
 * Turns an object into bytes for a peer.
 *
 * Thread-safe.
 *
 * @param[in] syncObj The object.
 * @param[in] permissions What the peer may do, or Auto.
 * @param[in] ipcEndpoint Endpoint to the peer.
 * @param[out] desc The bytes.
 * @retval NvSciError_Success desc is set. It can be imported once, by the opening of the peer's endpoint that is there
 *         now.
 * @retval NvSciError_BadParameter An argument is NULL or not a live handle, permissions are none, or are more or less
 *         than the lists of the peer ask, or none of its lists took part.
 * @retval NvSciError_ResourceError The peer is not there, the system refuses memory or descriptors, 128 peers have the
 *         object, or it has timestamps and was allocated when no peer was to come (PROPOSED).
 * @retval NvSciError_TryItAgain The peer has not imported too much that was exported before, or its socket is full
 *         (net.core.wmem_max). Try again after it has imported or asked for events (PROPOSED).
 * @retval NvSciError_InvalidState The object is of the process that this one was forked from (PROPOSED).
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncObjIpcExport(NvSciSyncObj syncObj, NvSciSyncAccessPerm permissions, NvSciIpcEndpoint ipcEndpoint,
                                 NvSciSyncObjIpcExportDescriptor* desc);

/**
 * Makes an object of bytes that a peer exported.
 *
 * Thread-safe.
 *
 * @param[in] ipcEndpoint Endpoint to the peer.
 * @param[in] desc The bytes.
 * @param[in] inputAttrList The imported reconciled list.
 * @param[in] permissions The least permission, or Auto.
 * @param[in] timeoutUs Not used.
 * @param[out] syncObj The object.
 * @retval NvSciError_Success syncObj is set.
 * @retval NvSciError_BadParameter An argument is NULL or not a live handle, desc is no descriptor that the peer of this
 *         endpoint exported, or was imported before, the list did not come from the same peer or is of another object,
 *         or the peer granted less than permissions.
 * @retval NvSciError_ResourceError The system refuses memory or descriptors.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncObjIpcImport(NvSciIpcEndpoint ipcEndpoint, const NvSciSyncObjIpcExportDescriptor* desc,
                                 NvSciSyncAttrList inputAttrList, NvSciSyncAccessPerm permissions, int64_t timeoutUs,
                                 NvSciSyncObj* syncObj);

/**
 * Turns an object and its list into bytes for a peer.
 *
 * Thread-safe.
 *
 * @param[in] syncObj The object.
 * @param[in] permissions WaitOnly or Auto.
 * @param[in] ipcEndpoint Endpoint to the peer.
 * @param[out] attrListAndObjDesc The bytes; freed with NvSciSyncAttrListAndObjFreeDesc().
 * @param[out] attrListAndObjDescSize Their number.
 * @retval NvSciError_Success The bytes are set.
 * @retval NvSciError_BadParameter As of NvSciSyncObjIpcExport(), or permissions are neither WaitOnly nor Auto.
 * @retval NvSciError_ResourceError As of NvSciSyncObjIpcExport().
 * @retval NvSciError_TryItAgain As of NvSciSyncObjIpcExport().
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncIpcExportAttrListAndObj(NvSciSyncObj syncObj, NvSciSyncAccessPerm permissions,
                                            NvSciIpcEndpoint ipcEndpoint, void** attrListAndObjDesc,
                                            size_t* attrListAndObjDescSize);

/**
 * Frees bytes that NvSciSyncIpcExportAttrListAndObj() made.
 *
 * Thread-safe.
 *
 * @param[in] attrListAndObjDescBuf The bytes. NULL is ignored.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
void NvSciSyncAttrListAndObjFreeDesc(void* attrListAndObjDescBuf);

/**
 * Makes an object of bytes that NvSciSyncIpcExportAttrListAndObj() of a peer made.
 *
 * Thread-safe.
 *
 * @param[in] module The module of the object.
 * @param[in] ipcEndpoint Endpoint to the peer.
 * @param[in] attrListAndObjDesc The bytes.
 * @param[in] attrListAndObjDescSize Their number.
 * @param[in] attrList Lists that it must satisfy.
 * @param[in] attrListCount Their number; may be 0.
 * @param[in] minPermissions WaitOnly or Auto.
 * @param[in] timeoutUs Not used.
 * @param[out] syncObj The object.
 * @retval NvSciError_Success syncObj is set.
 * @retval NvSciError_BadParameter As of NvSciSyncObjIpcImport(), minPermissions are neither WaitOnly nor Auto, or the
 *         list does not satisfy one of attrList.
 * @retval NvSciError_ResourceError As of NvSciSyncObjIpcImport().
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncIpcImportAttrListAndObj(NvSciSyncModule module, NvSciIpcEndpoint ipcEndpoint,
                                            const void* attrListAndObjDesc, size_t attrListAndObjDescSize,
                                            NvSciSyncAttrList const attrList[], size_t attrListCount,
                                            NvSciSyncAccessPerm minPermissions, int64_t timeoutUs,
                                            NvSciSyncObj* syncObj);

/** @} */

/* ------------------------------------------------------------------------------------------------------ Fences */

/** @addtogroup fences
 *  @{ */

/**
 * Clears a fence: all its bytes become zero. Other copies of it stay.
 *
 * Thread-safe.
 *
 * @param[in,out] syncFence The fence. NULL is ignored.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
void NvSciSyncFenceClear(NvSciSyncFence* syncFence);

/**
 * Copies a fence; the copy expires when the fence does. What the destination held is forgotten.
 *
 * Thread-safe.
 *
 * @param[in] srcSyncFence A fence, which may be cleared.
 * @param[out] dstSyncFence Receives the copy.
 * @retval NvSciError_Success The copy is written.
 * @retval NvSciError_BadParameter An argument is NULL, both are the same, or srcSyncFence holds bytes that are no
 *         fence (PROPOSED).
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncFenceDup(const NvSciSyncFence* srcSyncFence, NvSciSyncFence* dstSyncFence);

/**
 * Gives the next point of an object that the CPU signals: the n-th generated fence expires with the n-th
 * NvSciSyncObjSignal().
 *
 * Thread-safe.
 *
 * @param[in] syncObj An object whose signaler is the CPU.
 * @param[out] syncFence Receives the fence; what it held is forgotten.
 * @retval NvSciError_Success The fence is written.
 * @retval NvSciError_BadParameter syncObj is not a live handle, syncFence is NULL, or the CPU is not the signaler.
 * @retval NvSciError_InvalidState A stream was the first to signal the object, which has one kind of signaler; or the
 *         object is of the process that this one was forked from (PROPOSED).
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncObjGenerateFence(NvSciSyncObj syncObj, NvSciSyncFence* syncFence);

/**
 * Signals: the timeline advances by one. PROPOSED: with no generated fence outstanding, the next one is generated
 * expired.
 *
 * Thread-safe.
 *
 * @param[in] syncObj An object whose signaler is the CPU.
 * @retval NvSciError_Success Signaled.
 * @retval NvSciError_BadParameter syncObj is not a live handle, or the CPU is not the signaler.
 * @retval NvSciError_InvalidState As for NvSciSyncObjGenerateFence().
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncObjSignal(NvSciSyncObj syncObj);

/**
 * Waits with the CPU until a fence expires, in the mode NvSciSyncWaitMode_Default. The fence is not changed. The call
 * returns within 2 ms of the timeout.
 *
 * Thread-safe; one wait per context at a time.
 *
 * @param[in] syncFence A fence, which may be cleared.
 * @param[in] context The right to wait.
 * @param[in] timeoutUs Microseconds; 0 only looks (PROPOSED); -1 and NvSciSyncFenceMaxTimeout mean for ever.
 * @retval NvSciError_Success The fence is cleared or has expired.
 * @retval NvSciError_Timeout It did not expire in time.
 * @retval NvSciError_BadParameter syncFence is NULL or holds bytes that are no fence (PROPOSED); context is not a
 *         live handle, or of another module; timeoutUs is out of range; the object's list has no NeedCpuAccess.
 * @retval NvSciError_ResourceError The fence can never expire: the context of the GPU signal is lost or destroyed, the
 *         object is gone and was not signaled, or the process that signals it is gone (PROPOSED).
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncFenceWait(const NvSciSyncFence* syncFence, NvSciSyncCpuWaitContext context, int64_t timeoutUs);

/**
 * NvSciSyncFenceWait() in a chosen mode.
 *
 * Thread-safe; one wait per context at a time.
 *
 * @param[in] syncFence A fence, which may be cleared.
 * @param[in] context The right to wait.
 * @param[in] timeoutUs Microseconds; 0 only looks (PROPOSED); -1 and NvSciSyncFenceMaxTimeout mean for ever.
 * @param[in] waitMode An NvSciSyncWaitMode.
 * @retval NvSciError_Success The fence is cleared or has expired.
 * @retval NvSciError_Timeout It did not expire in time.
 * @retval NvSciError_BadParameter syncFence is NULL or holds bytes that are no fence (PROPOSED); context is not a
 *         live handle, or of another module; timeoutUs is out of range; the object's list has no NeedCpuAccess;
 *         waitMode is no mode.
 * @retval NvSciError_ResourceError The fence can never expire: the context of the GPU signal is lost or destroyed, the
 *         object is gone and was not signaled, or the process that signals it is gone (PROPOSED).
 * @retval NvSciError_UnsupportedConfig waitMode is Blocking, which semaphores do not have.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncFenceWaitWithMode(const NvSciSyncFence* syncFence, NvSciSyncCpuWaitContext context,
                                      int64_t timeoutUs, NvSciSyncWaitMode waitMode);

/**
 * Turns a fence into bytes for a peer.
 *
 * Thread-safe.
 *
 * @param[in] syncFence A fence, which may be cleared.
 * @param[in] ipcEndpoint Endpoint to the peer.
 * @param[out] desc The bytes.
 * @retval NvSciError_Success desc is set: all zero for a cleared fence, and for an expired one whose object is gone.
 * @retval NvSciError_BadParameter An argument is NULL, not a live handle or no fence, or the object is gone and the
 * fence has not expired (PROPOSED).
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncIpcExportFence(const NvSciSyncFence* syncFence, NvSciIpcEndpoint ipcEndpoint,
                                   NvSciSyncFenceIpcExportDescriptor* desc);

/**
 * Makes a fence of bytes that a peer exported.
 *
 * Thread-safe.
 *
 * @param[in] syncObj The object that came along the same path.
 * @param[in] desc The bytes.
 * @param[out] syncFence Receives the fence.
 * @retval NvSciError_Success syncFence is set. The same bytes may be imported any number of times.
 * @retval NvSciError_BadParameter An argument is NULL or not a live handle, or desc is neither cleared nor a fence of
 *         syncObj. Unless it is NULL, syncFence is cleared then.
 * @retval NvSciError_InvalidState The object is of the process that this one was forked from (PROPOSED).
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncIpcImportFence(NvSciSyncObj syncObj, const NvSciSyncFenceIpcExportDescriptor* desc,
                                   NvSciSyncFence* syncFence);

/**
 * Gives the primitive and the value of a fence.
 *
 * Thread-safe.
 *
 * @param[in] syncFence A fence.
 * @param[out] id The primitive of the object: 0 (PROPOSED: an object has one).
 * @param[out] value The value that expires it.
 * @retval NvSciError_Success id and value were written.
 * @retval NvSciError_ClearedFence The fence is cleared.
 * @retval NvSciError_BadParameter syncFence is NULL or holds bytes that are no fence (PROPOSED), or id or value is
 *         NULL.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncFenceExtractFence(const NvSciSyncFence* syncFence, uint64_t* id, uint64_t* value);

/**
 * Makes a fence of a primitive and a value. With RequireDeterministicFences the n-th signal reaches n, so a waiter
 * can make its fence before the signal is submitted. The task status slot is 0. PROPOSED: values of 32 bits wrap
 * around, and mean the nearest value to the present one.
 *
 * Thread-safe.
 *
 * @param[in] syncObj The object.
 * @param[in] id The primitive: 0.
 * @param[in] value 0 to MaxPrimitiveValue.
 * @param[out] syncFence Receives the fence; what it held is forgotten.
 * @retval NvSciError_Success The fence is written.
 * @retval NvSciError_BadParameter syncObj is not a live handle, or syncFence is NULL.
 * @retval NvSciError_Overflow id or value is out of range, or value is 2^63 or more ahead of the one reached
 *         (PROPOSED): streams compare cyclically, and would take it for reached.
 * @retval NvSciError_InvalidState The object is of the process that this one was forked from (PROPOSED).
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncFenceUpdateFence(NvSciSyncObj syncObj, uint64_t id, uint64_t value, NvSciSyncFence* syncFence);

/**
 * Sets where the timestamp of a fence is. Fences that this library filled have it already.
 *
 * Not thread-safe for one fence.
 *
 * @param[in,out] syncFence A fence.
 * @param[in] timestampSlot 0 to NumTimestampSlots - 1.
 * @retval NvSciError_Success Done.
 * @retval NvSciError_ClearedFence The fence is cleared.
 * @retval NvSciError_BadParameter syncFence is NULL or holds bytes that are no fence (PROPOSED); the object has no
 *         timestamps or is gone, or the slot is out of range.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncFenceAddTimestampSlot(NvSciSyncFence* syncFence, uint32_t timestampSlot);

/**
 * Sets where the task status of a fence is.
 *
 * Not thread-safe for one fence.
 *
 * @param[in,out] syncFence A fence.
 * @param[in] taskStatusSlot 0 to NumTaskStatusSlots - 1.
 * @retval NvSciError_Success Done.
 * @retval NvSciError_ClearedFence The fence is cleared.
 * @retval NvSciError_BadParameter syncFence is NULL or holds bytes that are no fence (PROPOSED); the slot is out of
 *         range.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncFenceAddTaskStatusSlot(NvSciSyncFence* syncFence, uint32_t taskStatusSlot);

/**
 * Tells where the timestamp of a fence is.
 *
 * Not thread-safe for one fence.
 *
 * @param[in] syncFence A fence.
 * @param[out] timeStampSlot Receives the slot.
 * @retval NvSciError_Success Done.
 * @retval NvSciError_ClearedFence The fence is cleared.
 * @retval NvSciError_BadParameter syncFence is NULL or holds bytes that are no fence (PROPOSED); the object has no
 *         timestamps or is gone, or timeStampSlot is NULL.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncFenceExtractTimestampSlot(NvSciSyncFence* syncFence, uint32_t* timeStampSlot);

/**
 * Gives the time at which an expired fence was signaled, by the clock of the signaler: CLOCK_MONOTONIC for a CPU
 * (PROPOSED), the clock of the GPU for CUDA, in microseconds. PROPOSED: the newest 1024 fences of an object have one.
 *
 * Thread-safe.
 *
 * @param[in] syncFence An expired fence.
 * @param[out] timestampUS Receives the time.
 * @retval NvSciError_Success timestampUS was written.
 * @retval NvSciError_ClearedFence The fence is cleared.
 * @retval NvSciError_BadParameter syncFence is NULL or holds bytes that are no fence (PROPOSED); timestampUS is NULL;
 *         the object has no timestamps or is gone; the fence has not expired (PROPOSED).
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncFenceGetTimestamp(const NvSciSyncFence* syncFence, uint64_t* timestampUS);

/**
 * Gives what the signaler reported of the task behind a fence. The CPU and CUDA report nothing, so the status is
 * NvSciSyncTaskStatus_Invalid; NvSciSyncTaskStatus_Failure if the signal was lost (PROPOSED).
 *
 * Thread-safe.
 *
 * @param[in] syncFence A fence.
 * @param[out] taskStatus Receives the report.
 * @retval NvSciError_Success taskStatus was written.
 * @retval NvSciError_ClearedFence The fence is cleared.
 * @retval NvSciError_BadParameter syncFence is NULL or holds bytes that are no fence (PROPOSED); taskStatus is NULL;
 *         the object is gone.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciSyncFenceGetTaskStatus(const NvSciSyncFence* syncFence, NvSciSyncTaskStatus* taskStatus);

/** @} */

#if defined(__cplusplus)
}
#endif

#endif /* INCLUDED_NVSCISYNC_H */
