// SPDX-License-Identifier: Apache-2.0
#include "demo/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace opennvsci::tool {
namespace {

using Row = std::array<std::string, 4>;

struct Column {
    const char* title;
    std::size_t most;  // widest; a column is narrower if its texts are
};
constexpr std::array<Column, 4> kColumns{{{"key", 28}, {"requested", 34}, {"granted", 24}, {"outcome", 36}}};
constexpr std::string_view kGap = "  ";

// Characters of a UTF-8 text: all bytes but the continuation bytes.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xc0) != 0x80; }));
}

// The bytes of the first `width` characters.
std::size_t bytes_of(std::string_view text, std::size_t width) {
    std::size_t at = 0;
    while (at < text.size() && width_of(text.substr(0, at + 1)) <= width)
        ++at;
    return at;
}

const char* outcome_text(OpenNvSciOutcome outcome) {
    switch (outcome) {
        case OpenNvSciOutcome_Granted:
            return "as asked";
        case OpenNvSciOutcome_Defaulted:
            return "default";
        case OpenNvSciOutcome_Computed:
            return "computed";
        case OpenNvSciOutcome_Adjusted:
            return "adjusted";
        case OpenNvSciOutcome_Denied:
            return "denied";
        case OpenNvSciOutcome_Refused:
            return "refused";
    }
    return "unknown";
}

std::string outcome_with_reason(const OpenNvSciDecision& decision) {
    std::string text = outcome_text(decision.outcome);
    if (*decision.reason != '\0') text += fmt::format(": {}", shorten_uuids(decision.reason));
    if (*decision.suggestion != '\0') text += fmt::format("; to avoid it: {}", shorten_uuids(decision.suggestion));
    return text;
}

// A list that does not fit into one line gets a line per element, before other lines are broken.
std::vector<std::string> cell_lines(std::string_view text, std::size_t width) {
    if (width_of(text) <= width) return {std::string(text)};
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto comma = text.find(", ");
        const std::string_view element = text.substr(0, comma == std::string_view::npos ? comma : comma + 1);
        for (std::string& line : wrap(element, width))
            lines.push_back(std::move(line));
        text.remove_prefix(std::min(text.size(), element.size() + 1));
    }
    return lines;
}

using Cells = std::array<std::vector<std::string>, 4>;

void append_row(std::string& out, const Cells& cells, const std::array<std::size_t, 4>& widths) {
    std::size_t height = 0;
    for (const auto& cell : cells)
        height = std::max(height, cell.size());
    for (std::size_t line = 0; line < height; ++line) {
        std::string text;
        for (std::size_t column = 0; column < cells.size(); ++column) {
            const std::string cell = line < cells[column].size() ? cells[column][line] : "";
            text += kGap;
            text += cell;
            text.append(widths[column] - width_of(cell), ' ');
        }
        text.erase(text.find_last_not_of(' ') + 1);
        out += text + '\n';
    }
}

}  // namespace

void print_done(const std::string& line) {
    fmt::print("  ok  {}\n", line);
}

std::string short_key_name(std::string_view name) {
    constexpr std::string_view kStart = "NvSciBuf";
    constexpr std::string_view kMiddle = "AttrKey_";
    const auto middle = name.find(kMiddle);
    if (name.substr(0, kStart.size()) != kStart || middle == std::string_view::npos) return std::string(name);
    const std::string_view kind = name.substr(kStart.size(), middle - kStart.size());
    const std::string_view key = name.substr(middle + kMiddle.size());
    return kind == "General" ? std::string(key) : fmt::format("{} {}", kind, key);
}

std::string shorten_uuids(std::string_view text) {
    constexpr std::string_view kShape = "GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    constexpr std::size_t kKept = 12;
    const auto has_shape = [&](std::string_view candidate) {
        return candidate.size() >= kShape.size() &&
               std::equal(kShape.begin(), kShape.end(), candidate.begin(), [](char shape, char found) {
                   const bool is_hex = (found >= '0' && found <= '9') || (found >= 'a' && found <= 'f');
                   return shape == 'x' ? is_hex : shape == found;
               });
    };
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        if (has_shape(text.substr(at))) {
            out += fmt::format("{}…", text.substr(at, kKept));
            at += kShape.size();
        } else {
            out += text[at++];
        }
    }
    return out;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
    std::vector<std::string> lines;
    std::string line;
    const auto finish_line = [&] {
        if (!line.empty()) lines.push_back(std::exchange(line, {}));
    };
    while (!text.empty()) {
        const auto space = text.find(' ');
        std::string_view word = text.substr(0, space);
        text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
        if (!line.empty() && width_of(line) + 1 + width_of(word) > width) finish_line();
        for (; width_of(word) > width; word.remove_prefix(bytes_of(word, width))) {
            finish_line();
            lines.emplace_back(word.substr(0, bytes_of(word, width)));
        }
        if (word.empty()) continue;
        if (!line.empty()) line += ' ';
        line += word;
    }
    finish_line();
    return lines;
}

std::string decisions_table(std::span<const OpenNvSciDecision> decisions) {
    std::vector<Cells> rows;
    Cells titles;
    Cells rules;
    std::array<std::size_t, 4> widths{};
    for (std::size_t i = 0; i < kColumns.size(); ++i)
        titles[i] = {kColumns[i].title};
    for (const OpenNvSciDecision& decision : decisions) {
        const Row texts{short_key_name(decision.keyName), shorten_uuids(decision.requested),
                        shorten_uuids(decision.granted), outcome_with_reason(decision)};
        Cells& row = rows.emplace_back();
        for (std::size_t i = 0; i < texts.size(); ++i) {
            // Reasons are sentences, whose commas separate no elements.
            row[i] = i == 3 ? wrap(texts[i], kColumns[i].most) : cell_lines(texts[i], kColumns[i].most);
        }
    }
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
        widths[i] = width_of(kColumns[i].title);
        for (const Cells& row : rows) {
            for (const std::string& line : row[i])
                widths[i] = std::max(widths[i], width_of(line));
        }
        rules[i] = {std::string(widths[i], '-')};
    }
    std::string out;
    append_row(out, titles, widths);
    append_row(out, rules, widths);
    for (const Cells& row : rows)
        append_row(out, row, widths);
    return out;
}

}  // namespace opennvsci::tool
