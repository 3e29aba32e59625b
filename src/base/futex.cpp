// SPDX-License-Identifier: Apache-2.0
#include "base/futex.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <ctime>

namespace opennvsci::futex {

// Not the private variants: the word may lie in memory that several processes map.

void wait(const void* word, std::uint32_t expected, std::chrono::nanoseconds longest) noexcept {
    constexpr long kNanosecondsPerSecond = 1'000'000'000;
    const timespec time{longest.count() / kNanosecondsPerSecond, longest.count() % kNanosecondsPerSecond};
    ::syscall(SYS_futex, word, FUTEX_WAIT, expected, &time, nullptr, 0);
}

void wake_all(const void* word) noexcept {
    ::syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace opennvsci::futex
