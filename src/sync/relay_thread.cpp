// SPDX-License-Identifier: Apache-2.0
#include "sync/relay_thread.h"

#include <sys/prctl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "base/detached_thread.h"
#include "base/futex.h"
#include "base/process.h"
#include "sync/timelines.h"

namespace opennvsci::sync::relay_thread {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;
using std::chrono::milliseconds;

// Between two looks lies a part of the time that was waited already, so what comes is late by no more than that part.
constexpr int kPart = 32;
constexpr microseconds kShortestSlice{5};
constexpr milliseconds kLongestSlice{1};
constexpr milliseconds kBetweenLooksForLosses{1};
constexpr std::chrono::hours kUntilWoken{1};
constexpr milliseconds kPatienceAtEnd{1000};

class Relays {
  public:
    static Relays& instance() {
        static Relays& relays = *new Relays;  // its thread may outlive the static destructors
        return relays;
    }

    Result<> add(std::uint64_t timeline) {
        const std::lock_guard lock(mutex_);
        forget_parent();
        if (has_ended()) return ended();
        timelines_.reserve(timelines_.size() + 1);
        if (!has_thread_) OPENNVSCI_TRY(start_thread());
        timelines_.push_back(timeline);
        return {};
    }

    void remove(std::uint64_t timeline) noexcept {
        {
            const std::lock_guard lock(mutex_);
            if (maker_ != process::token()) return;
            const auto found = std::ranges::find(timelines_, timeline);
            if (found == timelines_.end()) return;
            timelines_.erase(found);
        }
        wake();
    }

    [[nodiscard]] bool has_ended() const noexcept { return has_ended_.load(std::memory_order_seq_cst); }

    // A thread that ends the program when Vulkan has called it may hold locks that are needed: then nothing is done.
    void end() noexcept {
        if (maker_ != process::token() || has_ended_.exchange(true) || SharedSemaphore::is_asking()) return;
        const auto last = Clock::now() + kPatienceAtEnd;
        while (looking_.load(std::memory_order_seq_cst) != std::thread::id()) {
            if (looking_.load() == std::this_thread::get_id() || Clock::now() >= last) return;
            std::this_thread::sleep_for(kShortestSlice);
        }
        try {
            end_timelines(last);
        } catch (const std::bad_alloc&) {
        }
    }

    void wake() noexcept {
        wakes_.fetch_add(1, std::memory_order_seq_cst);
        futex::wake_all(&wakes_);
    }

  private:
    Relays() { process::guard_across_fork(mutex_); }

    void forget_parent() noexcept {
        if (maker_ == process::token()) return;
        maker_ = process::token();
        has_thread_ = false;
        timelines_.clear();
        looking_ = std::thread::id();
    }

    Result<> start_thread() {
        has_thread_ = start_detached_thread([this] { run(); });
        if (has_thread_) return {};
        return fail(NvSciError_ResourceError,
                    "no thread can be started that carries the values of Vulkan's semaphores");
    }

    // What Vulkan signals is lost before queues are let go: what they signal then must not count.
    void end_timelines(Clock::time_point last) {
        std::vector<std::uint64_t> timelines;
        {
            const std::lock_guard lock(mutex_);
            timelines = timelines_;
        }
        for (const bool is_signaled_by_vulkan : {true, false}) {
            for (const std::uint64_t number : timelines) {
                const auto timeline = Timelines::instance().acquire(number);
                if (!timeline || (*timeline)->description().vulkan_signals != is_signaled_by_vulkan) continue;
                while (!(*timeline)->try_end_relay(Cause::program_ends) && Clock::now() < last)
                    std::this_thread::sleep_for(kShortestSlice);
            }
        }
    }

    // The timelines of now; empty, and the thread has ended, if there are none.
    bool copy_timelines(std::vector<std::uint64_t>& timelines) {
        const std::lock_guard lock(mutex_);
        timelines = timelines_;
        has_thread_ = !timelines.empty();
        return has_thread_;
    }

    void run() noexcept {
        ::prctl(PR_SET_TIMERSLACK, 1UL);  // short sleeps are as short as they are
        std::vector<std::uint64_t> timelines;
        std::uint32_t wakes = wakes_.load(std::memory_order_seq_cst);
        auto begin = Clock::now();
        auto last_look_for_losses = begin;
        while (true) {
            auto carried = SemaphoreRelay::Carried::nothing;
            const auto now = Clock::now();
            const bool looks_for_losses = now - last_look_for_losses >= kBetweenLooksForLosses;
            if (looks_for_losses) last_look_for_losses = now;
            try {
                if (!copy_timelines(timelines)) return;
                carried = look(timelines, looks_for_losses);
            } catch (const std::bad_alloc&) {  // once more
            }
            if (carried == SemaphoreRelay::Carried::some) begin = now;
            const auto slice = std::clamp<Clock::duration>((now - begin) / kPart, kShortestSlice, kLongestSlice);
            futex::wait(&wakes_, wakes, carried == SemaphoreRelay::Carried::all ? Clock::duration(kUntilWoken) : slice);
            if (const std::uint32_t newest = wakes_.load(std::memory_order_seq_cst); newest != wakes) {
                wakes = newest;
                begin = Clock::now();
            }
        }
    }

    SemaphoreRelay::Carried look(const std::vector<std::uint64_t>& timelines, bool looks_for_losses) {
        auto carried = SemaphoreRelay::Carried::all;
        looking_.store(std::this_thread::get_id(), std::memory_order_seq_cst);
        for (const std::uint64_t number : timelines) {
            if (has_ended()) break;
            const auto timeline = Timelines::instance().acquire(number);
            if (timeline) carried = std::max(carried, (*timeline)->relay(looks_for_losses));
        }
        looking_.store(std::thread::id(), std::memory_order_seq_cst);
        return carried;
    }

    std::mutex mutex_;  // of what follows up to the thread
    std::vector<std::uint64_t> timelines_;
    std::uint64_t maker_ = 0;  // 0: nobody yet, and it is not asked for when the library is loaded
    bool has_thread_ = false;
    std::atomic<std::uint32_t> wakes_{0};
    std::atomic<std::thread::id> looking_{};  // the thread, while it asks Vulkan
    std::atomic<bool> has_ended_{false};
};

// Before there are threads: a fork in the middle of the first call would leave the child waiting for its end.
[[gnu::constructor]] void make_relays() {
    (void)Relays::instance();
}

}  // namespace

Result<> add(std::uint64_t timeline) {
    return Relays::instance().add(timeline);
}

void remove(std::uint64_t timeline) noexcept {
    Relays::instance().remove(timeline);
}

void wake() noexcept {
    Relays::instance().wake();
}

void end_before_what_is_loaded() {
    (void)std::atexit([] { Relays::instance().end(); });
}

bool has_ended() noexcept {
    return Relays::instance().has_ended();
}

tl::unexpected<Error> ended() {
    return fail(NvSciError_InvalidState, "the program has begun to end, and nothing is carried to Vulkan any more");
}

}  // namespace opennvsci::sync::relay_thread
