/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A quota tool of the simplest kind: preloaded, it exports cuMemAlloc_v2 and cuMemFree_v2, and frees what it saw
 * allocated and nothing else. It does not touch dlsym.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

typedef unsigned long long Pointer;
typedef unsigned MemAlloc(Pointer* pointer, size_t size);
typedef unsigned MemFree(Pointer pointer);

static Pointer known[64];

unsigned cuMemAlloc_v2(Pointer* pointer, size_t size);
unsigned cuMemAlloc_v2(Pointer* pointer, size_t size) {
    const unsigned result = ((MemAlloc*)dlsym(RTLD_NEXT, "cuMemAlloc_v2"))(pointer, size);
    for (size_t i = 0; result == 0 && i < sizeof(known) / sizeof(known[0]); ++i) {
        if (known[i] != 0) continue;
        known[i] = *pointer;
        break;
    }
    return result;
}

unsigned cuMemFree_v2(Pointer pointer);
unsigned cuMemFree_v2(Pointer pointer) {
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); ++i) {
        if (known[i] != pointer) continue;
        known[i] = 0;
        return ((MemFree*)dlsym(RTLD_NEXT, "cuMemFree_v2"))(pointer);
    }
    return 1;
}
