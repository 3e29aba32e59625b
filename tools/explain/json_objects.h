// SPDX-License-Identifier: Apache-2.0
//
// JsonObjects: the JSON objects of a text, one after the other: a single one over many lines, or one on each line. The
// text is hostile until it is checked: size, depth and names that stand twice are looked at here, and everything has
// the line on which it stands.
#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "output.h"
#include "result.h"

namespace opennvsci::tool {

inline constexpr std::size_t kMaxMistakeBytes = 2000;  // of a text that says what is wrong, which may quote the file

struct JsonObject {
    Json fields;
    std::size_t line;                          ///< of its beginning, from 1
    std::map<std::string, std::size_t> lines;  ///< of its members: "participants[1].asks.KEY"

    /// The line of a member, or of what it is in.
    [[nodiscard]] std::size_t line_of(std::string path) const;
};

class JsonObjects {
  public:
    /// `file` is what errors call the text, which must live as long as this. Members below `told` have lines.
    JsonObjects(std::string_view text, std::string file, std::string told);

    /// The next one; none at the end. Errors: "FILE:LINE: " and what is wrong, as with a line that was cut off when a
    /// disk was full; the next call goes on behind it, if it is known where that is.
    [[nodiscard]] Result<std::optional<JsonObject>> next();

  private:
    [[nodiscard]] tl::unexpected<Error> mistake(std::size_t line, std::string_view what) const;
    void skip_blanks();
    void skip(std::size_t count);
    [[nodiscard]] Result<JsonObject> parse(std::string_view object);

    std::string_view rest_;
    std::string file_;
    std::string told_;
    std::size_t line_ = 1;
    bool is_one_a_line_;
};

}  // namespace opennvsci::tool
