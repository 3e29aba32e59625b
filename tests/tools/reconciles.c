/* SPDX-License-Identifier: Apache-2.0 */
/* A library of somebody else whose name begins as this project's do, and a plug-in, if it is loaded and unloaded. */
#include "nvscibuf.h"

NvSciError reconcile_and_forget(NvSciBufAttrList list);

NvSciError reconcile_and_forget(NvSciBufAttrList list) {
    NvSciBufAttrList reconciled = NULL;
    NvSciBufAttrList conflict = NULL;
    const NvSciError code = NvSciBufAttrListReconcile(&list, 1, &reconciled, &conflict);
    NvSciBufAttrListFree(reconciled);
    NvSciBufAttrListFree(conflict);
    return code;
}
