/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The part of opennvsci.h, which includes it, that makes a buffer an array of other libraries: where a device sees it,
 * and tensors of DLPack, which NumPy, CuPy, PyTorch, JAX and others take. What is said there of threads and output
 * arguments holds here too. The package for Python is made of these functions.
 *
 * Source of all rules in this file: OpenNvSci decisions, and DLPack 1.0 (https://dmlc.github.io/dlpack).
 */
#ifndef INCLUDED_OPENNVSCI_DLPACK_H
#define INCLUDED_OPENNVSCI_DLPACK_H

#include "nvscibuf.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @addtogroup arrays
 *  @{ */

/**
 * The address of an object on a device, as NvSciBufObjGetCpuPtr() is the CPU's. The object is mapped once in each
 * context that asks: in the thread's current one, if it is of the device, else in the primary one, which is made if
 * need be. An object that is read-only is mapped so that the device cannot write.
 *
 * The address belongs to the object. It is valid until the object is freed and the last tensor of it is deleted, or
 * until the context ends. What frees it waits for the work of the contexts in which the object is mapped, and of no
 * other. Where the machine has no memory left to wait with, the mapping stays until the next one of the context goes.
 *
 * @param bufObj  The object.
 * @param device  The device, as cuDeviceGet() counts them.
 * @param pointer Receives the CUdeviceptr.
 * @retval NvSciError_Success            *pointer is set.
 * @retval NvSciError_BadParameter       A NULL argument, an object that is not alive, no such device.
 * @retval NvSciError_NotSupported       The device cannot enforce that the object is read-only.
 * @retval NvSciError_InvalidState       The object is of the process that this one was forked from.
 * @retval NvSciError_ResourceError      The driver failed, or there is none.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciBufObjGetCudaPtr(NvSciBufObj bufObj, uint32_t device, uint64_t* pointer);

/**
 * Makes a managed tensor of DLPack, which shows a part of an object and keeps its memory and the address alive. The
 * object may be freed meanwhile. The tensor's deleter may be called in any thread, at any time. If it is the last that
 * keeps the memory, it frees it at once, and waits as said above.
 *
 * @param bufObj   The object.
 * @param tensor   A DLTensor of dlpack.h, which is copied with its shape and strides. data + byte_offset is inside the
 *                 object: from NvSciBufObjGetCpuPtr() or NvSciBufObjGetConstCpuPtr() for device {kDLCPU, 0}, from
 *                 opennvsciBufObjGetCudaPtr() of device N for {kDLCUDA, N}. At most 64 dimensions; strides are there,
 *                 and not negative; elements have bits.
 * @param version  The major version of DLPack: 1 for a DLManagedTensorVersioned, 0 for a DLManagedTensor, which cannot
 *                 say that it is read-only.
 * @param isCopied The tensor is a copy of its own, of the CPU, and may be written.
 * @param managed  Receives the tensor, for the caller to hand over or to delete.
 * @retval NvSciError_Success            *managed is set.
 * @retval NvSciError_BadParameter       A NULL argument, an object that is not alive, a tensor that is not as above, or
 *                                       not inside the object.
 * @retval NvSciError_InvalidState       The tensor is on a device, and the object of the process that this one was
 *                                       forked from.
 * @retval NvSciError_NotPermitted       The object is read-only, and version 0 cannot say so.
 * @retval NvSciError_InsufficientMemory Out of memory.
 */
NvSciError opennvsciBufObjExportDlpack(NvSciBufObj bufObj, const void* tensor, uint32_t version, bool isCopied,
                                       void** managed);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* INCLUDED_OPENNVSCI_DLPACK_H */
