// SPDX-License-Identifier: Apache-2.0
#include "nearest_name.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace opennvsci::tool {
namespace {

constexpr std::size_t kLongestName = 64;  // what is longer is none of ours, misspelled or not
constexpr std::size_t kFarthest = 5;

// The number of letters that must be put in, taken out or exchanged to make one of the other.
std::size_t distance(std::string_view one, std::string_view other) {
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= one.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= other.size(); ++j) {
            const std::size_t exchanged = diagonal + (one[i - 1] == other[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({exchanged, row[j] + 1, row[j - 1] + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string_view nearest_name(std::string_view word, std::span<const std::string_view> names) {
    std::string_view nearest;
    std::size_t least = kFarthest + 1;
    if (word.size() > kLongestName) return nearest;
    for (const std::string_view name : names) {
        const std::size_t far = distance(word, name);
        if (far >= least) continue;
        least = far;
        nearest = name;
    }
    return nearest;
}

}  // namespace opennvsci::tool
