// SPDX-License-Identifier: Apache-2.0
//
// TicketLock: a lock for what is done for every frame, held for the copy of one and never while something is waited
// for. It is given back by a plain store, which makes it cost half of what std::mutex costs. Whoever wants it gets it
// in turn: so a call that ends or resets a connection waits for one frame, however fast frames come. Who waits spins a
// moment and then sleeps, so that a holder of lower priority goes on too.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace opennvsci::ipc {

class TicketLock {
  public:
    void lock() noexcept {
        const std::uint32_t mine = next_.fetch_add(1, std::memory_order_relaxed);
        for (int tries = 0; now_.load(std::memory_order_acquire) != mine; ++tries) {
            if (tries >= kTriesBeforeSleep) std::this_thread::sleep_for(kSleep);
        }
    }
    void unlock() noexcept { now_.store(now_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

  private:
    static constexpr int kTriesBeforeSleep = 1000;  // a microsecond or two: a small frame is copied in less
    static constexpr std::chrono::microseconds kSleep{20};
    std::atomic<std::uint32_t> next_{0};
    std::atomic<std::uint32_t> now_{0};  // whose turn it is
};

}  // namespace opennvsci::ipc
