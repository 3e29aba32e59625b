// SPDX-License-Identifier: Apache-2.0
//
// The C library's own dlsym, past every wrapper of it in the process: this project's (src/interpose) and those of other
// tools. The wrappers carry no symbol version; the C library's function does, so asking for the version finds it.
#pragma once

#include <dlfcn.h>

namespace opennvsci::c_library {

using Dlsym = void*(void* library, const char* symbol);

/// The C library's dlsym. Null in a C library that is not glibc. Calls nothing else, so it may run before the
/// constructors of the process, when sanitizers are not ready yet.
inline Dlsym* dlsym() noexcept {
    // Where dlsym has been since glibc 2.34, and where it was before on x86-64 and on aarch64.
    for (const char* version : {"GLIBC_2.34", "GLIBC_2.2.5", "GLIBC_2.17"}) {
        if (void* found = ::dlvsym(RTLD_DEFAULT, "dlsym", version)) return reinterpret_cast<Dlsym*>(found);
    }
    return nullptr;
}

/// What the library loaded as `library` itself calls `symbol`; null if it has no such symbol.
inline void* look_up(void* library, const char* symbol) noexcept {
    Dlsym* const real = dlsym();
    return real != nullptr ? real(library, symbol) : ::dlsym(library, symbol);
}

}  // namespace opennvsci::c_library
