// SPDX-License-Identifier: Apache-2.0
//
// A thread of the library's own, which nobody waits for. What it uses must live as long as the process.
#pragma once

#include <pthread.h>
#include <signal.h>

#include <exception>
#include <thread>
#include <utility>

namespace opennvsci {

/// Starts one that runs `run`, and gets none of the program's signals: those are for its own threads. False if there
/// can be none now.
template <class Run>
[[nodiscard]] bool start_detached_thread(Run&& run) noexcept {
    sigset_t all;
    sigset_t previous;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &previous);
    bool is_started = false;
    try {
        std::thread(std::forward<Run>(run)).detach();
        is_started = true;
    } catch (const std::exception&) {  // memory, or a thread, that the system does not give
    }
    pthread_sigmask(SIG_SETMASK, &previous, nullptr);
    return is_started;
}

}  // namespace opennvsci
