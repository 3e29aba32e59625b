/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Not a driver: a library with the names of driver functions, which answer with a number of their own and keep what
 * they were called with. It shows what reaches a driver, and has the variants that the software device does not have.
 */
#include <stddef.h>
#include <string.h>

unsigned long long stand_in_arguments[5];

#define KEEP1(a) stand_in_arguments[0] = (unsigned long long)(a)
#define KEEP2(a, b) KEEP1(a), stand_in_arguments[1] = (unsigned long long)(b)
#define KEEP3(a, b, c) KEEP2(a, b), stand_in_arguments[2] = (unsigned long long)(c)

typedef unsigned long long Word;
#define FUNCTION1(name, number) \
    unsigned name(Word a);      \
    unsigned name(Word a) {     \
        KEEP1(a);               \
        return number;          \
    }
#define FUNCTION2(name, number)     \
    unsigned name(Word a, Word b);  \
    unsigned name(Word a, Word b) { \
        KEEP2(a, b);                \
        return number;              \
    }
#define FUNCTION3(name, number)             \
    unsigned name(Word a, Word b, Word c);  \
    unsigned name(Word a, Word b, Word c) { \
        KEEP3(a, b, c);                     \
        return number;                      \
    }

FUNCTION1(cuMemFree, 1001)
FUNCTION1(cuMemFree_v2, 1002)
FUNCTION2(cuMemFreeAsync, 1003)
FUNCTION2(cuMemFreeAsync_ptsz, 1004)
FUNCTION2(cuImportExternalMemory, 1005)
FUNCTION3(cuExternalMemoryGetMappedBuffer, 1006)
FUNCTION3(cuExternalMemoryGetMappedMipmappedArray, 1007)
FUNCTION1(cuDestroyExternalMemory, 1008)
FUNCTION1(cuLaunchKernel, 1009)
FUNCTION3(cuSignalExternalSemaphoresAsync, 1010)
FUNCTION3(cuSignalExternalSemaphoresAsync_ptsz, 1011)
FUNCTION3(cuWaitExternalSemaphoresAsync, 1012)
FUNCTION3(cuGraphExecExternalSemaphoresWaitNodeSetParams, 1013)
FUNCTION2(cuGraphNodeSetParams, 1014)

unsigned cuGetProcAddress(const char* symbol, void** function, int version, Word flags);
unsigned cuGetProcAddress_v2(const char* symbol, void** function, int version, Word flags, int* status);

/* The newest variant that is not newer than the version, the per-thread one if flag 2 asks for it and there is one. */
static void* find(const char* symbol, int version, Word flags) {
    const struct {
        const char* base;
        int from;
        Word flag;
        void* function;
    } variants[] = {
        {"cuMemFree", 2000, 0, (void*)cuMemFree},
        {"cuMemFree", 3020, 0, (void*)cuMemFree_v2},
        {"cuMemFreeAsync", 11020, 0, (void*)cuMemFreeAsync},
        {"cuMemFreeAsync", 11020, 2, (void*)cuMemFreeAsync_ptsz},
        {"cuImportExternalMemory", 10000, 0, (void*)cuImportExternalMemory},
        {"cuExternalMemoryGetMappedBuffer", 10000, 0, (void*)cuExternalMemoryGetMappedBuffer},
        {"cuExternalMemoryGetMappedMipmappedArray", 10000, 0, (void*)cuExternalMemoryGetMappedMipmappedArray},
        {"cuDestroyExternalMemory", 10000, 0, (void*)cuDestroyExternalMemory},
        {"cuLaunchKernel", 4000, 0, (void*)cuLaunchKernel},
        {"cuGetProcAddress", 11030, 0, (void*)cuGetProcAddress},
        {"cuGetProcAddress", 12000, 0, (void*)cuGetProcAddress_v2},
    };
    void* found = NULL;
    for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); ++i) {
        if (strcmp(variants[i].base, symbol) != 0 || variants[i].from > version) continue;
        if (variants[i].flag == 0 || variants[i].flag == flags) found = variants[i].function;
    }
    return found;
}

unsigned cuGetProcAddress_v2(const char* symbol, void** function, int version, Word flags, int* status) {
    if (symbol == NULL || function == NULL) return 1;
    *function = find(symbol, version, flags);
    if (status != NULL) *status = *function != NULL ? 0 : 1;
    return 0;
}

unsigned cuGetProcAddress(const char* symbol, void** function, int version, Word flags) {
    return cuGetProcAddress_v2(symbol, function, version, flags, NULL);
}
