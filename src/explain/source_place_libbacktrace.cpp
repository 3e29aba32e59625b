// SPDX-License-Identifier: Apache-2.0
//
// By libbacktrace, which comes with gcc and is linked into this library.
#include <backtrace.h>
#include <link.h>

#include <cstddef>
#include <cstdint>

#include "base/loaded_objects.h"
#include "explain/source_place.h"

namespace opennvsci::explain {
namespace {

// Which modules the process has, as far as a place depends on it.
struct Modules {
    unsigned long long unloaded = 0;  // how many so far
    bool is_in_program = false;       // whether the address is in the program itself, which nothing can be loaded over
};

Modules modules_around(std::uintptr_t address) {
    struct Question {
        std::uintptr_t address;
        Modules answer;
    } question{address, {}};
    // The program itself comes first.
    const auto look = [](dl_phdr_info* info, std::size_t /*size*/, void* data) {
        auto& [wanted, answer] = *static_cast<Question*>(data);
        answer.unloaded = info->dlpi_subs;
        for (std::size_t i = 0; i < info->dlpi_phnum; ++i) {
            const ElfW(Phdr)& segment = info->dlpi_phdr[i];
            const std::uintptr_t offset = wanted - info->dlpi_addr - segment.p_vaddr;
            answer.is_in_program |= segment.p_type == PT_LOAD && offset < segment.p_memsz;
        }
        return 1;
    };
    ::dl_iterate_phdr(look, &question);
    return question.answer;
}

void ignore_error(void* /*data*/, const char* /*text*/, int /*code*/) {}

struct Reader {
    backtrace_state* state;
    unsigned long long unloaded;
};

// With the lock held. Made at the first call; what is read is not given back.
const Reader* reader() {
    static constinit const Reader* made = nullptr;
    if (made != nullptr) return made;
    backtrace_state* const state = backtrace_create_state(nullptr, /*threaded=*/0, ignore_error, nullptr);
    return state != nullptr ? made = new Reader{state, modules_around(0).unloaded} : nullptr;
}

}  // namespace

std::optional<SourcePlace> source_place(const void* address) {
    const auto wanted = reinterpret_cast<std::uintptr_t>(address);
    const LookAtLoadedObjects held;
    const Reader* const source = reader();
    if (source == nullptr) return std::nullopt;
    // What the reader knows of an address may be of a module that is gone.
    const Modules modules = modules_around(wanted);
    if (!modules.is_in_program && modules.unloaded != source->unloaded) return std::nullopt;
    std::optional<SourcePlace> found;
    // Of functions that were inlined there the innermost comes first: it made the call.
    const auto take = [](void* data, std::uintptr_t /*address*/, const char* file, int line, const char* /*function*/) {
        auto& place = *static_cast<std::optional<SourcePlace>*>(data);
        if (file != nullptr && !place) place = SourcePlace{file, line};
        return 0;
    };
    backtrace_pcinfo(source->state, wanted, take, ignore_error, &found);
    return found;
}

}  // namespace opennvsci::explain
