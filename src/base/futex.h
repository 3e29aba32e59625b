// SPDX-License-Identifier: Apache-2.0
//
// Sleeping on a word of memory that other threads, or processes that map it, change.
#pragma once

#include <chrono>
#include <cstdint>

namespace opennvsci::futex {

/// `word` is the address of 32 bits, which may be half of a greater atomic value. Sleeps while they are `expected`, at
/// most `longest`; may return early.
void wait(const void* word, std::uint32_t expected, std::chrono::nanoseconds longest) noexcept;

/// Wakes all sleepers.
void wake_all(const void* word) noexcept;

}  // namespace opennvsci::futex
