// SPDX-License-Identifier: Apache-2.0
#include "explain/caller.h"

#include <dlfcn.h>
#include <execinfo.h>

#include <array>
#include <cstddef>

namespace opennvsci::explain {
namespace {

constexpr char kInThisLibrary = 0;

// What was loaded where the address is.
Dl_info loaded_at(const void* address) {
    Dl_info info{};
    return ::dladdr(address, &info) != 0 ? info : Dl_info{};
}

}  // namespace

std::optional<Caller> find_caller(const void* library) {
    constexpr int kDeepest = 64;
    const std::array own{loaded_at(&kInThisLibrary).dli_fbase, loaded_at(library).dli_fbase};
    std::array<void*, kDeepest> frames{};
    const int count = ::backtrace(frames.data(), kDeepest);
    for (int i = 0; i < count; ++i) {
        const auto* const address = static_cast<const char*>(frames[static_cast<std::size_t>(i)]);
        const Dl_info info = loaded_at(address);
        if (info.dli_fname == nullptr || info.dli_fbase == own[0] || info.dli_fbase == own[1]) continue;
        return Caller{address, info.dli_fname,
                      static_cast<std::uintptr_t>(address - static_cast<const char*>(info.dli_fbase))};
    }
    return std::nullopt;
}

}  // namespace opennvsci::explain
