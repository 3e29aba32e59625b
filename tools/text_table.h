// SPDX-License-Identifier: Apache-2.0
//
// TextTable: columns of texts under titles, aligned, for people, and as wide as the terminal lets it be. Nothing is
// cut: where a row does not fit, titles and texts are broken into lines; where that is not enough, the table is printed
// in parts, each of which begins with the first column. Widths are columns of the terminal, as text_width.h has them.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace opennvsci::tool {

/// Where the texts of a column may be broken.
enum class Column {
    number,  ///< nowhere; aligned to the right
    name,    ///< nowhere; aligned to the left
    text,    ///< at spaces, and inside words that are longer than a line
    list,    ///< as a text, but elements "one, two" get a line each first
};

class TextTable {
  public:
    /// One text for each row. A column without any text is left out.
    void add_column(std::string_view title, Column kind, std::vector<std::string> texts);

    /// Puts `before` and `after`, which have no width, around every line of a row: what a terminal takes for a colour.
    void style_row(std::size_t row, std::string_view before, std::string_view after);

    /// Whether text() needs no second part.
    [[nodiscard]] bool fits(std::size_t width) const;

    /// Lines for the titles and the rules under them, if any column has a title, and for the rows; each is indented by
    /// two blanks. No line is wider than `width`, unless a name or a number alone is.
    [[nodiscard]] std::string text(std::size_t width) const;

  private:
    struct Data {
        std::string title;
        Column kind;
        std::vector<std::string> texts;
        std::size_t least = 0;    // width that it needs at least
        std::size_t natural = 0;  // width that it needs to break no line
    };
    struct Style {
        std::string before;
        std::string after;
    };
    void append_part(std::string& all, const std::vector<const Data*>& part, std::size_t width) const;

    std::vector<Data> columns_;
    std::map<std::size_t, Style> styles_;  // of rows
};

/// The text in lines of at most that width, broken at spaces, and inside words that are longer than a line.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, std::size_t width);

}  // namespace opennvsci::tool
