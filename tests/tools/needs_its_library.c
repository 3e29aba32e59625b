/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "nvscibuf.h"

/* Linked with libnvscibuf, without a word about where it lies. */
int main(void) {
    NvSciBufModule module = NULL;
    if (NvSciBufModuleOpen(&module) != NvSciError_Success) return 1;
    NvSciBufModuleClose(module);
    printf("the library is there\n");
    return 0;
}
