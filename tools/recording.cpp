// SPDX-License-Identifier: Apache-2.0
#include "recording.h"

#include <cstdlib>

namespace opennvsci::tool {
namespace {

constexpr const char* kNames[] = {"OPENNVSCI_CAPTURE", "OPENNVSCI_TRACE"};
constinit const char* g_values[] = {nullptr, nullptr};

// The dynamic linker runs this before it starts any library. The C library has not begun yet, nor have sanitizers: so
// no function is called, and the list of variables is changed where it lies.

// What stands behind the start, if the text begins so and `end` follows; else null.
[[gnu::no_sanitize("address", "thread", "undefined"), gnu::always_inline]] inline const char* behind(const char* text,
                                                                                                     const char* start,
                                                                                                     char end) {
    for (; *start != '\0'; ++start, ++text) {
        if (*text != *start) return nullptr;
    }
    return *text == end ? text + 1 : nullptr;
}

[[gnu::no_sanitize("address", "thread", "undefined")]] void keep_recording_variables(int argc, char** argv,
                                                                                     char** variables) {
    if (argc > 1 && (behind(argv[1], "run", '\0') != nullptr || behind(argv[1], "demo", '\0') != nullptr)) return;
    char** kept = variables;
    for (char** variable = variables; *variable != nullptr; ++variable) {
        bool is_taken = false;
        for (int i = 0; i < 2; ++i) {
            const char* const value = behind(*variable, kNames[i], '=');
            if (value == nullptr) continue;
            is_taken = true;
            if (g_values[i] == nullptr) g_values[i] = value;  // the first one counts
        }
        if (!is_taken) *kept++ = *variable;
    }
    *kept = nullptr;
}

[[gnu::used, gnu::section(".preinit_array")]] void (*const g_before_libraries)(int, char**,
                                                                               char**) = keep_recording_variables;

}  // namespace

void give_back_recording_variables() {
    for (int i = 0; i < 2; ++i) {
        if (g_values[i] != nullptr) ::setenv(kNames[i], g_values[i], 1);
    }
}

}  // namespace opennvsci::tool
