// SPDX-License-Identifier: Apache-2.0
//
// LongWait stands around a call that may block for ever, and says at `notice` what is waited for if it takes longer
// than a second.
//
// While the caller is blocked, somebody else must look at the clock: one thread of the process, which is started by the
// first of such calls, sleeps until a second has passed, and ends when it then finds none. So no call of them starts a
// thread more than once in a second, none has to wake one, and a process that makes none has none.
#pragma once

#include <chrono>

namespace opennvsci {

class LongWait {
  public:
    /// `what` is the line to write; it must live for ever.
    explicit LongWait(const char* what) noexcept;
    LongWait(const LongWait&) = delete;
    LongWait& operator=(const LongWait&) = delete;
    ~LongWait();

  private:
    struct Watch;
    static Watch& watch() noexcept;

    const char* const what_;
    std::chrono::steady_clock::time_point due_;
    bool is_listed_ = false;  // this and the links: guarded by the watch's lock
    LongWait* previous_ = nullptr;
    LongWait* next_ = nullptr;
};

}  // namespace opennvsci
