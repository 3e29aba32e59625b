// SPDX-License-Identifier: Apache-2.0
//
// Messages to stderr, one line each. The level comes from OPENNVSCI_LOG (error, warning, info or debug), read once;
// without it errors, warnings and notices are printed. A notice tells the user a fact that must not pass silently, such
// as a fall-back to the software device.
#pragma once

#include <string_view>

namespace opennvsci::log {

enum class Level { error, warning, notice, info, debug };

/// True if messages of this level are printed. Callers that build a text ask this first.
[[nodiscard]] bool enabled(Level level) noexcept;

/// Prints "opennvsci: LEVEL: text" as one write. Thread-safe; keeps errno.
void write(Level level, std::string_view text) noexcept;

}  // namespace opennvsci::log
