// SPDX-License-Identifier: Apache-2.0
#include "text_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace opennvsci::tool {
namespace {

void append_cell(std::string& line, std::string_view text, std::size_t width, bool is_number) {
    line += "  ";
    line += is_number ? fmt::format("{:>{}}", text, width) : fmt::format("{:<{}}", text, width);
}

// Nobody sees blanks at the end of a line, and they are in the way of whoever copies it.
void append_line(std::string& text, std::string_view line) {
    text += line.substr(0, line.find_last_not_of(' ') + 1);
    text += '\n';
}

}  // namespace

void TextTable::add_column(std::string_view title, bool is_number, std::vector<std::string> texts) {
    std::size_t widest = 0;
    for (const std::string& text : texts)
        widest = std::max(widest, text.size());
    rows_.resize(std::max(rows_.size(), texts.size()));
    if (widest == 0) return;
    has_titles_ = has_titles_ || !title.empty();
    const std::size_t width = std::max(widest, title.size());
    append_cell(titles_, title, width, is_number);
    append_cell(rules_, std::string(width, '-'), width, false);
    for (std::size_t i = 0; i < texts.size(); ++i)
        append_cell(rows_[i], texts[i], width, is_number);
}

std::string TextTable::text() const {
    std::string all;
    if (has_titles_) {
        append_line(all, titles_);
        append_line(all, rules_);
    }
    for (const std::string& row : rows_)
        append_line(all, row);
    return all;
}

}  // namespace opennvsci::tool
