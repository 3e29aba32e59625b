/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPU's part of "Importing Memory Objects" of the CUDA programming guide, in plain C as a customer writes it:
 * wishes, reconciliation, an object, a read-only duplicate, the same bytes through both.
 */
#include <nvscibuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(call)                                                                    \
    do {                                                                               \
        const NvSciError error = (call);                                               \
        if (error != NvSciError_Success) {                                             \
            fprintf(stderr, "line %d: %s gave 0x%x\n", __LINE__, #call, (int)(error)); \
            exit(1);                                                                   \
        }                                                                              \
    } while (0)

#define EXPECT(condition)                                               \
    do {                                                                \
        if (!(condition)) {                                             \
            fprintf(stderr, "line %d: not %s\n", __LINE__, #condition); \
            exit(1);                                                    \
        }                                                               \
    } while (0)

int main(void) {
    NvSciBufType type = NvSciBufType_RawBuffer;
    uint64_t size = 100000;
    uint64_t align = 8192;
    bool cpu = true;
    NvSciBufAttrValAccessPerm perm = NvSciBufAccessPerm_ReadWrite;
    NvSciBufAttrKeyValuePair wishes[] = {
        {NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
        {NvSciBufRawBufferAttrKey_Size, &size, sizeof(size)},
        {NvSciBufRawBufferAttrKey_Align, &align, sizeof(align)},
        {NvSciBufGeneralAttrKey_NeedCpuAccess, &cpu, sizeof(cpu)},
        {NvSciBufGeneralAttrKey_RequiredPerm, &perm, sizeof(perm)},
    };

    bool compatible = false;
    CHECK(NvSciBufCheckVersionCompatibility(NvSciBufMajorVersion, NvSciBufMinorVersion, &compatible));
    EXPECT(compatible);

    NvSciBufModule module;
    NvSciBufAttrList list, reconciled, conflicts, granted;
    CHECK(NvSciBufModuleOpen(&module));
    CHECK(NvSciBufAttrListCreate(module, &list));
    CHECK(NvSciBufAttrListSetAttrs(list, wishes, sizeof(wishes) / sizeof(wishes[0])));
    CHECK(NvSciBufAttrListReconcile(&list, 1, &reconciled, &conflicts));
    EXPECT(conflicts == NULL);

    NvSciBufObj object, reader;
    CHECK(NvSciBufObjAlloc(reconciled, &object));
    CHECK(NvSciBufObjDupWithReducePerm(object, NvSciBufAccessPerm_Readonly, &reader));

    NvSciBufAttrKeyValuePair answer = {NvSciBufRawBufferAttrKey_Size, NULL, 0};
    CHECK(NvSciBufObjGetAttrList(reader, &granted));
    CHECK(NvSciBufAttrListGetAttrs(granted, &answer, 1));
    EXPECT(answer.len == sizeof(uint64_t) && *(const uint64_t*)answer.value == size);

    void* write;
    const void* read;
    CHECK(NvSciBufObjGetCpuPtr(object, &write));
    CHECK(NvSciBufObjGetConstCpuPtr(reader, &read));
    EXPECT((uintptr_t)write % align == 0 && (uintptr_t)read % align == 0);
    strcpy((char*)write + size - 16, "shared");
    EXPECT(strcmp((const char*)read + size - 16, "shared") == 0);
    EXPECT(NvSciBufObjGetCpuPtr(reader, &write) == NvSciError_BadParameter);

    NvSciBufObjFree(object);
    EXPECT(strcmp((const char*)read + size - 16, "shared") == 0);
    NvSciBufModuleClose(module);
    NvSciBufAttrListFree(reconciled);
    NvSciBufObjFree(reader);
    NvSciBufAttrListFree(list);
    puts("a buffer shared between a writer and a reader");
    return 0;
}
