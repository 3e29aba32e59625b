// SPDX-License-Identifier: Apache-2.0
#include "text_table.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "text_width.h"

namespace opennvsci::tool {
namespace {

constexpr std::size_t kGap = 2;         // blanks before each column
constexpr std::size_t kLeastText = 16;  // columns of the terminal to which a column of texts may shrink

std::size_t longest_word(std::string_view text) {
    std::size_t longest = 0;
    while (!text.empty()) {
        const auto space = std::min(text.find(' '), text.size());
        longest = std::max(longest, width_of(text.substr(0, space)));
        text.remove_prefix(std::min(space + 1, text.size()));
    }
    return longest;
}

std::vector<std::string> lines_of(std::string_view text, Column kind, std::size_t width) {
    if (width_of(text) <= width) return {std::string(text)};
    if (kind != Column::list) return wrap(text, width);
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

// The lines of one row, of which the cells may have several.
class RowLines {
  public:
    void add_cell(std::vector<std::string> lines, std::size_t width, bool is_to_the_right, bool is_to_the_bottom) {
        cells_.push_back({std::move(lines), width, is_to_the_right, is_to_the_bottom});
        height_ = std::max(height_, cells_.back().lines.size());
    }
    void append_to(std::string& all, std::string_view before = {}, std::string_view after = {}) const {
        for (std::size_t line = 0; line < height_; ++line) {
            std::string text;
            for (const Cell& cell : cells_) {
                const std::size_t above = cell.is_to_the_bottom ? height_ - cell.lines.size() : 0;
                const bool has_line = line >= above && line - above < cell.lines.size();
                const std::string content = has_line ? cell.lines[line - above] : "";
                const std::string padding(cell.width - std::min(cell.width, width_of(content)), ' ');
                text.append(kGap, ' ');
                text += cell.is_to_the_right ? padding + content : content + padding;
            }
            // Nobody sees blanks at the end of a line, and they are in the way of whoever copies it.
            all.append(before).append(text, 0, text.find_last_not_of(' ') + 1).append(after) += '\n';
        }
    }

  private:
    struct Cell {
        std::vector<std::string> lines;
        std::size_t width;
        bool is_to_the_right;
        bool is_to_the_bottom;
    };
    std::vector<Cell> cells_;
    std::size_t height_ = 0;
};

}  // namespace

void TextTable::add_column(std::string_view title, Column kind, std::vector<std::string> texts) {
    Data column{std::string(title), kind, std::move(texts)};
    std::size_t longest_in_texts = 0;
    for (const std::string& text : column.texts) {
        column.natural = std::max(column.natural, width_of(text));
        longest_in_texts = std::max(longest_in_texts, longest_word(text));
    }
    if (column.natural == 0) return;
    const bool can_be_broken = kind == Column::text || kind == Column::list;
    column.least =
        std::max(can_be_broken ? std::min(longest_in_texts, kLeastText) : column.natural, longest_word(title));
    column.natural = std::max(column.natural, width_of(title));
    columns_.push_back(std::move(column));
}

void TextTable::style_row(std::size_t row, std::string_view before, std::string_view after) {
    styles_[row] = {std::string(before), std::string(after)};
}

bool TextTable::fits(std::size_t width) const {
    std::size_t needed = 0;
    for (const Data& column : columns_)
        needed += kGap + column.least;
    return needed <= width;
}

std::string TextTable::text(std::size_t width) const {
    std::string all;
    for (std::size_t next = 0; next < columns_.size();) {
        std::vector<const Data*> part;
        std::size_t needed = 0;
        const auto take = [&](const Data& column) {
            part.push_back(&column);
            needed += kGap + column.least;
        };
        if (next > 0) take(columns_[0]);  // says what the rows are
        do
            take(columns_[next++]);
        while (next < columns_.size() && needed + kGap + columns_[next].least <= width);
        if (!all.empty()) all += '\n';
        append_part(all, part, width);
    }
    return all;
}

void TextTable::append_part(std::string& all, const std::vector<const Data*>& part, std::size_t width) const {
    std::vector<std::size_t> widths;
    std::size_t total = 0;
    bool has_titles = false;
    for (const Data* column : part) {
        widths.push_back(column->natural);
        total += kGap + column->natural;
        has_titles = has_titles || !column->title.empty();
    }
    // The widest column that can gives way first.
    for (; total > width; --total) {
        std::size_t* widest = nullptr;
        for (std::size_t i = 0; i < part.size(); ++i) {
            if (widths[i] > part[i]->least && (widest == nullptr || widths[i] > *widest)) widest = &widths[i];
        }
        if (widest == nullptr) break;
        --*widest;
    }
    // A column that was made narrower may need less than that.
    for (std::size_t i = 0; i < part.size(); ++i) {
        std::size_t used = 0;
        for (const std::string& line : lines_of(part[i]->title, Column::text, widths[i]))
            used = std::max(used, width_of(line));
        for (const std::string& text : part[i]->texts) {
            for (const std::string& line : lines_of(text, part[i]->kind, widths[i]))
                used = std::max(used, width_of(line));
        }
        widths[i] = used;
    }

    RowLines titles;
    RowLines rules;
    std::size_t rows = 0;
    for (std::size_t i = 0; i < part.size(); ++i) {
        const bool is_number = part[i]->kind == Column::number;
        titles.add_cell(lines_of(part[i]->title, Column::text, widths[i]), widths[i], is_number, true);
        rules.add_cell({std::string(widths[i], '-')}, widths[i], false, false);
        rows = std::max(rows, part[i]->texts.size());
    }
    if (has_titles) {
        titles.append_to(all);
        rules.append_to(all);
    }
    for (std::size_t row = 0; row < rows; ++row) {
        RowLines cells;
        for (std::size_t i = 0; i < part.size(); ++i) {
            const std::string_view text = row < part[i]->texts.size() ? std::string_view(part[i]->texts[row]) : "";
            cells.add_cell(lines_of(text, part[i]->kind, widths[i]), widths[i], part[i]->kind == Column::number, false);
        }
        const auto style = styles_.find(row);
        if (style == styles_.end()) {
            cells.append_to(all);
        } else {
            cells.append_to(all, style->second.before, style->second.after);
        }
    }
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

}  // namespace opennvsci::tool
