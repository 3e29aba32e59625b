// SPDX-License-Identifier: Apache-2.0
//
// Reads a suggestion or a reason of a report (opennvsci.h) as a program would follow it.
#pragma once

#include <cctype>
#include <cstddef>
#include <string>
#include <vector>

namespace opennvsci::test {

/// The participants that a text names: "list 2, list 5" gives 1 and 4.
inline std::vector<std::size_t> participants_named_in(const std::string& text) {
    static const std::string kList = "list ";
    std::vector<std::size_t> named;
    for (std::size_t at = text.find(kList); at != std::string::npos; at = text.find(kList, at)) {
        at += kList.size();
        if (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) != 0) {
            named.push_back(std::stoul(text.substr(at)) - 1);
        }
    }
    return named;
}

}  // namespace opennvsci::test
