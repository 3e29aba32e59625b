// SPDX-License-Identifier: Apache-2.0
//
// The inspection of a process: what `opennvsci objects` shows. A process that agreed (base/since.h) answers from the
// moment when it opens its first module, by a thread that sleeps otherwise (ipc/inspection_answerer.h).
#pragma once

#include "base/since.h"

namespace opennvsci::api {

/// Begins to answer, unless this process does so already. What keeps it from that is printed.
void begin_inspection() noexcept;

/// Called when a module is opened.
inline void offer_inspection() noexcept {
    if (is_inspected()) [[unlikely]]
        begin_inspection();
}

}  // namespace opennvsci::api
