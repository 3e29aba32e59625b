/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What OpenNvSci offers beyond the NvSci interfaces: why a call failed, and how a reconciliation came to its result.
 * Programs that include this header do not run on DRIVE OS or Jetson unless they leave these calls out there.
 *
 * All functions are thread-safe. Source of all rules in this file: OpenNvSci decisions.
 */
#ifndef INCLUDED_OPENNVSCI_H
#define INCLUDED_OPENNVSCI_H

#include "nvscibuf.h"
#include "nvscisync.h"

#ifdef __cplusplus
extern "C" {
#endif

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
 * Names the participant whose wishes an attribute list holds, for error texts and reports ("camera" instead of
 * "list 2"). The name goes along when the list is cloned or appended.
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
    const char* granted;      /**< The value in the reconciled list; "unset" after a refusal. */
    const char* rule;         /**< The merge rule; empty for keys that are not merged. */
    const char* reason;       /**< Why the outcome is not simply what was asked; empty if it is. */
    const char* suggestion;   /**< The smallest change that would avoid the outcome; may be empty. */
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

#ifdef __cplusplus
}
#endif

#endif /* INCLUDED_OPENNVSCI_H */
