// SPDX-License-Identifier: Apache-2.0
#include "base/since.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/log.h"
#include "base/text_buffer.h"

namespace opennvsci {

constinit bool detail::g_is_inspected = false;

namespace {

constinit std::array<char, 65> g_unknown{};  // the value of the variable that is none; empty if it is one
constinit std::atomic_flag g_is_unknown_told;

// Whoever runs with rights that the user lacks, as a setuid program does, listens to nobody because the user says so.
[[gnu::constructor]] void read_variable() {
    const char* const variable = ::secure_getenv("OPENNVSCI_INSPECT");
    const std::string_view value = variable == nullptr ? std::string_view{} : std::string_view(variable);
    detail::g_is_inspected = value == "1";
    const bool is_known = value.empty() || value == "0" || value == "1";
    if (!is_known) std::snprintf(g_unknown.data(), g_unknown.size(), "%s", variable);
}

}  // namespace

void tell_unknown_inspection() noexcept {
    if (g_unknown[0] == '\0' || g_is_unknown_told.test_and_set(std::memory_order_relaxed)) return;
    const TextBuffer<256> text{"OPENNVSCI_INSPECT=", g_unknown.data(),
                               " is not 0 or 1: this process does not answer `opennvsci objects`"};
    log::write(log::Level::warning, text.view());
}

}  // namespace opennvsci
