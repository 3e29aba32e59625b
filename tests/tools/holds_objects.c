/* SPDX-License-Identifier: Apache-2.0 */
/* Holds two lists, a buffer and a module, says which process it is, and waits to be ended. */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "nvscibuf.h"
#include "opennvsci.h"

int main(void) {
    NvSciBufType type = NvSciBufType_RawBuffer;
    bool yes = true;
    uint64_t size = 4096;
    uint64_t alignment = 4096;
    NvSciBufAttrKeyValuePair pairs[] = {{NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
                                        {NvSciBufGeneralAttrKey_NeedCpuAccess, &yes, sizeof(yes)},
                                        {NvSciBufRawBufferAttrKey_Size, &size, sizeof(size)},
                                        {NvSciBufRawBufferAttrKey_Align, &alignment, sizeof(alignment)}};
    NvSciBufModule module = NULL;
    NvSciBufAttrList list = NULL;
    NvSciBufAttrList reconciled = NULL;
    NvSciBufAttrList conflict = NULL;
    NvSciBufObj object = NULL;
    if (NvSciBufModuleOpen(&module) != NvSciError_Success ||
        NvSciBufAttrListCreate(module, &list) != NvSciError_Success ||
        NvSciBufAttrListSetAttrs(list, pairs, 4) != NvSciError_Success ||
        opennvsciBufAttrListSetName(list, "camera") != NvSciError_Success ||
        NvSciBufAttrListReconcile(&list, 1, &reconciled, &conflict) != NvSciError_Success ||
        NvSciBufObjAlloc(reconciled, &object) != NvSciError_Success)
        return 1;
    printf("%ld\n", (long)getpid());
    fflush(stdout);
    for (;;)
        pause();
}
