// SPDX-License-Identifier: Apache-2.0
//
// The value types that the tables of both libraries use, and what makes the type of an enumeration. The text of a value
// and the value of a text are each other's inverse, except for what a text leaves out: reserved words, which are 0, and
// numbers that print like the name of an enumerator.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "attr/key.h"
#include "base/unaligned.h"

namespace opennvsci::attr::value {

extern const ValueType boolean;
extern const ValueType uint8;
extern const ValueType uint32;
extern const ValueType uint64;
extern const ValueType float32;
extern const ValueType gpu_id;
extern const ValueType peer_location;
extern const ValueType peer_engine;

template <class T>
bool less(const void* a, const void* b) {
    return load<T>(a) < load<T>(b);
}

template <class T>
void append_number(std::string& out, const void* element) {
    out += std::to_string(load<T>(element));
}

/// The number that the whole of `text` is, as it is printed: no sign but that of a negative one, no spaces.
template <class T>
std::optional<T> parsed(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

template <class T>
bool parse_number(std::string_view text, void* element) {
    const auto value = parsed<T>(text);
    if (value) std::memcpy(element, &*value, sizeof(T));
    return value.has_value();
}

template <class T>
constexpr ValueType number(const char* name, const char* form) {
    return {name, sizeof(T), less<T>, append_number<T>, parse_number<T>, form};
}

/// Enumerators that are 0, 1, 2, …
template <std::size_t N>
constexpr std::array<Enumerator, N> counted(const char* const (&names)[N]) {
    std::array<Enumerator, N> all{};
    for (std::size_t i = 0; i < N; ++i)
        all[i] = {names[i], i};
    return all;
}

using Enumerators = std::span<const Enumerator> (*)();

/// Appends the name of `value`; one without a name is printed as a number.
void append_name(std::string& out, std::uint64_t value, std::span<const Enumerator> all);
/// The value of a name, or of a number up to `greatest`.
[[nodiscard]] std::optional<std::uint64_t> value_of_name(std::string_view text, std::uint64_t greatest,
                                                         std::span<const Enumerator> all);

/// The texts of elements that are a `Word`, which may hold any number.
template <Enumerators kAll, class Word>
void append_enumerator(std::string& out, const void* element) {
    append_name(out, load<Word>(element), kAll());
}

template <Enumerators kAll, class Word>
bool parse_enumerator(std::string_view text, void* element) {
    const auto value = value_of_name(text, std::numeric_limits<Word>::max(), kAll());
    if (!value) return false;
    const auto word = static_cast<Word>(*value);
    std::memcpy(element, &word, sizeof(word));
    return true;
}

template <Enumerators kAll, class Word = std::uint32_t>
constexpr ValueType named(const char* name) {
    return {name,
            sizeof(Word),
            less<Word>,
            append_enumerator<kAll, Word>,
            parse_enumerator<kAll, Word>,
            "an enumerator's name",
            kAll};
}

template <const auto& kTable>
std::span<const Enumerator> table() {
    return kTable;
}

template <const auto& kTable, class Word = std::uint32_t>
constexpr ValueType enumeration(const char* name) {
    return named<table<kTable>, Word>(name);
}

}  // namespace opennvsci::attr::value
