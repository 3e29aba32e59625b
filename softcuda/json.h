// SPDX-License-Identifier: Apache-2.0
//
// Json: a value of a JSON text (RFC 8259). The text may come from anybody: its depth and its numbers of members are
// bounded, and a member that stands twice is a mistake. Numbers are whole ones that fit 64 bits, or of no use.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace opennvsci::softcuda {

class Json {
  public:
    struct Member;
    using Array = std::vector<Json>;
    using Object = std::vector<Member>;

    Json() = default;  ///< null

    /// The value that `text` is, or nothing, with `mistake` set: "line 3: …".
    [[nodiscard]] static std::optional<Json> parse(std::string_view text, std::string& mistake);

    /// Null unless the value is of that kind.
    [[nodiscard]] const bool* boolean() const noexcept { return std::get_if<bool>(&value_); }
    [[nodiscard]] const std::int64_t* number() const noexcept { return std::get_if<std::int64_t>(&value_); }
    [[nodiscard]] const std::string* text() const noexcept { return std::get_if<std::string>(&value_); }
    [[nodiscard]] const Array* array() const noexcept { return std::get_if<Array>(&value_); }
    [[nodiscard]] const Object* object() const noexcept { return std::get_if<Object>(&value_); }

    /// The member of an object, or null if it is none or has none of that name.
    [[nodiscard]] const Json* find(std::string_view name) const noexcept;

  private:
    friend class JsonReader;
    struct OtherNumber {};
    std::variant<std::monostate, bool, std::int64_t, OtherNumber, std::string, Array, Object> value_;
};

struct Json::Member {
    std::string name;
    Json value;
};

}  // namespace opennvsci::softcuda
