/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The CUDA driver's external-memory and external-semaphore functions, with NvSciBuf and NvSciSync objects as one more
 * kind of handle, and the attributes of a device for NvSciSync. Every function has the
 * signature, the ownership rules and the error codes of the driver function whose name it carries behind "nvsci". A
 * handle or pointer that did not come from these functions is passed to the driver untouched, so a program may use them
 * for all of its external memory and semaphores.
 *
 * The functions work on the driver that the process uses: the stock libcuda.so.1, or OpenNvSci's software device.
 *
 * Common to all: thread-safe. They may be called in any order; a destroyed, freed or garbage handle gives an error and
 * is never followed. After an error nothing has changed, except where stated, and opennvsciGetLastErrorText()
 * (opennvsci.h) says why. Any of them may return CUDA_ERROR_NOT_INITIALIZED (3) if no CUDA driver can be used, and pass
 * on an error of the driver (such as 700, a context lost by an earlier kernel).
 *
 * A stream capture in progress, of any thread in any mode, is not damaged by these functions, nor by NvSciBuf's: they
 * work during it, and only signal and wait in the capturing stream are refused. A handle or pointer that is passed to
 * the driver follows the driver's rules.
 *
 * Sources: CUDA 13.0 driver API; where that is silent for NvSciBuf, decisions of OpenNvSci, marked PROPOSED.
 */
#ifndef INCLUDED_NVSCICUDA_H
#define INCLUDED_NVSCICUDA_H

#include <cuda.h>

#include "opennvsci_version.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @addtogroup import
 *  @{ */

/**
 * Imports an NvSciBuf object (or any handle the driver knows) into the calling thread's current context.
 *
 * The object that `memHandleDesc->handle.nvSciBufObject` names (the NvSciBufObj itself, not its address) stays the
 * caller's: it may be freed at once or later. Its permission decides what the GPU may do: an object with ActualPerm
 * Readonly gives mappings that the GPU's memory management unit protects against writes. The same object may be
 * imported any number of times; all imports show the same bytes. An import maps nothing and is cheap. What is mapped
 * later belongs to the context of the import.
 *
 * @param extMem_out    Receives the external memory; destroy it with nvsciCuDestroyExternalMemory().
 * @param memHandleDesc type CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF, size in bytes: 1 up to the object's allocation
 *                      (normally the Size attribute), flags 0 or CUDA_EXTERNAL_MEMORY_DEDICATED. It limits all
 * mappings.
 * @retval CUDA_SUCCESS                 *extMem_out is set.
 * @retval CUDA_ERROR_INVALID_VALUE     (1) A NULL argument or object, size 0 or beyond the object, other flags.
 * @retval CUDA_ERROR_INVALID_HANDLE    (400) The object is not alive. PROPOSED.
 * @retval CUDA_ERROR_INVALID_CONTEXT   (201) The thread has no current context.
 * @retval CUDA_ERROR_OUT_OF_MEMORY     (2) The process heap is exhausted.
 */
CUresult nvsciCuImportExternalMemory(CUexternalMemory* extMem_out,
                                     const CUDA_EXTERNAL_MEMORY_HANDLE_DESC* memHandleDesc);

/**
 * Maps a window of an external memory and returns its device pointer.
 *
 * The pointer is valid in the context of the import, whatever context, or none, is current at this call, until
 * nvsciCuMemFree() or the end of that context. It may be used with kernels, copies and memsets. Two mappings may or may
 * not have the same address; each is freed once. On a read-only object a kernel's store is a fault
 * (CUDA_ERROR_ILLEGAL_ADDRESS, the context is lost) and a copy into it gives CUDA_ERROR_INVALID_VALUE. The driver says
 * no more than that; with OPENNVSCI_LOG=debug the log has the addresses and the right of every mapping.
 *
 * @param devPtr     Receives the pointer: the object's start, aligned to its Align attribute, plus the offset.
 * @param extMem     An external memory.
 * @param bufferDesc offset and size in bytes, any alignment, size > 0, inside the imported size; flags 0.
 * @retval CUDA_SUCCESS                 *devPtr is set.
 * @retval CUDA_ERROR_INVALID_VALUE     (1) A NULL argument or handle, flags, a window of size 0 or that does not fit.
 * @retval CUDA_ERROR_INVALID_HANDLE    (400) The external memory is not alive.
 * @retval CUDA_ERROR_INVALID_CONTEXT   (201) The context of the import is gone.
 * @retval CUDA_ERROR_NOT_SUPPORTED     (801) The device cannot enforce the object's read-only permission. Never
 * silently widened.
 * @retval CUDA_ERROR_PEER_ACCESS_UNSUPPORTED (217) The memory is another GPU's and cannot be reached.
 * @retval CUDA_ERROR_OUT_OF_MEMORY     (2) No address space, memory or descriptors.
 * @retval CUDA_ERROR_OPERATING_SYSTEM  (304) A system call failed.
 */
CUresult nvsciCuExternalMemoryGetMappedBuffer(CUdeviceptr* devPtr, CUexternalMemory extMem,
                                              const CUDA_EXTERNAL_MEMORY_BUFFER_DESC* bufferDesc);

/**
 * Maps a plane of a block-linear image, or any window of memory that arrays can be mapped in, as a mipmapped array of
 * one level.
 *
 * The array is the driver's own: level 0 comes from cuMipmappedArrayGetLevel(), cuMipmappedArrayDestroy() frees it,
 * before or after the external memory is destroyed. It shows the object's memory: two arrays, two imports and mapped
 * buffers of one object alias, a buffer with the bytes where the tiling puts them. Everybody who maps a plane with its
 * attributes (offset, width, height, format) sees the same tiling; another height may give another one.
 *
 * The array belongs to the context of the import, whatever context is current at this call.
 *
 * On a read-write object the array can be bound to surfaces, whether or not the flags say so. On a read-only image it
 * cannot; but copies into the array are not stopped by the driver. That is said by a notice in the log when the first
 * such array is mapped, and in the report of the object's list (opennvsciBufAttrListGetDecisions()). Other read-only
 * objects have no arrays: their bytes can be read through buffers, which are read-only by force.
 *
 * Block-linear images are in video memory if one GPU and no CPU takes part, else in system memory that the driver made;
 * both have arrays. Pitch-linear images have none: map them as a buffer.
 *
 * @param mipmap     Receives the array.
 * @param extMem     An external memory.
 * @param mipmapDesc offset: bytes, a multiple of 512, PlaneOffset for a plane; arrayDesc: Width and Height in pixels of
 *                   the plane, at least 1, Depth 0, a format of 8, 16 or 32 bits with 1, 2 or 4 channels (or
 * UNORM_INT_101010_2 with 4), Flags 0 or of SURFACE_LDST, TEXTURE_GATHER, COLOR_ATTACHMENT; numLevels 1.
 * @retval CUDA_SUCCESS                 *mipmap is set.
 * @retval CUDA_ERROR_INVALID_VALUE     (1) A NULL argument or handle; a description that is not as above, does not fit
 *                                      into the plane that it begins in or into the imported size; surfaces on a
 *                                      read-only object.
 * @retval CUDA_ERROR_INVALID_HANDLE    (400) The external memory is not alive.
 * @retval CUDA_ERROR_INVALID_CONTEXT   (201) The context of the import is gone.
 * @retval CUDA_ERROR_NOT_SUPPORTED     (801) The image is pitch-linear, the object is read-only and no image, or the
 *                                      memory is system memory that the driver did not make.
 * @retval CUDA_ERROR_OUT_OF_MEMORY     (2) No memory or descriptors.
 *
 * Thread-safe. Source: CUDA 13.0 driver API; DRIVE OS guide; codes where those are silent: this project.
 */
CUresult nvsciCuExternalMemoryGetMappedMipmappedArray(CUmipmappedArray* mipmap, CUexternalMemory extMem,
                                                      const CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC* mipmapDesc);

/**
 * Destroys an external memory. Mappings made from it stay and must still be freed; before or after, the order is free.
 *
 * @param extMem An external memory.
 * @retval CUDA_SUCCESS              The handle is dead.
 * @retval CUDA_ERROR_INVALID_VALUE  (1) extMem is NULL.
 * @retval CUDA_ERROR_INVALID_HANDLE (400) It is not alive, for example destroyed before.
 */
CUresult nvsciCuDestroyExternalMemory(CUexternalMemory extMem);

/**
 * cuMemFree for pointers of nvsciCuExternalMemoryGetMappedBuffer() and of the driver alike. For ours it first waits for
 * all work of the context of the import, unless that is gone, and of the current one, as the driver's function does: a
 * thread that has yet to signal what this work waits for must not call it. A notice in the log tells of a wait of more
 * than a second. It must not be called from a host function of a stream.
 *
 * @param devPtr A pointer exactly as it was returned.
 * @retval CUDA_SUCCESS             The mapping is gone, also if the context of the import was destroyed before.
 * PROPOSED.
 * @retval CUDA_ERROR_INVALID_VALUE (1) Not a pointer of ours or of the driver, or freed before.
 * @retval CUDA_ERROR_OUT_OF_MEMORY (2) The driver has not the memory that waiting needs; the mapping stays.
 */
CUresult nvsciCuMemFree(CUdeviceptr devPtr);

/** @} */

/* ------------------------------------------------------------------------------------------------ NvSciSync */

/** @addtogroup streams
 *  @{ */

/**
 * Sets what a device needs of an NvSciSync object in an attribute list: NvSciSyncAttrKey_RequiredPerm as the flags say,
 * NvSciSyncAttrKey_PrimitiveInfo (SysmemSemaphore, SysmemSemaphorePayload64b), NvSciSyncAttrKey_GpuId (the UUID of
 * cuDeviceGetUuid). All or nothing. Other keys may be set before and after. No context is needed or made.
 *
 * @param nvSciSyncAttrList An NvSciSyncAttrList that can be set.
 * @param dev               The device.
 * @param flags             CUDA_NVSCISYNC_ATTR_SIGNAL (1), CUDA_NVSCISYNC_ATTR_WAIT (2) or both.
 * @retval CUDA_SUCCESS              The keys are set.
 * @retval CUDA_ERROR_INVALID_DEVICE (101) There is no such device.
 * @retval CUDA_ERROR_INVALID_HANDLE (400) Not a live list, or one that cannot be set (PROPOSED).
 * @retval CUDA_ERROR_INVALID_VALUE  (1) No or other flags; one of the keys is set already.
 * @retval CUDA_ERROR_NOT_SUPPORTED  (801) The device has no 64-bit stream memory operations (attribute 122, CUDA 11.7).
 */
CUresult nvsciCuDeviceGetNvSciSyncAttributes(void* nvSciSyncAttrList, CUdevice dev, int flags);

/**
 * Imports an NvSciSync object (or any handle the driver knows) into the calling thread's current context.
 *
 * The object stays the caller's and may be freed at once or later; it may be imported any number of times, and all
 * imports signal one timeline. The semaphore may be used with streams of any context of the process (PROPOSED). If
 * streams may signal the object and it has timestamps, the first import in a context loads a kernel, and that waits for
 * all work of the context.
 *
 * @param extSem_out    Receives the semaphore; destroy it with nvsciCuDestroyExternalSemaphore().
 * @param semHandleDesc type CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC, handle.nvSciSyncObj the NvSciSyncObj itself,
 *                      flags 0.
 * @retval CUDA_SUCCESS               *extSem_out is set.
 * @retval CUDA_ERROR_INVALID_VALUE   (1) A NULL argument, or flags.
 * @retval CUDA_ERROR_INVALID_HANDLE  (400) The object is NULL or not alive. PROPOSED.
 * @retval CUDA_ERROR_INVALID_CONTEXT (201) The thread has no current context.
 * @retval CUDA_ERROR_NOT_SUPPORTED   (801) The device cannot take part: it has no 64-bit stream memory operations, or
 * the object lives in the memory of another GPU.
 * @retval CUDA_ERROR_OUT_OF_MEMORY   (2) No memory or descriptors.
 */
CUresult nvsciCuImportExternalSemaphore(CUexternalSemaphore* extSem_out,
                                        const CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC* semHandleDesc);

/**
 * Signals semaphores after all work that is in the stream. For an NvSciSync object the next value of its timeline is
 * taken, and the NvSciSyncFence that params.nvSciSync.fence names is overwritten during the call: it may be waited for,
 * copied and cleared at once. Signals of one object from several streams take effect in the order of the calls.
 *
 * The whole array is checked before anything happens. The driver's own semaphores in it are signaled first; if the
 * driver fails in the middle of ours, those before stay signaled. Flag 1
 * (CUDA_EXTERNAL_SEMAPHORE_SIGNAL_SKIP_NVSCIBUF_MEMSYNC) is accepted and changes nothing: order and visibility are
 * always kept, and nothing else is needed with discrete GPUs.
 *
 * @param extSemArray Semaphores; one may occur more than once.
 * @param paramsArray One element for each.
 * @param numExtSems  Their number; 0 is passed to the driver.
 * @param stream      The stream, also 0, CU_STREAM_LEGACY or CU_STREAM_PER_THREAD.
 * @retval CUDA_SUCCESS              The signals are in the stream and the fences written.
 * @retval CUDA_ERROR_INVALID_VALUE  (1) A NULL array or fence; a flag other than 1 for an NvSciSync object.
 * @retval CUDA_ERROR_INVALID_HANDLE (400) A semaphore is not alive; the driver's answer for a bad stream.
 * @retval CUDA_ERROR_NOT_SUPPORTED  (801) No list that speaks for CUDA asked to signal: one that names a GPU, or
 * neither a GPU nor CPU access (PROPOSED); or the object's list does not permit it.
 * @retval CUDA_ERROR_ILLEGAL_STATE  (401) The CPU was the first to signal the object, or to generate a fence: an object
 *                                   has one kind of signaler (PROPOSED).
 * @retval CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED (900) The stream captures; the capture goes on (PROPOSED). Wait before
 * the graph is launched and signal after it.
 * @retval CUDA_ERROR_CONTEXT_IS_DESTROYED (709) or the error of the context: an earlier signal of the object was lost
 * with its context (PROPOSED).
 */
CUresult nvsciCuSignalExternalSemaphoresAsync(const CUexternalSemaphore* extSemArray,
                                              const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS* paramsArray,
                                              unsigned int numExtSems, CUstream stream);

/**
 * Lets the work that comes next in the stream wait until fences have expired. The fence that params.nvSciSync.fence
 * names is read during the call. A cleared fence does not block, nor does one that has expired. The wait is for exactly
 * that fence, not for later ones.
 *
 * The signal must have been submitted before (PROPOSED: else the call is refused, because it could hold up the signal),
 * unless the object has NvSciSyncAttrKey_RequireDeterministicFences; then the signal must not need a stream that shares
 * a hardware queue with this one, which CUDA does not tell: use streams of different priority. A fence that the CPU has
 * generated may be signaled later. Flag 2 (CUDA_EXTERNAL_SEMAPHORE_WAIT_SKIP_NVSCIBUF_MEMSYNC) is accepted and changes
 * nothing.
 *
 * @param extSemArray Semaphores.
 * @param paramsArray One element for each.
 * @param numExtSems  Their number; 0 is passed to the driver.
 * @param stream      The stream, as for nvsciCuSignalExternalSemaphoresAsync().
 * @retval CUDA_SUCCESS              The waits are in the stream.
 * @retval CUDA_ERROR_INVALID_VALUE  (1) A NULL array or fence; a flag other than 2 for an NvSciSync object; a fence of
 *                                   another object, or bytes that are no fence; a signal that was not submitted.
 * @retval CUDA_ERROR_INVALID_HANDLE (400) A semaphore is not alive; the driver's answer for a bad stream.
 * @retval CUDA_ERROR_NOT_SUPPORTED  (801) No list that speaks for CUDA asked to wait (PROPOSED, as for signals); or the
 *                                   object's list does not permit it.
 * @retval CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED (900) The stream captures.
 * @retval CUDA_ERROR_CONTEXT_IS_DESTROYED (709) or the error of the context: the signal was lost with its context.
 * @retval CUDA_ERROR_ILLEGAL_STATE  (401) The fence is lost, because its object was freed before the signal.
 */
CUresult nvsciCuWaitExternalSemaphoresAsync(const CUexternalSemaphore* extSemArray,
                                            const CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS* paramsArray,
                                            unsigned int numExtSems, CUstream stream);

/**
 * Destroys a semaphore. Signals and waits that are in streams take effect all the same.
 *
 * @param extSem A semaphore.
 * @retval CUDA_SUCCESS              The handle is dead.
 * @retval CUDA_ERROR_INVALID_VALUE  (1) extSem is NULL.
 * @retval CUDA_ERROR_INVALID_HANDLE (400) It is not alive, for example destroyed before.
 */
CUresult nvsciCuDestroyExternalSemaphore(CUexternalSemaphore extSem);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* INCLUDED_NVSCICUDA_H */
