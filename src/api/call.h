// SPDX-License-Identifier: Apache-2.0
//
// What every extern "C" function does around its one call downwards: let no exception out, map the error to the public
// code, keep its text for the calling thread, print it if it is a refusal, and show the call in the trace.
#pragma once

#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/vulkan_abi.h"
#include "trace/slice.h"

namespace opennvsci::api {

/// The public codes of what a call came to.
struct Codes {
    NvSciError code = NvSciError_Success;
    cu::CUresult cuda = cu::CUDA_SUCCESS;
    vk::VkResult vulkan = vk::VK_SUCCESS;
};

/// How a failure leaves a function: by which code, or by none, and then it is printed as an error.
enum class Channel { nvsci, cuda, vulkan, none };

/// Keeps `error` as the calling thread's last failure, of the public function `function`, and prints it: as a notice,
/// or at `debug` if it is expected or the thread has its refusals not printed; returns its codes.
Codes remember_failure(std::string_view function, const Error& error, Channel channel) noexcept;

/// The same for what a polling program meets all the time, and expects: costs nothing but two stores until somebody
/// wants the text. `function` and `text` live as long as the program. Returns `code`.
NvSciError remember_expected(const char* function, NvSciError code, const char* text) noexcept;

/// The same for the exception that is being handled: the exhausted heap, or what the C++ library threw.
Codes remember_exception(std::string_view function, Channel channel) noexcept;

/// The text of the calling thread's last failure.
[[nodiscard]] const char* last_failure_text() noexcept;

/// Its codes: of a function with the one, what it would give as the other.
[[nodiscard]] Codes last_failure_codes() noexcept;

/// Whether refusals of the calling thread's calls are printed as notices; returns whether they were.
bool print_refusals(bool are_printed) noexcept;

namespace detail {

template <class Body>
[[nodiscard]] Codes run(std::string_view function, Channel channel, Body&& body) noexcept {
    const trace::Slice slice(function);
    try {
        const Result<> result = body();
        return result ? Codes{} : remember_failure(function, result.error(), channel);
    } catch (...) {
        return remember_exception(function, channel);
    }
}

}  // namespace detail

/// Runs `body`, which returns Result<>, as the body of an NvSci function.
template <class Body>
[[nodiscard]] NvSciError call(std::string_view function, Body&& body) noexcept {
    return detail::run(function, Channel::nvsci, std::forward<Body>(body)).code;
}

/// The same for a function with a CUDA result.
template <class Body>
[[nodiscard]] cu::CUresult cuda_call(std::string_view function, Body&& body) noexcept {
    return detail::run(function, Channel::cuda, std::forward<Body>(body)).cuda;
}

/// The same for a function with a Vulkan result.
template <class Body>
[[nodiscard]] vk::VkResult vulkan_call(std::string_view function, Body&& body) noexcept {
    return detail::run(function, Channel::vulkan, std::forward<Body>(body)).vulkan;
}

/// The same for a function without an error channel: what fails is printed as an error.
template <class Body>
void void_call(std::string_view function, Body&& body) noexcept {
    (void)detail::run(function, Channel::none, std::forward<Body>(body));
}

/// The failure of a NULL argument, where `needed` belongs.
[[nodiscard]] inline tl::unexpected<Error> null_argument(std::string_view name, const char* needed = "an address") {
    return fail_unmet(NvSciError_BadParameter, {std::string(name), "NULL", needed}, "{what} is {found}");
}

}  // namespace opennvsci::api
