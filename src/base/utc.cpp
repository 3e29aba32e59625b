// SPDX-License-Identifier: Apache-2.0
#include "base/utc.h"

#include <fmt/format.h>

namespace opennvsci {

std::string utc_text(std::chrono::system_clock::time_point time) {
    using std::chrono::microseconds;
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss<microseconds> clock(std::chrono::floor<microseconds>(time - day));
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                       clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

}  // namespace opennvsci
