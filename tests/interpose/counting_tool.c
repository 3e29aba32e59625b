/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another interposer, in the shape of the quota tools for CUDA: preloaded, it exports cuMemFree_v2 and dlsym, hands out
 * its cuMemFree_v2 and counts its calls, and passes everything on. It prints the count at the end.
 * COUNTING_TOOL_VERSIONED: it looks for the C library's dlsym by version, as such tools do, and so goes past every
 * other wrapper of dlsym; else for the next one of any kind.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void* Dlsym(void* library, const char* symbol);
typedef unsigned MemFree(unsigned long long pointer);

static MemFree* next_free;
static int calls;

unsigned cuMemFree_v2(unsigned long long pointer);
unsigned cuMemFree_v2(unsigned long long pointer) {
    ++calls;
    return next_free(pointer);
}

static Dlsym* next_dlsym(void) {
    static Dlsym* next;
    if (next == NULL) next = (Dlsym*)dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
    if (next == NULL) next = (Dlsym*)dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.17");
#ifndef COUNTING_TOOL_VERSIONED
    static Dlsym* nearest;
    if (nearest == NULL) nearest = (Dlsym*)next(RTLD_NEXT, "dlsym");
    return nearest;
#else
    return next;
#endif
}

void* dlsym(void* library, const char* symbol) {
    void* found = next_dlsym()(library, symbol);
    if (found == NULL || strcmp(symbol, "cuMemFree_v2") != 0) return found;
    if (found != (void*)cuMemFree_v2) next_free = (MemFree*)found;
    return (void*)cuMemFree_v2;
}

__attribute__((destructor)) static void report(void) {
    if (getenv("COUNTING_TOOL_REPORT") != NULL) printf("the tool saw %d calls\n", calls);
}
