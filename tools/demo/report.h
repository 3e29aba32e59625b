// SPDX-License-Identifier: Apache-2.0
//
// What the demo prints: what held, and the decisions of a negotiation as a table for people.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "opennvsci.h"

namespace opennvsci::tool {

/// Prints that something was tried and held.
void print_done(const std::string& line);

/// A key's name without what all names share: "GpuId", "RawBuffer Size".
[[nodiscard]] std::string short_key_name(std::string_view name);

/// One row per decision: key, who asked for what, the result, and why where the result is not simply what was asked.
[[nodiscard]] std::string decisions_table(std::span<const OpenNvSciDecision> decisions);

}  // namespace opennvsci::tool
