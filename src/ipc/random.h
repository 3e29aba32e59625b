// SPDX-License-Identifier: Apache-2.0
//
// Numbers that nobody can guess and that do not come twice: sessions, instances, tokens.
#pragma once

#include <sys/random.h>

#include <cstdint>

#include "base/os.h"

namespace opennvsci::ipc {

/// A random number, never 0. Errors: ResourceError if the kernel has none yet, early while a machine starts.
[[nodiscard]] inline Result<std::uint64_t> random_number() {
    for (;;) {
        std::uint64_t drawn = 0;
        if (::getrandom(&drawn, sizeof(drawn), GRND_NONBLOCK) != static_cast<ssize_t>(sizeof(drawn)))
            return os::os_error("getrandom");
        if (drawn != 0) return drawn;
    }
}

}  // namespace opennvsci::ipc
