// SPDX-License-Identifier: Apache-2.0
#include "ipc/watch.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include "base/detached_thread.h"
#include "base/os.h"
#include "base/process.h"
#include "base/unique_fd.h"

namespace opennvsci::ipc {
namespace {

struct WatchedLink {
    Watch::Number number;
    std::shared_ptr<Link> link;
    Watch::Gone gone;
    bool is_done = false;
};
using SharedWatchedLink = std::shared_ptr<WatchedLink>;

class Watcher {
  public:
    static Watcher& instance() {
        static Watcher& watcher = *new Watcher;  // its thread may outlive the static destructors
        return watcher;
    }

    Result<Watch::Number> add(std::shared_ptr<Link> link, Watch::Gone gone) {
        auto entry = std::make_shared<WatchedLink>(WatchedLink{0, std::move(link), std::move(gone)});
        const std::lock_guard lock(mutex_);
        forget_parent();
        entries_.reserve(entries_.size() + 1);
        if (!has_thread_) OPENNVSCI_TRY(start_thread());
        entry->number = ++last_number_;
        entries_.push_back(entry);
        wake();
        return entry->number;
    }

    void remove(Watch::Number number) noexcept {
        SharedWatchedLink removed;  // ends without the lock
        const std::lock_guard lock(mutex_);
        if (maker_ != process::token()) return;
        const auto found = std::find_if(entries_.begin(), entries_.end(),
                                        [&](const SharedWatchedLink& entry) { return entry->number == number; });
        if (found == entries_.end()) return;
        removed = std::move(*found);
        entries_.erase(found);
        wake();
    }

    void wait_for_end() noexcept {
        for (int i = 0; i < 1000; ++i) {
            {
                const std::lock_guard lock(mutex_);
                if (!has_thread_ || !entries_.empty()) return;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

  private:
    Watcher() { process::guard_across_fork(mutex_); }

    // In a forked child: what was the parent's is neither used nor ended.
    void forget_parent() {
        if (maker_ == process::token()) return;
        maker_ = process::token();
        has_thread_ = false;
        if (!entries_.empty()) (void)new std::vector<SharedWatchedLink>(std::exchange(entries_, {}));
        wake_.reset();
    }

    void wake() noexcept {
        const std::uint64_t one = 1;
        (void)!::write(wake_.get(), &one, sizeof(one));
    }

    Result<> start_thread() {
        wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
        if (!wake_) return os::os_error("eventfd");
        has_thread_ = start_detached_thread([this] { run(); });
        if (has_thread_) return {};
        wake_.reset();
        return fail(NvSciError_ResourceError, "no thread can be started that watches peers",
                    cu::CUDA_ERROR_OUT_OF_MEMORY);
    }

    // The entries of now; empty, and the thread has ended, if there are none.
    bool copy_entries(std::vector<SharedWatchedLink>& entries) {
        std::vector<SharedWatchedLink> now;
        {
            const std::lock_guard lock(mutex_);
            now = entries_;
        }
        entries.swap(now);
        now.clear();  // those of before end without the lock, and not later than the thread
        if (!entries.empty()) return true;
        const std::lock_guard lock(mutex_);
        if (!entries_.empty()) return true;  // it came since, and has woken the thread
        has_thread_ = false;
        wake_.reset();
        return false;
    }

    void run() noexcept {
        std::vector<SharedWatchedLink> entries;
        std::vector<pollfd> polled;
        int timeout = -1;
        while (true) {
            try {
                if (!copy_entries(entries)) return;
                polled.assign(1, {wake_.get(), POLLIN, 0});
                timeout = tell(entries, polled) ? static_cast<int>(Watch::kAgain.count()) : -1;
            } catch (const std::bad_alloc&) {  // the list of before is looked at once more
                timeout = static_cast<int>(Watch::kAgain.count());
            }
            // Not even a limit of descriptors that is lower than what is open makes it spin.
            if (::poll(polled.data(), polled.size(), timeout) < 0 && errno != EINTR)
                std::this_thread::sleep_for(Watch::kAgain);
            std::uint64_t count = 0;
            (void)!::read(wake_.get(), &count, sizeof(count));
        }
    }

    // Tells all whose peer is gone, without the lock, and adds the others to `polled`. True if one is to be told again.
    static bool tell(const std::vector<SharedWatchedLink>& entries, std::vector<pollfd>& polled) {
        bool is_any_again = false;
        for (const SharedWatchedLink& entry : entries) {
            if (entry->is_done) continue;
            if (entry->link->is_peer_alive()) {
                const int watched = entry->link->watch_descriptor();  // many timelines may be of one link
                const auto is_it = [&](const pollfd& known) { return known.fd == watched; };
                if (std::ranges::none_of(polled, is_it)) polled.push_back({watched, 0, 0});
            } else if (entry->gone()) {
                is_any_again = true;
            } else {
                entry->is_done = true;
            }
        }
        return is_any_again;
    }

    std::mutex mutex_;  // of what follows; is_done is the thread's
    std::vector<SharedWatchedLink> entries_;
    Watch::Number last_number_ = 0;
    std::uint64_t maker_ = 0;  // 0: nobody yet, and it is not asked for when the library is loaded
    bool has_thread_ = false;
    UniqueFd wake_;  // there while the thread is
};

// Before there are threads: a fork in the middle of the first call would leave the child waiting for its end.
[[gnu::constructor]] void make_watcher() {
    (void)Watcher::instance();
}

}  // namespace

Result<Watch::Number> Watch::add(std::shared_ptr<Link> link, Gone gone) {
    return Watcher::instance().add(std::move(link), std::move(gone));
}

void Watch::remove(Number number) noexcept {
    Watcher::instance().remove(number);
}

void Watch::wait_for_end() noexcept {
    Watcher::instance().wait_for_end();
}

}  // namespace opennvsci::ipc
