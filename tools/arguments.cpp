// SPDX-License-Identifier: Apache-2.0
#include "arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <sstream>
#include <system_error>

#include "output.h"
#include "text_table.h"

namespace opennvsci::tool {
namespace {

// CLI::Range takes numbers beyond 64 bits for the greatest one, and "010" for eight.
CLI::Validator in_range(std::uint64_t least, std::uint64_t most) {
    return {[least, most](const std::string& text) -> std::string {
                std::uint64_t number = 0;
                const bool is_negative = text.starts_with('-');
                const char* const begin = text.data() + (is_negative ? 1 : 0);
                const char* const end = text.data() + text.size();
                const auto [last, error] = std::from_chars(begin, end, number);
                const bool has_leading_zero = end - begin > 1 && *begin == '0';
                if (last != end || error == std::errc::invalid_argument || has_leading_zero) {
                    return fmt::format("'{}' is no whole number", text);
                }
                if (error == std::errc{} && !is_negative && number >= least && number <= most) return {};
                return fmt::format("{} is out of range: it must be {} to {}", text, least, most);
            },
            ""};
}

}  // namespace

CLI::Option* take_numbers(CLI::Option* option, std::uint64_t least, std::uint64_t most) {
    return option->check(in_range(least, most));
}

CLI::Option* take_bytes(CLI::Option* option, std::uint64_t least, std::uint64_t most) {
    const CLI::AsSizeValue as_size(false);
    const auto transform = [as_size, most](std::string& text) -> std::string {
        const bool has_unit = !text.empty() && std::isalpha(static_cast<unsigned char>(text.back())) != 0;
        if (!has_unit) return {};  // left to the check of the range
        std::string number = text;
        try {
            if (number.find_first_of("0123456789") == 0 && as_size(number).empty()) {
                text = number;
                return {};
            }
        } catch (const CLI::ValidationError&) {  // an unknown unit, a fraction, or more than 64 bits
        }
        return fmt::format("'{}' is no number of bytes up to {}, like 4096, 64k, 1M or 1MiB", text, most);
    };
    return option->transform(CLI::Validator(transform, ""))->check(in_range(least, most));
}

CLI::Option* take_names(CLI::Option* option, std::vector<std::string> names, std::string what) {
    const CLI::IsMember member(std::move(names), CLI::ignore_case);
    const auto transform = [member, what = std::move(what)](std::string& text) -> std::string {
        return member(text).empty() ? std::string{} : fmt::format("'{}' is {}", text, what);
    };
    return option->transform(CLI::Validator(transform, ""));
}

std::string HelpFormatter::make_option_desc(const CLI::Option* option) const {
    const std::size_t width = terminal_width() - std::min(terminal_width() / 2, get_column_width());
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
    auto word = std::find_if(all.begin(), all.end(), [](const std::string& first) { return first != "--"; });
    if (word != all.end() && *word == run.get_name()) {
        ++word;
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
