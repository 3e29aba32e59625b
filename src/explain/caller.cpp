// SPDX-License-Identifier: Apache-2.0
#include "explain/caller.h"

#include <dlfcn.h>
#include <execinfo.h>

#include <array>
#include <cstddef>

#include "base/loaded_objects.h"

namespace opennvsci::explain {
namespace {

constexpr char kInThisLibrary = 0;
constexpr std::size_t kDeepest = 64;
using Frames = std::array<void*, kDeepest>;

// Where the unwinder finds tables without dl_iterate_phdr (glibc 2.35, gcc 12), the lock is not needed.
std::size_t unwind(Frames& frames) noexcept {
    const LookAtLoadedObjects held;
    return static_cast<std::size_t>(::backtrace(frames.data(), static_cast<int>(frames.size())));
}

// What was loaded where the address is.
Dl_info loaded_at(const void* address) {
    Dl_info info{};
    return ::dladdr(address, &info) != 0 ? info : Dl_info{};
}

}  // namespace

void prepare_to_find_callers() noexcept {
    std::array<void*, 1> frame{};
    ::backtrace(frame.data(), 1);  // loads the unwinder
}

std::optional<Caller> find_caller(const void* library) {
    const std::array own{loaded_at(&kInThisLibrary).dli_fbase, loaded_at(library).dli_fbase};
    Frames frames{};
    const std::size_t count = unwind(frames);
    for (std::size_t i = 0; i < count; ++i) {
        const auto* const address = static_cast<const char*>(frames[i]);
        const Dl_info info = loaded_at(address);
        if (info.dli_fname == nullptr || info.dli_fbase == own[0] || info.dli_fbase == own[1]) continue;
        return Caller{address, info.dli_fname,
                      static_cast<std::uintptr_t>(address - static_cast<const char*>(info.dli_fbase))};
    }
    return std::nullopt;
}

}  // namespace opennvsci::explain
