// SPDX-License-Identifier: Apache-2.0
//
// What the options of all commands have in common: how numbers, sizes and names are read, and how the help looks.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace opennvsci::tool {

/// The option takes whole numbers of this range. Errors: the range, in words.
CLI::Option* take_numbers(CLI::Option* option, std::uint64_t least, std::uint64_t most);

/// The option takes bytes of this range, with or without a unit: 4096, 64k, 1M, 1MiB; units are powers of 1024.
CLI::Option* take_bytes(CLI::Option* option, std::uint64_t least, std::uint64_t most);

/// More than any machine has.
inline constexpr std::uint64_t kGreatestOrdinal = 9999;

/// The option takes the ordinal of a device, or "soft".
CLI::Option* take_device(CLI::Option* option);

/// The option takes the name of a file, which is not empty.
CLI::Option* take_file(CLI::Option* option);

/// The option takes names in capitals or not, and gets them as the list has them. Errors: the name is `what`; without
/// it, "none of" and the names.
CLI::Option* take_names(CLI::Option* option, std::vector<std::string> names, std::string what = {});

/// Help that fits the terminal: descriptions and the paragraphs below the options are broken into lines. Lines that
/// begin with a blank stay as they are.
class HelpFormatter : public CLI::Formatter {
  public:
    HelpFormatter();
    [[nodiscard]] std::string make_description(const CLI::App* app) const override;
    [[nodiscard]] std::string make_subcommand(const CLI::App* command) const override;
    [[nodiscard]] std::string make_option_desc(const CLI::Option* option) const override;
    [[nodiscard]] std::string make_footer(const CLI::App* app) const override;
};

/// The command line, and apart from it the program that `run` is to start: CLI11 would change its arguments, because it
/// takes "[a,b]" for two words and "{}" for none.
struct Words {
    std::vector<std::string> reversed;  ///< as CLI::App::parse() takes them; one word stands for the program
    std::vector<std::string> program;   ///< with its arguments; what follows the options of `run`, or "--" behind them
};
[[nodiscard]] Words words_of(const CLI::App& run, int argc, const char* const* argv);

}  // namespace opennvsci::tool
