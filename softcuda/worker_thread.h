// SPDX-License-Identifier: Apache-2.0
//
// The device's own threads, as the program must not notice them: signals of the program are for the program's threads,
// and a process whose program threads have all ended ends. The last thread of a process to end is the one that ends it,
// so a worker has only to end too: if it is idle, soon; if it waits for something that only the program could bring
// about, when program_has_threads says that nobody is left to do so.
#pragma once

#include <functional>

namespace opennvsci::softcuda {

/// Starts a thread that runs `body` once. Throws std::system_error if there can be no more threads.
void start_worker_thread(std::function<void()> body);

/// False once every thread of the program has ended, the main thread included. True if it cannot be found out. As long
/// as the main thread lives this is one system call.
[[nodiscard]] bool program_has_threads();

}  // namespace opennvsci::softcuda
