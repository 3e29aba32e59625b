// SPDX-License-Identifier: Apache-2.0
//
// How many columns of a terminal a text in UTF-8 takes: characters of East Asia and pictures take two, marks that stand
// on the character before them none.
#pragma once

#include <cstddef>
#include <string_view>

namespace opennvsci::tool {

[[nodiscard]] std::size_t width_of(std::string_view text);

/// The bytes of the first characters, with their marks, that take at most `width` columns; of one at least.
[[nodiscard]] std::size_t bytes_of(std::string_view text, std::size_t width);

}  // namespace opennvsci::tool
