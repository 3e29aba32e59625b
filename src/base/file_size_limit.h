// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/resource.h>

#include <cstdint>

namespace opennvsci {

/// RLIMIT_FSIZE, in bytes. Who makes a file longer than that, a memory file too, gets the signal SIGXFSZ, which ends
/// the process; so it is asked before.
[[nodiscard]] inline std::uint64_t file_size_limit() noexcept {
    rlimit limit{};
    return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 ? std::uint64_t{limit.rlim_cur} : UINT64_MAX;
}

}  // namespace opennvsci
