// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <pthread.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "base/without_cancellation.h"

namespace opennvsci::process {

constinit std::atomic<std::uint64_t> detail::g_token{0};

namespace {

// Room for every lock of the whole process; their number is known when the library is built.
constexpr std::size_t kMostGuarded = 32;
constinit std::array<std::atomic<std::mutex*>, kMostGuarded> g_guarded{};

// What a forking thread holds of the guarded locks during the fork, each under the lock itself: another thread may fork
// as soon as it is let go. A lock that is guarded meanwhile is not let go.
constinit std::array<std::mutex*, kMostGuarded> g_held{};

void before_fork() noexcept {
    for (std::size_t i = 0; i < kMostGuarded; ++i) {
        std::mutex* const mutex = g_guarded[i].load(std::memory_order_acquire);
        if (mutex == nullptr) return;
        mutex->lock();
        g_held[i] = mutex;
    }
}

void after_fork() noexcept {
    for (std::mutex*& place : g_held) {
        std::mutex* const mutex = std::exchange(place, nullptr);
        if (mutex == nullptr) return;  // they are taken in order
        mutex->unlock();
    }
}

void after_fork_in_child() noexcept {
    detail::g_token.store(0, std::memory_order_relaxed);
    after_fork();
}

// Registered when the library is loaded, before anything can be made.
[[gnu::constructor]] void watch_forks() {
    pthread_atfork(before_fork, after_fork, after_fork_in_child);
}

}  // namespace

std::uint64_t detail::draw_token() noexcept {
    const WithoutCancellation guard;  // getrandom would unwind the thread
    std::uint64_t drawn = 0;
    if (::getrandom(&drawn, sizeof(drawn), GRND_NONBLOCK) != static_cast<ssize_t>(sizeof(drawn)) || drawn == 0) {
        // Only before the kernel has gathered randomness, early while a machine starts.
        timespec now{};
        ::clock_gettime(CLOCK_REALTIME, &now);
        drawn = static_cast<std::uint64_t>(now.tv_nsec) << 32 | static_cast<std::uint64_t>(now.tv_sec) << 20 |
                static_cast<std::uint64_t>(::getpid()) | 1U;
    }
    std::uint64_t known = 0;
    return g_token.compare_exchange_strong(known, drawn, std::memory_order_relaxed) ? drawn : known;
}

void guard_across_fork(std::mutex& mutex) noexcept {
    for (auto& place : g_guarded) {
        std::mutex* vacant = nullptr;
        if (place.compare_exchange_strong(vacant, &mutex, std::memory_order_release)) return;
    }
    std::abort();  // the array is too small for this library
}

}  // namespace opennvsci::process
