// SPDX-License-Identifier: Apache-2.0
//
// Result and Error: how the parts of the tool report a failure.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace opennvsci::tool {

struct Error {
    std::string text;    ///< for people
    std::string reason;  ///< what the library said alone, if it was a function of the library that failed
};

template <class T = void>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(std::string text, std::string reason = {}) {
    return tl::make_unexpected(Error{std::move(text), std::move(reason)});
}

}  // namespace opennvsci::tool

/// Leaves the function with the error of `expression`, a Result, if it holds one.
#define OPENNVSCI_TRY(expression)                                                                    \
    do {                                                                                             \
        if (auto tried = (expression); !tried) return tl::make_unexpected(std::move(tried).error()); \
    } while (false)

/// Declares `name` as the value of `expression`, where it lies, or leaves the function with its error.
#define OPENNVSCI_TRY_ASSIGN(name, expression)                                        \
    auto name##_result = (expression);                                                \
    if (!name##_result) return tl::make_unexpected(std::move(name##_result).error()); \
    auto&& name = *std::move(name##_result)
