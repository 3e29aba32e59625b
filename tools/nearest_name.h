// SPDX-License-Identifier: Apache-2.0
//
// The libraries have one too, for their keys and the words of their values (src/base/nearest_name.h). The command asks
// for those by opennvsci.h, as any customer does; this one is for names that only the command has.
#pragma once

#include <span>
#include <string_view>

namespace opennvsci::tool {

/// The name that somebody who wrote `word` most likely meant: a few letters are others, too many, or missing. Empty if
/// none is near.
[[nodiscard]] std::string_view nearest_name(std::string_view word, std::span<const std::string_view> names);

}  // namespace opennvsci::tool
