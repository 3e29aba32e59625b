// SPDX-License-Identifier: Apache-2.0
//
// By libbacktrace, which comes with gcc and is linked into this library.
#include <backtrace.h>

#include <cstdint>

#include "explain/source_place.h"

namespace opennvsci::explain {

std::optional<SourcePlace> source_place(const void* address) {
    const auto ignore_error = [](void* /*data*/, const char* /*text*/, int /*code*/) {};
    static backtrace_state* const state = backtrace_create_state(nullptr, /*threaded=*/1, ignore_error, nullptr);
    if (state == nullptr) return std::nullopt;
    std::optional<SourcePlace> found;
    // Of functions that were inlined there the innermost comes first: it made the call.
    const auto take = [](void* data, std::uintptr_t /*address*/, const char* file, int line, const char* /*function*/) {
        auto& place = *static_cast<std::optional<SourcePlace>*>(data);
        if (file != nullptr && !place) place = SourcePlace{file, line};
        return 0;
    };
    backtrace_pcinfo(state, reinterpret_cast<std::uintptr_t>(address), take, ignore_error, &found);
    return found;
}

}  // namespace opennvsci::explain
