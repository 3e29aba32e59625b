// SPDX-License-Identifier: Apache-2.0
#include "base/line_limiter.h"

#include <cstddef>

namespace opennvsci::log {
namespace {

constexpr std::uint64_t kTimeBits = 32;
constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << kTimeBits) - 1;
constexpr std::uint64_t kCountBits = 16;
constexpr std::uint64_t kCountMask = (std::uint64_t{1} << kCountBits) - 1;

std::uint64_t hash_of(std::string_view text) noexcept {
    std::uint64_t hash = 0xCBF29CE484222325;  // FNV-1a
    for (const char letter : text)
        hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001B3;
    return hash;
}

}  // namespace

// A thread may have looked at the clock before the one that made the entry.
bool LineLimiter::is_recent(std::uint64_t entry, std::uint64_t wanted, std::uint64_t now) noexcept {
    if (entry >> kTimeBits != wanted) return false;
    const std::uint64_t age = (now - entry) & kTimeMask;
    return age < kSecond || age > kTimeMask - kSecond;
}

bool LineLimiter::was_said(std::size_t group, std::uint64_t wanted, std::uint64_t now) const noexcept {
    for (std::size_t i = 0; i < kGroup; ++i) {
        if (is_recent(said_[group * kGroup + i].load(std::memory_order_relaxed), wanted, now)) return true;
    }
    return false;
}

// False if another thread has said the same text meanwhile.
bool LineLimiter::keep(std::size_t group, std::uint64_t wanted, std::uint64_t now) noexcept {
    while (true) {
        std::size_t place = group * kGroup;
        std::uint64_t longest = 0;
        for (std::size_t i = group * kGroup; i < (group + 1) * kGroup; ++i) {
            const std::uint64_t entry = said_[i].load(std::memory_order_relaxed);
            if (is_recent(entry, wanted, now)) return false;
            // The place of the same text, or an empty one, before any other.
            const bool is_free = entry == 0 || entry >> kTimeBits == wanted;
            const std::uint64_t age = is_free ? kTimeMask + 1 : (now - entry) & kTimeMask;
            if (age < longest) continue;
            longest = age;
            place = i;
        }
        std::uint64_t seen = said_[place].load(std::memory_order_relaxed);
        if (is_recent(seen, wanted, now)) return false;
        if (said_[place].compare_exchange_strong(seen, wanted << kTimeBits | (now & kTimeMask))) return true;
    }
}

LineLimiter::Verdict LineLimiter::ask(std::string_view text, std::uint64_t now) noexcept {
    const std::uint64_t hash = hash_of(text);
    const std::uint64_t wanted = hash >> kTimeBits | 1;  // never that of an empty place
    const std::size_t group = hash % kGroups;
    if (was_said(group, wanted, now)) return {};
    std::uint64_t second = second_.load(std::memory_order_relaxed);
    while (true) {
        const std::uint64_t begin = second >> kCountBits;
        const std::uint64_t count = second & kCountMask;
        const bool is_new = second == 0 || now >= begin + kSecond;
        if (!is_new && count > kLinesPerSecond) {
            left_out_.fetch_add(1, std::memory_order_relaxed);
            return {};
        }
        const std::uint64_t next = is_new ? now << kCountBits | 1 : second + 1;
        if (!second_.compare_exchange_weak(second, next)) continue;
        if (is_new || count < kLinesPerSecond) break;
        left_out_.fetch_add(1, std::memory_order_relaxed);
        return {.is_first_left_out = true};
    }
    if (!keep(group, wanted, now)) return {};
    return {.is_printed = true, .left_out = left_out_.exchange(0, std::memory_order_relaxed)};
}

}  // namespace opennvsci::log
