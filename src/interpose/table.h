// SPDX-License-Identifier: Apache-2.0
//
// The driver functions that are interposed, one row each. From the rows come the declarations of the replacements, the
// choice of a replacement by name, version and kind of stream, and the list of exported symbols that a test compares.
//
// ENTRY(base, symbol, from, until, streams): the name that cuGetProcAddress takes, the exported symbol of this variant,
// the CUDA versions [from, until) in which cuGetProcAddress gives it, and which default stream a stream of 0 means:
// legacy, per_thread, or any if the function takes no stream. The replacement is the function of the symbol's name in
// entries.cpp, semaphores.cpp or graph_nodes.cpp. cuMemFree of version 2000 is the 32-bit function and is left alone.
// Source of names and versions: CUDA 13.0 <cuda.h> and <cudaTypedefs.h>.
#pragma once

#define OPENNVSCI_INTERPOSED(ENTRY)                                                                                    \
    ENTRY(cuGetProcAddress, cuGetProcAddress, 11030, 12000, any)                                                       \
    ENTRY(cuGetProcAddress, cuGetProcAddress_v2, 12000, kNewest, any)                                                  \
    ENTRY(cuImportExternalMemory, cuImportExternalMemory, 10000, kNewest, any)                                         \
    ENTRY(cuExternalMemoryGetMappedBuffer, cuExternalMemoryGetMappedBuffer, 10000, kNewest, any)                       \
    ENTRY(cuExternalMemoryGetMappedMipmappedArray, cuExternalMemoryGetMappedMipmappedArray, 10000, kNewest, any)       \
    ENTRY(cuDestroyExternalMemory, cuDestroyExternalMemory, 10000, kNewest, any)                                       \
    ENTRY(cuMemFree, cuMemFree_v2, 3020, kNewest, any)                                                                 \
    ENTRY(cuMemFreeAsync, cuMemFreeAsync, 11020, kNewest, legacy)                                                      \
    ENTRY(cuMemFreeAsync, cuMemFreeAsync_ptsz, 11020, kNewest, per_thread)                                             \
    ENTRY(cuDeviceGetNvSciSyncAttributes, cuDeviceGetNvSciSyncAttributes, 10020, kNewest, any)                         \
    ENTRY(cuImportExternalSemaphore, cuImportExternalSemaphore, 10000, kNewest, any)                                   \
    ENTRY(cuSignalExternalSemaphoresAsync, cuSignalExternalSemaphoresAsync, 10000, kNewest, legacy)                    \
    ENTRY(cuSignalExternalSemaphoresAsync, cuSignalExternalSemaphoresAsync_ptsz, 10000, kNewest, per_thread)           \
    ENTRY(cuWaitExternalSemaphoresAsync, cuWaitExternalSemaphoresAsync, 10000, kNewest, legacy)                        \
    ENTRY(cuWaitExternalSemaphoresAsync, cuWaitExternalSemaphoresAsync_ptsz, 10000, kNewest, per_thread)               \
    ENTRY(cuDestroyExternalSemaphore, cuDestroyExternalSemaphore, 10000, kNewest, any)                                 \
    ENTRY(cuGraphAddExternalSemaphoresSignalNode, cuGraphAddExternalSemaphoresSignalNode, 11020, kNewest, any)         \
    ENTRY(cuGraphExternalSemaphoresSignalNodeSetParams, cuGraphExternalSemaphoresSignalNodeSetParams, 11020, kNewest,  \
          any)                                                                                                         \
    ENTRY(cuGraphExecExternalSemaphoresSignalNodeSetParams, cuGraphExecExternalSemaphoresSignalNodeSetParams, 11020,   \
          kNewest, any)                                                                                                \
    ENTRY(cuGraphAddExternalSemaphoresWaitNode, cuGraphAddExternalSemaphoresWaitNode, 11020, kNewest, any)             \
    ENTRY(cuGraphExternalSemaphoresWaitNodeSetParams, cuGraphExternalSemaphoresWaitNodeSetParams, 11020, kNewest, any) \
    ENTRY(cuGraphExecExternalSemaphoresWaitNodeSetParams, cuGraphExecExternalSemaphoresWaitNodeSetParams, 11020,       \
          kNewest, any)                                                                                                \
    ENTRY(cuGraphAddNode, cuGraphAddNode, 12020, 12030, any)                                                           \
    ENTRY(cuGraphAddNode, cuGraphAddNode_v2, 12030, kNewest, any)                                                      \
    ENTRY(cuGraphNodeSetParams, cuGraphNodeSetParams, 12020, kNewest, any)                                             \
    ENTRY(cuGraphExecNodeSetParams, cuGraphExecNodeSetParams, 12020, kNewest, any)
