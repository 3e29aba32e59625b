// SPDX-License-Identifier: Apache-2.0
#include "softcuda/worker_thread.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace opennvsci::softcuda {
namespace {

// The workers by their thread numbers. A worker is in the set only while it runs, so that a number which the kernel
// gives to a thread of the program later is not taken for a worker's.
struct Workers {
    std::mutex mutex;
    std::set<pid_t> threads;
};

Workers& workers() {
    static auto& all = *new Workers;
    return all;
}

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

// "/proc/self" is the main thread, and stays after its end; but the kernel has taken its working directory away then.
// Needs no descriptor, so that nobody who counts them notices.
bool has_main_thread() {
    char first = '\0';
    return ::readlink("/proc/self/cwd", &first, 1) >= 0;
}

// The list has the ended main thread too.
bool has_other_threads() {
    Workers& known = workers();
    const std::lock_guard lock(known.mutex);
    const std::unique_ptr<DIR, CloseDirectory> tasks(::opendir("/proc/self/task"));
    if (tasks == nullptr) return true;
    while (const dirent* entry = ::readdir(tasks.get())) {
        const auto thread = static_cast<pid_t>(std::atoi(entry->d_name));  // 0 for the two directories
        if (thread != 0 && thread != ::getpid() && known.threads.count(thread) == 0) return true;
    }
    return false;
}

/// Signals of the program are for its own threads: a worker starts with all blocked, except those that a fault of the
/// work itself raises.
class WorkerSignalMask {
  public:
    WorkerSignalMask() noexcept {
        sigset_t blocked;
        sigfillset(&blocked);
        for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS})
            sigdelset(&blocked, fault);
        pthread_sigmask(SIG_SETMASK, &blocked, &previous_);
    }
    ~WorkerSignalMask() { pthread_sigmask(SIG_SETMASK, &previous_, nullptr); }
    WorkerSignalMask(const WorkerSignalMask&) = delete;
    WorkerSignalMask& operator=(const WorkerSignalMask&) = delete;

    [[nodiscard]] const sigset_t& previous() const noexcept { return previous_; }

  private:
    sigset_t previous_{};
};

void run_as_worker(const std::function<void()>& body, const sigset_t& mask_of_the_program) {
    const pid_t self = ::gettid();
    Workers& known = workers();
    {
        const std::lock_guard lock(known.mutex);
        known.threads.insert(self);
    }
    body();
    // Nobody else can take a signal that came when the program's last thread had ended.
    if (!program_has_threads()) pthread_sigmask(SIG_SETMASK, &mask_of_the_program, nullptr);
    const std::lock_guard lock(known.mutex);
    known.threads.erase(self);
}

}  // namespace

void start_worker_thread(std::function<void()> body) {
    const WorkerSignalMask mask;
    std::thread worker([body = std::move(body), previous = mask.previous()] { run_as_worker(body, previous); });
    pthread_setname_np(worker.native_handle(), "softcuda-stream");
    worker.detach();
}

bool program_has_threads() {
    // Asked twice, because the kernel's list ends early if a thread in the middle of it ends meanwhile.
    return has_main_thread() || has_other_threads() || has_other_threads();
}

}  // namespace opennvsci::softcuda
