// SPDX-License-Identifier: Apache-2.0
#include "base/nearest_name.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>

namespace opennvsci {
namespace {

// No name is longer, and the work for a word grows with the square.
constexpr std::size_t kMaxSize = 64;

char lower(char letter) noexcept {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

// Letters to put in, take out or replace (the edit distance of Levenshtein); their case does not count.
std::size_t distance(std::string_view a, std::string_view b) noexcept {
    std::array<std::size_t, kMaxSize + 1> row{};  // distances of what was seen of `a` from each beginning of `b`
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (lower(a[i]) == lower(b[j]) ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row[b.size()];
}

bool is_without_prefix(std::string_view word, std::string_view full) noexcept {
    return full.size() > word.size() && full.ends_with(word) && full[full.size() - word.size() - 1] == '_';
}

}  // namespace

std::string_view nearest_name(std::string_view word, std::span<const std::string_view> names) noexcept {
    if (word.empty() || word.size() > kMaxSize) return {};
    for (const std::string_view name : names) {
        if (is_without_prefix(word, name) || is_without_prefix(name, word)) return name;
    }
    std::string_view nearest;
    std::size_t least = (word.size() + 2) / 3 + 1;  // more is another word
    for (const std::string_view name : names) {
        if (name.size() > kMaxSize) continue;
        if (const std::size_t found = distance(word, name); found < least) {
            least = found;
            nearest = name;
        }
    }
    return nearest;
}

}  // namespace opennvsci
