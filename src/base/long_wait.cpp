// SPDX-License-Identifier: Apache-2.0
#include "base/long_wait.h"

#include <mutex>
#include <thread>
#include <type_traits>

#include "base/detached_thread.h"
#include "base/log.h"

namespace opennvsci {
namespace {

constexpr std::chrono::seconds kLong{1};

}  // namespace

// The calls that nothing was said about yet, the oldest first.
struct LongWait::Watch {
    std::mutex mutex;
    LongWait* first = nullptr;
    LongWait* last = nullptr;
    bool has_thread = false;

    void add(LongWait& wait) noexcept {
        wait.previous_ = last;
        (last != nullptr ? last->next_ : first) = &wait;
        last = &wait;
        wait.is_listed_ = true;
    }

    void remove(LongWait& wait) noexcept {
        if (!wait.is_listed_) return;
        (wait.previous_ != nullptr ? wait.previous_->next_ : first) = wait.next_;
        (wait.next_ != nullptr ? wait.next_->previous_ : last) = wait.previous_;
        wait.is_listed_ = false;
    }

    void run() noexcept {
        std::unique_lock lock(mutex);
        while (first != nullptr) {
            LongWait& oldest = *first;
            const auto due = oldest.due_;
            if (due <= std::chrono::steady_clock::now()) {
                const char* const what = oldest.what_;  // a text of the program's whole life
                remove(oldest);
                lock.unlock();
                log::write(log::Level::notice, what);  // may wait for whoever reads it
                lock.lock();
                continue;
            }
            lock.unlock();
            std::this_thread::sleep_until(due);
            lock.lock();
        }
        has_thread = false;
    }

    // With the lock held. Without a thread nothing is said, and the call itself is not harmed.
    void start_thread() noexcept {
        if (start_detached_thread([this] { run(); })) has_thread = true;
    }
};

LongWait::Watch& LongWait::watch() noexcept {
    static constinit Watch watch;
    static_assert(std::is_trivially_destructible_v<Watch>, "its thread may outlive the static destructors");
    return watch;
}

LongWait::LongWait(const char* what) noexcept : what_(what) {
    if (!log::enabled(log::Level::notice)) return;
    due_ = std::chrono::steady_clock::now() + kLong;
    Watch& all = watch();
    const std::lock_guard lock(all.mutex);
    all.add(*this);
    if (!all.has_thread) all.start_thread();
}

LongWait::~LongWait() {
    if (!log::enabled(log::Level::notice)) return;
    Watch& all = watch();
    const std::lock_guard lock(all.mutex);
    all.remove(*this);
}

}  // namespace opennvsci
