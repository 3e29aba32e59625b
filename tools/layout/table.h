// SPDX-License-Identifier: Apache-2.0
//
// A negotiated layout as text: for people, and as JSON.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "layout/negotiated_layout.h"

namespace opennvsci::tool {

/// Bytes that hold nothing, in percent of all.
[[nodiscard]] double waste_percent(std::uint64_t used, std::uint64_t size);

/// One row per region, then what holds for the whole buffer.
[[nodiscard]] std::string layout_table(const NegotiatedLayout& negotiated);

/// The same as data.
[[nodiscard]] nlohmann::ordered_json layout_json(const NegotiatedLayout& negotiated);

}  // namespace opennvsci::tool
