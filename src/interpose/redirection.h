// SPDX-License-Identifier: Apache-2.0
//
// Which replacement a program gets for a driver function, and what lies beneath each replacement: the function that the
// program would have got without us. That is the driver's, or the one of another interposer between us and the driver.
//
// A look-up is redirected only after the real one has succeeded, so what the driver does not have stays absent. What a
// look-up found first is kept as the function beneath; a replacement that is called without a look-up, because the
// program is linked with the driver, finds the next definition in the order of the process's libraries.
#pragma once

#include <cstdint>

#include "api/forward.h"
#include "interpose/entries.h"
#include "interpose/table.h"

namespace opennvsci::interpose {

/// The rows of the table by their symbols.
enum class Entry : unsigned {
#define OPENNVSCI_ENUMERATOR(base, symbol, from, until, streams) symbol,
    OPENNVSCI_INTERPOSED(OPENNVSCI_ENUMERATOR)
#undef OPENNVSCI_ENUMERATOR
        count
};

/// False if OPENNVSCI_INTERPOSE=0: every call and look-up passes through.
[[nodiscard]] bool enabled() noexcept;

/// True if `symbol` is the exported symbol of a row.
[[nodiscard]] bool is_interposed(const char* symbol) noexcept;

/// What the program gets for the symbol `symbol`, which a look-up found at `found`: `found` itself if it is not ours.
[[nodiscard]] void* redirect_symbol(const char* symbol, void* found) noexcept;

/// The same for the answer of cuGetProcAddress to `base`, `version` and `flags`.
[[nodiscard]] void* redirect_base_name(const char* base, int version, std::uint64_t flags, void* found) noexcept;

/// What lies beneath a replacement. Loads the driver if nothing in the process has; null if there is none.
[[nodiscard]] void* beneath(Entry entry) noexcept;

/// Calls what lies beneath `replacement`, the function of the row `entry`.
template <class... Parameters, class... Arguments>
CUresult call_beneath(Entry entry, CUresult (* /*replacement*/)(Parameters...), Arguments... arguments) noexcept {
    const auto next = reinterpret_cast<CUresult (*)(Parameters...)>(beneath(entry));
    return next != nullptr ? next(arguments...) : CUDA_ERROR_NOT_INITIALIZED;
}

#define OPENNVSCI_BENEATH(symbol, ...) call_beneath(Entry::symbol, &symbol, __VA_ARGS__)

/// The same, and a refusal is the calling thread's last failure. Not for look-ups: that one finds nothing is no failure
/// of the program, and the CUDA runtime makes many on its own.
#define OPENNVSCI_FORWARD(symbol, ...) \
    api::remember_answer(api::Entrance::interposer, #symbol, OPENNVSCI_BENEATH(symbol, __VA_ARGS__))

}  // namespace opennvsci::interpose
