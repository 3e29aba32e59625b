/* SPDX-License-Identifier: Apache-2.0 */
/* Linked with libnvscibuf, and with two libraries of answers, 1 and 2, of which the first asks for the second's. */
#include <nvscibuf.h>

int plain_answer(void);
int cu_answer(void);

int main(void) {
    NvSciBufModule module;
    if (NvSciBufModuleOpen(&module) != NvSciError_Success) return 3;
    NvSciBufModuleClose(module);
    if (plain_answer() != 21) return 1;
    return cu_answer() == 21 ? 0 : 2;
}
