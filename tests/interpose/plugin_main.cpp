// SPDX-License-Identifier: Apache-2.0
//
// A program that meets NvSciBuf only when it loads a plug-in: plugin_main PLUGIN ARGUMENTS... It loads the plug-in once
// before and closes it, so that what stays behind is met too.
#include <dlfcn.h>

#include <cstdio>

int main(int argc, char** argv) {
    if (argc < 2) return 2;
    if (void* before = ::dlopen(argv[1], RTLD_NOW); before != nullptr) ::dlclose(before);
    void* plugin = ::dlopen(argv[1], RTLD_NOW);
    void* entry = plugin != nullptr ? ::dlsym(plugin, "customer_main") : nullptr;
    if (entry == nullptr) {
        std::fprintf(stderr, "%s\n", ::dlerror());
        return 2;
    }
    return reinterpret_cast<int (*)(int, char**)>(entry)(argc - 1, argv + 1);
}
