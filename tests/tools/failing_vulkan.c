/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A libvulkan.so.1 that does what FAILING_VULKAN says when it is asked for functions: crash, print on stdout, or let
   vkCreateInstance return a number, as a loader without drivers returns -9. */
typedef void (*function)(void);
function vkGetInstanceProcAddr(void* instance, const char* name);

static int result;

static int create_instance(const void* info, const void* allocator, void** instance) {
    (void)info;
    (void)allocator;
    (void)instance;
    return result;
}

function vkGetInstanceProcAddr(void* instance, const char* name) {
    const char* what = getenv("FAILING_VULKAN");
    (void)instance;
    if (what == NULL) return NULL;
    if (strcmp(what, "crash") == 0) abort();
    if (strcmp(what, "print") == 0) printf("loading\n");
    result = atoi(what);
    return strcmp(name, "vkCreateInstance") == 0 ? (function)create_instance : NULL;
}
