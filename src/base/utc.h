// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace opennvsci {

/// A time as "2026-01-31T23:59:59.123456Z". Not by gmtime_r: the C library takes a lock for it that a fork does not
/// reset, so a child that is forked while another thread asks for the time of day would wait for ever.
[[nodiscard]] std::string utc_text(std::chrono::system_clock::time_point time);

}  // namespace opennvsci
