// SPDX-License-Identifier: Apache-2.0
//
// How findings are shown.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "doctor/finding.h"
#include "output.h"

namespace opennvsci::tool {

[[nodiscard]] bool is_healthy(const std::vector<Finding>& findings);

/// A heading for each area, a line for each finding, with what is needed and the remedy under it, and the numbers of
/// problems and notes at the end. Lines fit the width.
[[nodiscard]] std::string findings_text(const std::vector<Finding>& findings, std::size_t width);

[[nodiscard]] Json findings_json(const std::vector<Finding>& findings);

}  // namespace opennvsci::tool
