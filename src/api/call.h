// SPDX-License-Identifier: Apache-2.0
//
// What every extern "C" function does around its one call downwards: catch the exhausted heap, map the error to the
// public code, keep its text for the calling thread.
#pragma once

#include <new>
#include <string_view>

#include "base/result.h"

namespace opennvsci::api {

/// Keeps `error` as the calling thread's last failure, of the public function `function`.
void remember_failure(std::string_view function, const Error& error) noexcept;

/// The text of the calling thread's last failure.
[[nodiscard]] const char* last_failure_text() noexcept;

namespace detail {

template <class Body>
[[nodiscard]] Result<> run(std::string_view function, Body&& body) noexcept {
    try {
        Result<> result = body();
        if (!result) remember_failure(function, result.error());
        return result;
    } catch (const std::bad_alloc&) {
        Error error{NvSciError_InsufficientMemory, cu::CUDA_ERROR_OUT_OF_MEMORY, {}};
        remember_failure(function, error);
        return tl::make_unexpected(std::move(error));
    }
}

}  // namespace detail

/// Runs `body`, which returns Result<>, as the body of an NvSci function.
template <class Body>
[[nodiscard]] NvSciError call(std::string_view function, Body&& body) noexcept {
    const Result<> result = detail::run(function, std::forward<Body>(body));
    return result ? NvSciError_Success : result.error().code;
}

/// The same for a function with a CUDA result.
template <class Body>
[[nodiscard]] cu::CUresult cuda_call(std::string_view function, Body&& body) noexcept {
    const Result<> result = detail::run(function, std::forward<Body>(body));
    return result ? cu::CUDA_SUCCESS : result.error().cuda;
}

/// The failure of a NULL argument.
[[nodiscard]] inline tl::unexpected<Error> null_argument(std::string_view name) {
    return fail(NvSciError_BadParameter, std::string(name) + " is NULL");
}

}  // namespace opennvsci::api
