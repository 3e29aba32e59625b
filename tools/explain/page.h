// SPDX-License-Identifier: Apache-2.0
//
// Negotiations as a page for a browser: one HTML text that is complete in itself. Its parts are in page/; CMake joins
// them. All texts of a negotiation may come from a hostile process, so they travel as JSON that no markup can end, the
// page makes text of them and never markup, and its policy lets the browser run the page's own script and load nothing.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "output.h"

namespace opennvsci::tool {

struct PageNegotiation {
    Json fields;         ///< as the negotiation file has it, with its report or without
    std::string layout;  ///< the memory map as an SVG, or empty
};

/// Opens on the first negotiation that was refused, else on the first with a denied wish, else on the first. Fields
/// that are missing or of another type are left out, and bytes that are no UTF-8 replaced.
[[nodiscard]] std::string page_of(std::span<const PageNegotiation> negotiations);

}  // namespace opennvsci::tool
