// SPDX-License-Identifier: Apache-2.0
#include "explain/caller.h"

#include <dlfcn.h>
#include <execinfo.h>

#include <array>
#include <cstddef>
#include <string_view>

namespace opennvsci::explain {
namespace {

bool is_of_this_project(std::string_view object) {
    const std::string_view name = object.substr(object.rfind('/') + 1);
    return name.starts_with("libopennvsci") || name.starts_with("libnvsci");
}

}  // namespace

std::optional<Caller> find_caller() {
    constexpr int kDeepest = 64;
    std::array<void*, kDeepest> frames{};
    const int count = ::backtrace(frames.data(), kDeepest);
    for (int i = 0; i < count; ++i) {
        Dl_info info{};
        if (::dladdr(frames[static_cast<std::size_t>(i)], &info) == 0 || info.dli_fname == nullptr) continue;
        if (is_of_this_project(info.dli_fname)) continue;
        const auto* const address = static_cast<const char*>(frames[static_cast<std::size_t>(i)]);
        return Caller{address, info.dli_fname,
                      static_cast<std::uintptr_t>(address - static_cast<const char*>(info.dli_fbase))};
    }
    return std::nullopt;
}

}  // namespace opennvsci::explain
