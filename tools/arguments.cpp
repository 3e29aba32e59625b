// SPDX-License-Identifier: Apache-2.0
#include "arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "output.h"
#include "text_table.h"

namespace opennvsci::tool {
namespace {

struct Number {
    std::uint64_t value = 0;
    bool fits = true;  // it is not negative and has at most 64 bits
    std::string_view unit;
};

// A whole number and what stands behind it. CLI11's own readers take "010" for eight, and some of them numbers beyond
// 64 bits for the greatest one.
std::optional<Number> parse_number(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    const char* const begin = text.data() + (is_negative ? 1 : 0);
    const char* const end = text.data() + text.size();
    Number number;
    const auto [last, error] = std::from_chars(begin, end, number.value);
    const bool has_leading_zero = last - begin > 1 && *begin == '0';
    if (error == std::errc::invalid_argument || has_leading_zero) return std::nullopt;
    number.fits = error == std::errc{} && !is_negative;
    number.unit = {last, static_cast<std::size_t>(end - last)};
    return number;
}

// The unit's power of two: of k, kB and KiB 10, of M 20. No more than 60.
std::optional<unsigned> power_of(std::string_view unit) {
    constexpr std::string_view kPrefixes = "kmgtpe";
    const std::string name = CLI::detail::to_lower(std::string(unit));
    if (name.empty() || name == "b") return 0;
    const auto prefix = kPrefixes.find(name[0]);
    const std::string rest = name.substr(1);
    if (prefix == std::string_view::npos || (!rest.empty() && rest != "b" && rest != "ib")) return std::nullopt;
    return 10 * (static_cast<unsigned>(prefix) + 1);
}

std::string out_of_range(const std::string& text, std::uint64_t least, std::uint64_t most) {
    return fmt::format("{} is out of range: it must be {} to {}", text, least, most);
}

std::string mistake_in_number(const std::string& text, std::uint64_t least, std::uint64_t most) {
    const auto number = parse_number(text);
    if (!number || !number->unit.empty()) return fmt::format("'{}' is no whole number", text);
    const bool is_in_range = number->fits && number->value >= least && number->value <= most;
    return is_in_range ? std::string{} : out_of_range(text, least, most);
}

}  // namespace

CLI::Option* take_numbers(CLI::Option* option, std::uint64_t least, std::uint64_t most) {
    const auto check = [least, most](const std::string& text) { return mistake_in_number(text, least, most); };
    return option->check(CLI::Validator(check, ""));
}

CLI::Option* take_bytes(CLI::Option* option, std::uint64_t least, std::uint64_t most) {
    const auto transform = [least, most](std::string& text) -> std::string {
        const auto number = parse_number(text);
        const auto power = number ? power_of(number->unit) : std::nullopt;
        if (!power) return fmt::format("'{}' is no number of bytes, like 4096, 64k, 1M or 1MiB", text);
        const std::uint64_t bytes = number->value << *power;
        const bool is_in_range = number->fits && bytes >> *power == number->value && bytes >= least && bytes <= most;
        if (!is_in_range) return out_of_range(text, least, most);
        text = fmt::format("{}", bytes);
        return {};
    };
    return option->transform(CLI::Validator(transform, ""));
}

CLI::Option* take_device(CLI::Option* option) {
    const auto check = [](const std::string& text) -> std::string {
        if (text == "soft" || mistake_in_number(text, 0, kGreatestOrdinal).empty()) return {};
        return fmt::format("'{}' is neither the number of a device, 0 to {}, nor soft", text, kGreatestOrdinal);
    };
    return option->check(CLI::Validator(check, ""));
}

CLI::Option* take_file(CLI::Option* option) {
    const auto check = [](const std::string& text) { return std::string(text.empty() ? "'' is no file" : ""); };
    return option->check(CLI::Validator(check, ""));
}

CLI::Option* take_names(CLI::Option* option, std::vector<std::string> names, std::string what) {
    if (what.empty()) what = fmt::format("none of {}", fmt::join(names, ", "));
    const CLI::IsMember member(std::move(names), CLI::ignore_case);
    const auto transform = [member, what = std::move(what)](std::string& text) -> std::string {
        return member(text).empty() ? std::string{} : fmt::format("'{}' is {}", text, what);
    };
    return option->transform(CLI::Validator(transform, ""));
}

HelpFormatter::HelpFormatter() {
    column_width(std::min(get_column_width(), terminal_width() / 2));
}

std::string HelpFormatter::make_description(const CLI::App* app) const {
    return fmt::format("{}\n", fmt::join(wrap(app->get_description(), terminal_width()), "\n"));
}

std::string HelpFormatter::make_subcommand(const CLI::App* command) const {
    std::string title = "  " + command->get_name();
    std::string text;
    for (const std::string& line : wrap(command->get_description(), terminal_width() - get_column_width()))
        text += fmt::format("{:<{}}{}\n", std::exchange(title, {}), get_column_width(), line);
    return text;
}

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
    const std::size_t width = terminal_width() - get_column_width();
    return fmt::format("{}", fmt::join(wrap(option->get_description(), width), "\n"));
}

std::string HelpFormatter::make_footer(const CLI::App* app) const {
    std::string all;
    std::istringstream footer(app->get_footer());
    for (std::string paragraph; std::getline(footer, paragraph);) {
        const bool is_as_it_is = paragraph.starts_with(' ') || paragraph.empty();
        const auto lines = is_as_it_is ? std::vector{paragraph} : wrap(paragraph, terminal_width());
        all += fmt::format("{}\n", fmt::join(lines, "\n"));
    }
    return all;
}

Words words_of(const CLI::App& run, int argc, const char* const* argv) {
    Words words{{argv + 1, argv + argc}, {}};
    std::vector<std::string>& all = words.reversed;
    all.erase(all.begin(), std::find_if(all.begin(), all.end(), [](const auto& word) { return word != "--"; }));
    if (!all.empty() && all.front() == run.get_name()) {
        auto word = all.begin() + 1;
        while (word != all.end() && word->starts_with('-') && *word != "--") {
            const auto equals = word->find('=');
            const CLI::Option* const option = run.get_option_no_throw(word->substr(0, equals));
            if (option == nullptr) break;  // whose mistake it is says CLI11
            const bool has_value_behind = equals == std::string::npos && option->get_items_expected_min() > 0;
            ++word;
            if (has_value_behind && word != all.end()) ++word;
        }
        const bool is_marked = word != all.end() && *word == "--";
        if (is_marked || (word != all.end() && !word->starts_with('-'))) {
            words.program.assign(is_marked ? word + 1 : word, all.end());
            all.erase(word, all.end());
            if (!words.program.empty()) all.emplace_back("PROGRAM");
        }
    }
    std::reverse(all.begin(), all.end());
    return words;
}

}  // namespace opennvsci::tool
