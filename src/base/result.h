// SPDX-License-Identifier: Apache-2.0
//
// Result and Error: how every floor reports an expected failure. An Error carries all public codes, because the same
// failure can leave through an NvSciBuf, a CUDA or a Vulkan function, and one text for the user.
// Running out of process heap is not an Error: operator new throws, and the api floor turns it into the public code.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "base/cuda_abi.h"
#include "nvscierror.h"

namespace opennvsci {

/// What was not as a call needs it.
struct Prerequisite {
    std::string what;    ///< "permission"
    std::string found;   ///< "Readonly"
    std::string needed;  ///< "ReadWrite"
};

struct Error {
    NvSciError code{};
    cu::CUresult cuda{};
    std::string text;
    bool is_expected = false;  ///< what the program asks or waits for; not a refusal, which is printed
    std::shared_ptr<const Prerequisite> unmet{};  ///< null where the text alone says it
    std::int32_t vulkan = 0;                      ///< a VkResult; 0: the one that the others mean
};

template <class T = void>
using Result = tl::expected<T, Error>;

/// A failure as both public interfaces report it. `cuda` defaults to the code for a bad argument, which is right for
/// every check of the program's input. Cold, which keeps failures out of the way of what succeeds.
[[nodiscard]] [[gnu::cold]] tl::unexpected<Error> fail(NvSciError code, std::string text,
                                                       cu::CUresult cuda = cu::CUDA_ERROR_INVALID_VALUE);

/// The same of what is not as it must be, as data too.
[[nodiscard]] [[gnu::cold]] tl::unexpected<Error> fail(NvSciError code, Prerequisite unmet, std::string text,
                                                       cu::CUresult cuda = cu::CUDA_ERROR_INVALID_VALUE);

/// The same, worded once: `pattern` is the text, in which {what}, {found} and {needed} stand for the parts.
[[nodiscard]] [[gnu::cold]] tl::unexpected<Error> fail_unmet(NvSciError code, Prerequisite unmet,
                                                             std::string_view pattern,
                                                             cu::CUresult cuda = cu::CUDA_ERROR_INVALID_VALUE);

/// An outcome that is told by a code and is no refusal: time is up, a queue is empty, a check answers no.
[[nodiscard]] [[gnu::cold]] tl::unexpected<Error> expected_outcome(NvSciError code, std::string text,
                                                                   cu::CUresult cuda = cu::CUDA_ERROR_INVALID_VALUE);

}  // namespace opennvsci

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
