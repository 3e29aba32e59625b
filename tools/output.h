// SPDX-License-Identifier: Apache-2.0
//
// What the commands print. Nothing throws when stdout takes no more: the first failure is kept, and finish_output(),
// which main() calls at the end of every command, tells it.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "result.h"

namespace opennvsci::tool {

using Json = nlohmann::ordered_json;

/// Gives the numbers 0 to 2 to descriptors that cannot be used, where the command was started without them: otherwise
/// the next file, or memory, that is opened gets the number of stdout, and what is printed ends up there. The program
/// that `opennvsci run` starts finds them closed again.
void keep_standard_descriptors();

/// Prints on stdout.
void print_text(std::string_view text);
template <class... Values>
void print(fmt::format_string<Values...> format, Values&&... values) {
    print_text(fmt::format(format, std::forward<Values>(values)...));
}

/// Prints the fields, which are an object, with the version of the format before them. The version grows when a field
/// goes or changes its meaning; new fields come without.
void print_json(const Json& fields);

/// Any value as it is printed, in ASCII, without the newline.
[[nodiscard]] std::string json_text(const Json& value);

/// Prints any value, as it is.
void print_json_value(const Json& value);

/// A text that comes from files or other processes, with a ? for each byte of what could steer a terminal, of
/// characters that nobody sees, and of what is no UTF-8.
[[nodiscard]] std::string printable(std::string_view text);

/// At most so many bytes of a text, of whole characters; one that was longer ends with "…".
[[nodiscard]] std::string shortened(std::string text, std::size_t most);

/// Sends on what was printed so far: before something else, or a child, prints.
void flush_output();

/// Whether everything that was printed has gone out. Errors: the system's reason; empty if a reader had enough, which
/// is nothing to tell.
[[nodiscard]] Result<> finish_output();

/// The characters of a line of the terminal: COLUMNS, or what the terminal says, or 80.
[[nodiscard]] std::size_t terminal_width();

}  // namespace opennvsci::tool
