// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace opennvsci {

/// "2026-11-26T20:03:41.123456Z". What is less than a microsecond is left out. Throws std::bad_alloc.
[[nodiscard]] std::string utc_text(std::chrono::system_clock::time_point time);

}  // namespace opennvsci
