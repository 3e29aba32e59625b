// SPDX-License-Identifier: Apache-2.0
//
// The JSON of a negotiation: format_version 1, described in docs/explain.md.
#pragma once

#include "base/json_writer.h"
#include "explain/explanation.h"

namespace opennvsci::explain {

inline constexpr int kFormatVersion = 1;

/// Writes the members "interface", "participants" and "report" of an object that the caller has begun.
/// `failure` is that of the call, or null if it succeeded, or is not known.
void write_members(JsonWriter& out, const Explanation& explanation, const Error* failure);

/// One object with these members, on one line.
[[nodiscard]] std::string json_of(const Explanation& explanation, const Error* failure);

}  // namespace opennvsci::explain
