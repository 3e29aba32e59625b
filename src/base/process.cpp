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

// The lock that a fork takes first, and the thread that holds it while it forks; pthread_t{} if none does. Threads may
// fork at the same time, and each lets go what it took itself.
constinit std::atomic<std::mutex*> g_first{nullptr};
constinit std::atomic<pthread_t> g_first_holder{};

// What holds it may read the debug information of a large program, which takes seconds.
constexpr timespec kLongestWait{5, 0};
constexpr timespec kPause{0, 200'000};

// Mutexes that are waited for until a time of the monotonic clock are not known to all thread sanitizers.
void take_first() noexcept {
    std::mutex* const first = g_first.load(std::memory_order_acquire);
    if (first == nullptr) return;
    const WithoutCancellation guard;  // a pause would unwind the thread
    timespec end{};
    for (bool is_waiting = false; !first->try_lock(); is_waiting = true) {
        timespec now{};
        ::clock_gettime(CLOCK_MONOTONIC, &now);
        if (!is_waiting) end = {now.tv_sec + kLongestWait.tv_sec, now.tv_nsec};
        if (now.tv_sec > end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec >= end.tv_nsec)) return;
        ::nanosleep(&kPause, nullptr);
    }
    g_first_holder.store(::pthread_self(), std::memory_order_relaxed);
}

void let_first_go() noexcept {
    pthread_t self = ::pthread_self();
    if (!g_first_holder.compare_exchange_strong(self, pthread_t{}, std::memory_order_relaxed)) return;
    g_first.load(std::memory_order_relaxed)->unlock();
}

void before_fork() noexcept {
    take_first();
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
        if (mutex == nullptr) break;  // they are taken in order
        mutex->unlock();
    }
    let_first_go();
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

void guard_first_across_fork(std::mutex& mutex) noexcept {
    std::mutex* vacant = nullptr;
    if (!g_first.compare_exchange_strong(vacant, &mutex, std::memory_order_release))
        std::abort();  // there is one place
}

}  // namespace opennvsci::process
