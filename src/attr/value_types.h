// SPDX-License-Identifier: Apache-2.0
//
// The value types that the tables of both libraries use, and what makes the type of an enumeration.
#pragma once

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

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

template <class T>
constexpr ValueType number(const char* name) {
    return {name, sizeof(T), less<T>, append_number<T>};
}

template <std::size_t N>
struct Names {
    std::string_view names[N];
};

/// Appends the text of an enumeration whose enumerators are 0, 1, 2, …; other values are printed as numbers.
template <const auto& kNames>
void append_enumerator(std::string& out, const void* element) {
    const auto value = load<std::uint32_t>(element);
    if (value < std::size(kNames.names)) {
        out += kNames.names[value];
    } else {
        out += std::to_string(value);
    }
}

template <const auto& kNames>
constexpr ValueType enumeration(const char* name) {
    return {name, 4, less<std::uint32_t>, append_enumerator<kNames>};
}

}  // namespace opennvsci::attr::value
