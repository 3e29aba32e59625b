// SPDX-License-Identifier: Apache-2.0
//
// A negotiated layout as text: for people, and as JSON.
#pragma once

#include <cstdint>
#include <string>

#include "layout/negotiated_layout.h"
#include "output.h"

namespace opennvsci::tool {

/// Bytes that hold nothing, in percent of all.
[[nodiscard]] double waste_percent(std::uint64_t used, std::uint64_t size);

/// One row per region, then what holds for the whole buffer.
[[nodiscard]] std::string layout_table(const NegotiatedLayout& negotiated);

/// The same as data.
[[nodiscard]] Json layout_json(const NegotiatedLayout& negotiated);

}  // namespace opennvsci::tool
