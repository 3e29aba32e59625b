// SPDX-License-Identifier: Apache-2.0
#include "outcome.h"

#include <fmt/format.h>

#include <algorithm>

namespace opennvsci::tool {

const char* outcome_text(OpenNvSciOutcome outcome) {
    switch (outcome) {
        case OpenNvSciOutcome_Granted:
            return "as asked";
        case OpenNvSciOutcome_Defaulted:
            return "default";
        case OpenNvSciOutcome_Computed:
            return "computed";
        case OpenNvSciOutcome_Adjusted:
            return "adjusted";
        case OpenNvSciOutcome_Denied:
            return "denied";
        case OpenNvSciOutcome_Refused:
            return "refused";
        case OpenNvSciOutcome_Undecided:
            return "not decided";
    }
    return "unknown";
}

std::string shorten_uuids(std::string_view text) {
    constexpr std::string_view kShape = "GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    constexpr std::size_t kKept = 12;
    const auto has_shape = [&](std::string_view candidate) {
        return candidate.size() >= kShape.size() &&
               std::equal(kShape.begin(), kShape.end(), candidate.begin(), [](char shape, char found) {
                   const bool is_hex = (found >= '0' && found <= '9') || (found >= 'a' && found <= 'f');
                   return shape == 'x' ? is_hex : shape == found;
               });
    };
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        if (has_shape(text.substr(at))) {
            out += fmt::format("{}…", text.substr(at, kKept));
            at += kShape.size();
        } else {
            out += text[at++];
        }
    }
    return out;
}

}  // namespace opennvsci::tool
