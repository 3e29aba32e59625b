/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <stdio.h>

/* Prints which driver this process finds as libcuda.so.1, and its own arguments; exits with their number. */
int main(int argc, char** argv) {
    void* driver = dlopen("libcuda.so.1", RTLD_NOW);
    if (driver == NULL) {
        printf("no driver\n");
    } else {
        printf("%s\n", dlsym(driver, "opennvsciSoftCudaVersion") != NULL ? "software device" : "another driver");
    }
    for (int i = 1; i < argc; ++i)
        printf("argument %s\n", argv[i]);
    return argc - 1;
}
