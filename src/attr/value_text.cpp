// SPDX-License-Identifier: Apache-2.0
#include "attr/value_text.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>

#include "attr/printable.h"
#include "attr/rules.h"
#include "base/nearest_name.h"

namespace opennvsci::attr {
namespace {

constexpr std::size_t kMaxQuoted = 64;       // bytes of what somebody wrote, in an error text
constexpr std::size_t kMaxListedNames = 12;  // of a type with more names, the rule is told and the nearest of them

std::string quoted(std::string_view text) {
    return "'" + shortened(printable(text.substr(0, kMaxQuoted * 2)), kMaxQuoted) + "'";
}

std::string question(std::string_view word, std::span<const std::string_view> names) {
    const std::string_view nearest = nearest_name(word, names);
    return nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest);
}

/// The names of the values that may be asked of a key; of an output, those that can come.
std::vector<std::string_view> legal_names(const Key& key) {
    std::vector<std::string_view> names;
    if (key.type->enumerators == nullptr) return names;
    for (const Enumerator& one : key.type->enumerators()) {
        if (key.is_legal_name(one)) names.emplace_back(one.name);
    }
    return names;
}

tl::unexpected<Error> no_value(const Key& key, std::string_view text) {
    const std::vector<std::string_view> names = legal_names(key);
    std::string expected = key.type->form;
    if (!names.empty() && names.size() <= kMaxListedNames) {
        expected = fmt::format("{}{}", names.size() > 1 ? "one of " : "", fmt::join(names, ", "));
    } else if (key.legal != &legal::any) {
        expected += fmt::format(": {}", key.legal->text);
    }
    return fail(
        NvSciError_BadParameter,
        fmt::format("{}: {} is no value of it; it takes {}", key.name, quoted(text), expected) + question(text, names));
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpaces = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kSpaces);
    return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

}  // namespace

Result<const Key*> key_of_name(const Schema& schema, std::string_view name) {
    std::vector<std::string_view> names;
    for (const Key& key : schema.keys()) {
        if (key.direction == Direction::internal) continue;
        if (key.name == name) return &key;
        names.emplace_back(key.name);
    }
    return fail(NvSciError_BadParameter, fmt::format("there is no key {}", quoted(name)) + question(name, names));
}

Result<std::vector<std::byte>> value_of_text(const Key& key, std::string_view text) {
    std::string_view rest = trimmed(text);
    const bool is_array = key.max_count > 1;
    if (is_array && rest.starts_with('{') && rest.ends_with('}')) rest = rest.substr(1, rest.size() - 2);
    std::vector<std::byte> value;
    for (bool is_last = false; !is_last;) {
        const std::size_t comma = is_array ? rest.find(',') : std::string_view::npos;
        is_last = comma == std::string_view::npos;
        const std::string_view word = trimmed(rest.substr(0, comma));
        if (value.size() == key.capacity()) {
            return fail(NvSciError_BadParameter,
                        fmt::format("{}: there are too many values, it takes at most {}", key.name, key.max_count));
        }
        value.resize(value.size() + key.type->size);
        if (!key.type->parse(word, value.data() + value.size() - key.type->size)) return no_value(key, word);
        if (!is_last) rest.remove_prefix(comma + 1);
    }
    return value;
}

}  // namespace opennvsci::attr
