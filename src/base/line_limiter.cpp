// SPDX-License-Identifier: Apache-2.0
#include "base/line_limiter.h"

namespace opennvsci::log {
namespace {

constexpr std::uint64_t kTimeBits = 40;  // 34 years of milliseconds
constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << kTimeBits) - 1;

std::uint64_t hash_of(std::string_view text) noexcept {
    std::uint64_t hash = 0xCBF29CE484222325;  // FNV-1a
    for (const char letter : text)
        hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3;
    return hash;
}

// Also if its thread has looked at the clock after this one.
bool is_recent(std::uint64_t entry, std::uint64_t now) noexcept {
    return now < (entry & kTimeMask) + LineLimiter::kSecond;
}

}  // namespace

// A new line takes the place of the oldest one, if that is a second old. The oldest is the same one for all threads,
// and places only get younger: of two threads with one text that both find none of it, one fails to take its place,
// looks again and finds the other's.
LineLimiter::Verdict LineLimiter::ask(std::string_view text, std::uint64_t now) noexcept {
    const std::uint64_t hash = hash_of(text) >> kTimeBits;
    now += kSecond;  // so that an empty place is old enough
    while (true) {
        std::atomic<std::uint64_t>* oldest = nullptr;
        std::uint64_t seen = 0;
        for (std::atomic<std::uint64_t>& place : printed_) {
            const std::uint64_t entry = place.load(std::memory_order_relaxed);
            if (entry >> kTimeBits == hash && is_recent(entry, now)) return {};
            if (oldest != nullptr && (entry & kTimeMask) >= (seen & kTimeMask)) continue;
            oldest = &place;
            seen = entry;
        }
        if (is_recent(seen, now)) return {.is_first_left_out = left_out_.fetch_add(1, std::memory_order_relaxed) == 0};
        if (oldest->compare_exchange_strong(seen, hash << kTimeBits | (now & kTimeMask)))
            return {.is_printed = true, .left_out = left_out_.exchange(0, std::memory_order_relaxed)};
    }
}

}  // namespace opennvsci::log
