/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * For bindings to Python, and included by no other header: capsules with tensors of DLPack. What is said in opennvsci.h
 * of threads and output arguments holds here too. The libraries are not linked with Python; whoever calls says where
 * its functions are.
 *
 * Source of all rules in this file: OpenNvSci decisions, and DLPack 1.0 (https://dmlc.github.io/dlpack).
 */
#ifndef INCLUDED_OPENNVSCI_PYTHON_H
#define INCLUDED_OPENNVSCI_PYTHON_H

#include "nvscibuf.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @addtogroup arrays
 *  @{ */

/** Functions of the Python in this process, by their names there. A capsule is a PyObject. */
typedef struct OpenNvSciPython {
    /** PyCapsule_New. */
    void* (*newCapsule)(void* pointer, const char* name, void (*destructor)(void* capsule));
    /** PyCapsule_IsValid. */
    int (*isValid)(void* capsule, const char* name);
    /** PyCapsule_GetPointer. */
    void* (*getPointer)(void* capsule, const char* name);
    /** PyErr_SetString. */
    void (*setError)(void* exception, const char* text);
    /** The exception for a refusal: PyExc_BufferError. */
    void* bufferError;
} OpenNvSciPython;

/**
 * opennvsciBufObjExportDlpack() and a capsule that owns the tensor, in one step, so that nothing is lost when a
 * signal's handler ends the program's own steps. The capsule is named "dltensor_versioned", or "dltensor" for version
 * 0, and deletes its tensor unless a consumer has taken it, which DLPack shows by another name. To be called with
 * Python's lock held, as the destructor of the capsule is.
 *
 * @param bufObj    The object.
 * @param tensor    As in opennvsciBufObjExportDlpack().
 * @param version   As there.
 * @param isCopied  As there.
 * @param functions Of Python; not needed after the call.
 * @return A new reference to the capsule. NULL on failure, with Python's exception set unless functions is NULL; then
 *         opennvsciCopyLastRefusal() has the same text, with the codes of opennvsciBufObjExportDlpack().
 */
void* opennvsciBufObjExportCapsule(NvSciBufObj bufObj, const void* tensor, uint32_t version, bool isCopied,
                                   const OpenNvSciPython* functions);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* INCLUDED_OPENNVSCI_PYTHON_H */
