/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A libcuda.so.1 whose cuInit does what FAILING_DRIVER says: crash, print on stdout, or return a number. */
int cuIsNowhere(void) __attribute__((weak)); /* what is weak may be missing */
int cuInit(unsigned flags);
int cuGetErrorName(int result, const char** text);
int cuGetErrorString(int result, const char** text);

int cuInit(unsigned flags) {
    const char* what = getenv("FAILING_DRIVER");
    (void)flags;
    if (cuIsNowhere != NULL) return cuIsNowhere();
    if (what == NULL) return 999;
    if (strcmp(what, "crash") == 0) abort();
    if (strcmp(what, "print") == 0) printf("{\"is_found\": \"a lie\"}\n");
    return atoi(what);
}

int cuGetErrorName(int result, const char** text) {
    (void)result;
    *text = "CUDA_ERROR_OF_THE_TEST";
    return 0;
}

int cuGetErrorString(int result, const char** text) {
    (void)result;
    *text = "text of the test";
    return 0;
}
