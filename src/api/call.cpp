// SPDX-License-Identifier: Apache-2.0
#include "api/call.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/log.h"

namespace opennvsci::api {
namespace {

// A plain array: remembering a failure must not allocate, and must work while a thread ends.
thread_local std::array<char, 1024> t_last_failure{};

}  // namespace

Codes remember_failure(std::string_view function, const Error& error) noexcept {
    std::size_t used = 0;
    const auto append = [&](std::string_view part) {
        const std::size_t count = std::min(part.size(), t_last_failure.size() - 1 - used);
        std::memcpy(t_last_failure.data() + used, part.data(), count);
        used += count;
    };
    append(function);
    append(": ");
    append(error.text.empty() ? std::string_view("out of memory") : std::string_view(error.text));
    t_last_failure[used] = '\0';
    if (log::enabled(log::Level::debug)) log::write(log::Level::debug, t_last_failure.data());
    return {error.code, error.cuda};
}

const char* last_failure_text() noexcept {
    return t_last_failure.data();
}

}  // namespace opennvsci::api
