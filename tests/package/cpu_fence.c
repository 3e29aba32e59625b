/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A customer's program in C: a fence of a CPU, as pkg-config alone lets it build.
 */
#include <nvscisync.h>
#include <opennvsci.h>
#include <stdio.h>

#define CHECK(call)                                                          \
    do {                                                                     \
        if ((call) != NvSciError_Success) {                                  \
            fprintf(stderr, "%s: %s\n", #call, opennvsciGetLastErrorText()); \
            return 1;                                                        \
        }                                                                    \
    } while (0)

int main(void) {
    NvSciSyncModule module;
    NvSciSyncCpuWaitContext context;
    NvSciSyncAttrList list;
    NvSciSyncAttrList conflict;
    NvSciSyncObj object;
    NvSciSyncFence fence = NvSciSyncFenceInitializer;
    NvSciSyncFence copy;
    const bool cpu = true;
    const NvSciSyncAccessPerm permission = NvSciSyncAccessPerm_WaitSignal;
    const NvSciSyncAttrKeyValuePair pairs[] = {{NvSciSyncAttrKey_NeedCpuAccess, &cpu, sizeof(cpu)},
                                               {NvSciSyncAttrKey_RequiredPerm, &permission, sizeof(permission)}};
    CHECK(NvSciSyncModuleOpen(&module));
    CHECK(NvSciSyncCpuWaitContextAlloc(module, &context));
    CHECK(NvSciSyncAttrListCreate(module, &list));
    CHECK(NvSciSyncAttrListSetAttrs(list, pairs, 2));
    CHECK(NvSciSyncAttrListReconcileAndObjAlloc(&list, 1, &object, &conflict));
    CHECK(NvSciSyncObjGenerateFence(object, &fence));
    copy = fence;
    if (NvSciSyncFenceWait(&copy, context, 1000) != NvSciError_Timeout) return 1;
    CHECK(NvSciSyncObjSignal(object));
    CHECK(NvSciSyncFenceWait(&copy, context, -1));
    NvSciSyncAttrListFree(conflict);
    NvSciSyncAttrListFree(list);
    NvSciSyncObjFree(object);
    NvSciSyncCpuWaitContextFree(context);
    NvSciSyncModuleClose(module);
    puts("the fence expired");
    return 0;
}
