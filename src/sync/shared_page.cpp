// SPDX-License-Identifier: Apache-2.0
#include "sync/shared_page.h"

#include <chrono>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "base/detached_thread.h"
#include "base/process.h"
#include "memory/file_memory.h"

namespace opennvsci::sync {
namespace {

// Each page that waits to be taken down holds a descriptor, and the thread may be slower than a program that makes and
// frees objects: then who makes one waits a moment.
constexpr std::size_t kMostEnded = 8;
constexpr std::chrono::milliseconds kMoment{100};

// The pages that wait to be taken down, and the thread that does it.
class Ended {
  public:
    static Ended& instance() {
        static Ended& ended = *new Ended;  // its thread may outlive the static destructors
        return ended;
    }

    // Where no thread can be had, the caller takes it down, and may wait.
    void add(SharedPage* page) noexcept {
        if (!hand_over(page)) delete page;
    }

    // Waits until not more than `most` are left, but no longer than this.
    void wait(std::size_t most, std::chrono::milliseconds longest) noexcept {
        const auto end = std::chrono::steady_clock::now() + longest;
        while (true) {
            {
                const std::lock_guard lock(mutex_);
                if (maker_ != process::token() || !has_thread_) return;
                if (most != 0 && pages_.size() <= most) return;
            }
            if (std::chrono::steady_clock::now() >= end) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }

  private:
    Ended() { process::guard_across_fork(mutex_); }

    bool hand_over(SharedPage* page) noexcept {
        const std::lock_guard lock(mutex_);
        if (maker_ != process::token()) {  // a forked child has no thread, and leaves its parent's pages alone
            pages_.clear();
            has_thread_ = false;
            maker_ = process::token();
        }
        try {
            pages_.push_back(page);
        } catch (const std::bad_alloc&) {
            return false;
        }
        has_thread_ = has_thread_ || start_detached_thread([this] { take_down(); });
        if (has_thread_) return true;
        pages_.pop_back();
        return false;
    }

    void take_down() noexcept {
        while (true) {
            SharedPage* page = nullptr;
            {
                const std::lock_guard lock(mutex_);
                if (pages_.empty()) {
                    has_thread_ = false;
                    return;
                }
                page = pages_.back();
                pages_.pop_back();
            }
            delete page;
        }
    }

    std::mutex mutex_;  // of what follows
    std::vector<SharedPage*> pages_;
    std::uint64_t maker_ = 0;  // 0: nobody yet, and it is not asked for when the library is loaded
    bool has_thread_ = false;
};

// Before there are threads: a fork in the middle of the first call would leave the child waiting for its end.
[[gnu::constructor]] void make_ended() {
    (void)Ended::instance();
}

}  // namespace

Result<std::shared_ptr<SharedPage>> SharedPage::create(std::size_t size, memory::Right peers) {
    Ended::instance().wait(kMostEnded, kMoment);
    OPENNVSCI_TRY_ASSIGN(allocation,
                         memory::FileMemory::create(size, os::kPageSize, memory::FileMemory::Pages::when_touched));
    if (peers == memory::Right::read_write) OPENNVSCI_TRY(allocation->open_to_writers());
    return owned(std::move(allocation), memory::Right::read_write);
}

Result<std::shared_ptr<SharedPage>> SharedPage::import(UniqueFd file, std::size_t size, memory::Right right) {
    Ended::instance().wait(kMostEnded, kMoment);
    OPENNVSCI_TRY_ASSIGN(allocation, memory::FileMemory::import(std::move(file), size, os::kPageSize, right));
    return owned(std::move(allocation), right);
}

Result<std::shared_ptr<SharedPage>> SharedPage::owned(std::shared_ptr<memory::Allocation> allocation,
                                                      memory::Right right) {
    OPENNVSCI_TRY_ASSIGN(address, allocation->cpu_address(right));
    std::unique_ptr<SharedPage> made(new SharedPage(std::move(allocation), address));
    return std::shared_ptr<SharedPage>(made.release(), [](SharedPage* page) {
        if (page->memory_->is_mapped()) {
            Ended::instance().add(page);
        } else {
            delete page;
        }
    });
}

void SharedPage::wait_for_ended() noexcept {
    Ended::instance().wait(0, std::chrono::seconds(1));
}

}  // namespace opennvsci::sync
