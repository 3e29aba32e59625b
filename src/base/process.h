// SPDX-License-Identifier: Apache-2.0
//
// Which process this is. A forked child has the memory of its parent, and owns nothing of what the parent made: no
// thread of the parent runs in it, CUDA refuses it, and pages that are shared are the parent's. So whatever a process
// may end or change carries the token of the process that made it, and is left alone in any other.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

namespace opennvsci::process {

namespace detail {

extern constinit std::atomic<std::uint64_t> g_token;  // 0: not drawn yet

std::uint64_t draw_token() noexcept;

}  // namespace detail

/// A random number, never 0, that no other process has; a forked child draws its own. Thread-safe.
[[nodiscard]] inline std::uint64_t token() noexcept {
    const std::uint64_t known = detail::g_token.load(std::memory_order_relaxed);
    return known != 0 ? known : detail::draw_token();
}

/// Keeps a fork from copying `mutex` while another thread holds it, so that the child can go on to use what it guards.
/// For the few locks of the whole process: they must live as long as it, be held for moments only, and no two of them
/// at once.
void guard_across_fork(std::mutex& mutex) noexcept;

/// The same for one lock that may be held for long, or by a thread that waits for the one that forks: a fork takes it
/// before all others, which it does not hold meanwhile, and goes on without it when it has not got it for some seconds.
/// The child of such a fork finds it locked for ever.
void guard_first_across_fork(std::mutex& mutex) noexcept;

}  // namespace opennvsci::process
