// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace opennvsci::attr {

/// The words of another process, safe to print: UTF-8 without characters that nobody sees, such as controls and what
/// changes the direction of writing; a question mark stands for each byte that is something else.
[[nodiscard]] std::string printable(std::string_view words);

/// At most `most` bytes of UTF-8, ending with "..." if something was cut off. `most` is at least 3.
[[nodiscard]] std::string shortened(std::string words, std::size_t most);

}  // namespace opennvsci::attr
