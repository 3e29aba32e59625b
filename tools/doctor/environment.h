// SPDX-License-Identifier: Apache-2.0
//
// The environment variables that OpenNvSci reads: names, values, and what contradicts what.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "doctor/finding.h"

namespace opennvsci::tool {

using Environment = std::map<std::string, std::string, std::less<>>;

[[nodiscard]] Environment environment_of_process();
/// The value; empty if it is not set. The libraries take an empty one for none too.
[[nodiscard]] std::string value_of(const Environment& environment, std::string_view name);
[[nodiscard]] std::vector<Finding> check_environment(const Environment& environment);

}  // namespace opennvsci::tool
