// SPDX-License-Identifier: Apache-2.0
//
// A small number for each thread, by which threads are spread over counters of their own.
#pragma once

#include <cstdint>

namespace opennvsci {

namespace detail {

// In the static block: reading it is one instruction, also in a library.
extern constinit thread_local std::uint32_t t_thread_number [[gnu::tls_model("initial-exec")]];  // 0: none yet

std::uint32_t number_this_thread() noexcept;

}  // namespace detail

/// The calling thread's number, from 1 up in the order in which threads first ask; after 2^32 - 1 they repeat.
[[nodiscard]] inline std::uint32_t thread_number() noexcept {
    const std::uint32_t known = detail::t_thread_number;
    return known != 0 ? known : detail::number_this_thread();
}

}  // namespace opennvsci
