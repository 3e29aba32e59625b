// SPDX-License-Identifier: Apache-2.0
//
// TextTable: columns of texts under titles, aligned, for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace opennvsci::tool {

class TextTable {
  public:
    /// One text for each row; numbers are aligned to the right. A column without any text is left out.
    void add_column(std::string_view title, bool is_number, std::vector<std::string> texts);

    /// Lines for the titles and the rules under them, if any column has a title, and for the rows; each is indented by
    /// two blanks.
    [[nodiscard]] std::string text() const;

  private:
    bool has_titles_ = false;
    std::string titles_;
    std::string rules_;
    std::vector<std::string> rows_;
};

}  // namespace opennvsci::tool
