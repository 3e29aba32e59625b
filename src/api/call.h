// SPDX-License-Identifier: Apache-2.0
//
// What every extern "C" function does around its one call downwards: let no exception out, map the error to the public
// code, keep its text for the calling thread.
#pragma once

#include <string_view>
#include <utility>

#include "base/result.h"

namespace opennvsci::api {

/// Both public codes of what a call came to.
struct Codes {
    NvSciError code = NvSciError_Success;
    cu::CUresult cuda = cu::CUDA_SUCCESS;
};

/// Keeps `error` as the calling thread's last failure, of the public function `function`; returns its codes.
Codes remember_failure(std::string_view function, const Error& error) noexcept;

/// The same for what a polling program meets all the time: costs nothing but two stores until somebody wants the text.
/// `function` and `text` live as long as the program.
void remember_failure(const char* function, const char* text) noexcept;

/// The same for the exception that is being handled: the exhausted heap, or what the C++ library threw.
Codes remember_exception(std::string_view function) noexcept;

/// Prints the calling thread's last failure, which has no other way to the user.
void print_last_failure() noexcept;

/// The text of the calling thread's last failure.
[[nodiscard]] const char* last_failure_text() noexcept;

namespace detail {

template <class Body>
[[nodiscard]] Codes run(std::string_view function, Body&& body) noexcept {
    try {
        const Result<> result = body();
        return result ? Codes{} : remember_failure(function, result.error());
    } catch (...) {
        return remember_exception(function);
    }
}

}  // namespace detail

/// Runs `body`, which returns Result<>, as the body of an NvSci function.
template <class Body>
[[nodiscard]] NvSciError call(std::string_view function, Body&& body) noexcept {
    return detail::run(function, std::forward<Body>(body)).code;
}

/// The same for a function with a CUDA result.
template <class Body>
[[nodiscard]] cu::CUresult cuda_call(std::string_view function, Body&& body) noexcept {
    return detail::run(function, std::forward<Body>(body)).cuda;
}

/// The same for a function without an error channel: what fails is printed.
template <class Body>
void void_call(std::string_view function, Body&& body) noexcept {
    if (detail::run(function, std::forward<Body>(body)).code != NvSciError_Success) print_last_failure();
}

/// The failure of a NULL argument.
[[nodiscard]] inline tl::unexpected<Error> null_argument(std::string_view name) {
    return fail(NvSciError_BadParameter, std::string(name) + " is NULL");
}

}  // namespace opennvsci::api
