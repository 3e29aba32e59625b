// SPDX-License-Identifier: Apache-2.0
//
// ShortLock: a lock for what is done for every frame, held for the copy of one and never while something is waited for.
// Giving it back is a plain store, which makes it cost half of what std::mutex costs. Who does not get it spins, and
// soon sleeps a moment, so that a holder of lower priority goes on too: two threads that use one direction of an
// endpoint at once are rare.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>

namespace opennvsci::ipc {

class ShortLock {
  public:
    void lock() noexcept {
        while (is_held_.exchange(true, std::memory_order_acquire)) {
            for (int tries = 0; is_held_.load(std::memory_order_relaxed); ++tries) {
                if (tries >= kTriesBeforeSleep) std::this_thread::sleep_for(std::chrono::microseconds{20});
            }
        }
    }
    void unlock() noexcept { is_held_.store(false, std::memory_order_release); }

  private:
    static constexpr int kTriesBeforeSleep = 100;
    std::atomic<bool> is_held_{false};
};

}  // namespace opennvsci::ipc
