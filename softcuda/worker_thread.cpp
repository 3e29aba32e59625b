// SPDX-License-Identifier: Apache-2.0
#include "softcuda/worker_thread.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace opennvsci::softcuda {
namespace {

// The workers by their thread numbers. A worker is in the list only while it runs, so that a number which the kernel
// gives to a thread of the program later is not taken for a worker's. Its place is on its stack: a worker that began
// cannot fail for want of memory.
struct Worker {
    pid_t thread;
    Worker* next;
};

struct Workers {
    std::mutex mutex;
    Worker* first = nullptr;

    [[nodiscard]] bool contains(pid_t thread) const noexcept {
        const Worker* worker = first;
        while (worker != nullptr && worker->thread != thread)
            worker = worker->next;
        return worker != nullptr;
    }
    void remove(const Worker& ended) noexcept {
        Worker** place = &first;
        while (*place != &ended)
            place = &(*place)->next;
        *place = ended.next;
    }
};

Workers& workers() noexcept {
    static constinit Workers all;
    return all;
}

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

// "/proc/self" is the main thread, and stays after its end; but the kernel has taken its working directory away then.
// Needs no descriptor, so that nobody who counts them notices.
bool has_main_thread() {
    char first = '\0';
    return ::readlink("/proc/self/cwd", &first, 1) >= 0 || errno != ENOENT;
}

// The list has the ended main thread too.
bool has_other_threads() {
    Workers& known = workers();
    const std::lock_guard lock(known.mutex);
    const std::unique_ptr<DIR, CloseDirectory> tasks(::opendir("/proc/self/task"));
    if (tasks == nullptr) return true;
    while (const dirent* entry = ::readdir(tasks.get())) {
        const auto thread = static_cast<pid_t>(std::atoi(entry->d_name));  // 0 for the two directories
        if (thread != 0 && thread != ::getpid() && !known.contains(thread)) return true;
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
    Worker self{::gettid(), nullptr};
    Workers& known = workers();
    {
        const std::lock_guard lock(known.mutex);
        self.next = std::exchange(known.first, &self);
    }
    body();
    // Nobody else can take a signal that came when the program's last thread had ended.
    if (!program_has_threads()) pthread_sigmask(SIG_SETMASK, &mask_of_the_program, nullptr);
    const std::lock_guard lock(known.mutex);
    known.remove(self);
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
