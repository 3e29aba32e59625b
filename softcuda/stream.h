// SPDX-License-Identifier: Apache-2.0
//
// Streams: queues of work that run in order, each on a thread of its own, and the rules between the streams of a
// context.
//
// Every piece of work has a Completion. Work waits for the completions that CUDA's stream rules put before it: its
// predecessor in the stream; for the legacy default stream also the newest work of every blocking stream; for a
// blocking stream also the newest work of the legacy stream. These are always older than the work that waits, and a
// stream waits on its own thread, so no cycle can arise.
//
// A wait for a value in memory is the one kind of work that may never end by itself. When its context is destroyed, or
// no thread of the program is left, it is given up, and the context is dead: what its streams had not begun is dropped.
//
// A stream that captures takes no work: there are no graphs but empty ones.
//
// A stream's thread starts with the first work that needs it and holds a reference to the stream. When there has been
// nothing to do for a short while it ends, and the next work starts another; a closed stream finishes its work and then
// its thread ends at once. StreamGroup, shared by the streams of one context, guards the order of submission and knows
// streams that were destroyed with work outstanding.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "softcuda/abi.h"
#include "softcuda/handle_table.h"

namespace opennvsci::softcuda {

class Stream;

using Work = std::function<void()>;
using ContextId = unsigned long long;

/// Whether one piece of work has finished, and when.
class Completion {
  public:
    using Clock = std::chrono::steady_clock;

    [[nodiscard]] bool done() const noexcept { return done_.load(std::memory_order_acquire); }
    void wait() const;
    void finish() noexcept;
    /// Valid once done.
    [[nodiscard]] Clock::time_point finished_at() const noexcept { return finished_at_; }

  private:
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    Clock::time_point finished_at_;
    std::atomic<bool> done_{false};
};

using Completions = std::vector<std::shared_ptr<Completion>>;

enum class StreamKind { legacy_default, blocking, non_blocking };

class StreamGroup {
  public:
    explicit StreamGroup(ContextId context) noexcept : context_(context) {}

    [[nodiscard]] ContextId context() const noexcept { return context_; }
    [[nodiscard]] bool closed() const;
    /// The same without the lock, for a wait that looks again and again.
    [[nodiscard]] bool closing() const noexcept { return closing_.load(std::memory_order_acquire); }

    /// Drops all work that has not begun.
    void kill() noexcept { killed_.store(true, std::memory_order_release); }

    /// True if a blocking stream of the group captures.
    [[nodiscard]] bool has_capturing_stream();
    /// Invalidates the captures of the group's streams. True if there were any.
    [[nodiscard]] bool invalidate_captures();

    /// Returns when all work submitted so far, to any stream of the group, has finished.
    void synchronize();

    /// Refuses further work, waits like synchronize, and closes the streams.
    void close();

  private:
    friend class Stream;

    Completions newest_work();  // with order_ held

    const ContextId context_;
    mutable std::mutex order_;  // held while work is put in order; guards the newest_ of every member
    bool closed_ = false;
    std::atomic<bool> closing_{false};
    std::atomic<bool> killed_{false};
    std::shared_ptr<Completion> newest_legacy_;
    std::vector<std::weak_ptr<Stream>> members_;
};

class Stream : public std::enable_shared_from_this<Stream> {
  public:
    [[nodiscard]] static std::shared_ptr<Stream> make(std::shared_ptr<StreamGroup> group, StreamKind kind);

    [[nodiscard]] const std::shared_ptr<StreamGroup>& group() const noexcept { return group_; }
    [[nodiscard]] StreamKind kind() const noexcept { return kind_; }
    /// Never used again in this process.
    [[nodiscard]] unsigned long long id() const noexcept { return id_; }

    /// While a stream captures, all work gives STREAM_CAPTURE_UNSUPPORTED and invalidates the capture.
    [[nodiscard]] CUresult begin_capture(CUstreamCaptureMode mode);
    /// STREAM_CAPTURE_INVALIDATED if it was invalidated; it ends all the same. ILLEGAL_STATE if there is none.
    [[nodiscard]] CUresult end_capture();
    /// STREAM_CAPTURE_IMPLICIT for the legacy stream while a blocking stream captures.
    [[nodiscard]] CUresult capture_status(CUstreamCaptureStatus& status) const;
    [[nodiscard]] bool is_capturing() const noexcept { return capture_ != CU_STREAM_CAPTURE_STATUS_NONE; }
    void invalidate_capture() noexcept;

    /// Submits work, which may be empty, to run after `after` too if that is given. Returns its completion in `done`.
    /// CONTEXT_IS_DESTROYED if the group is closed.
    [[nodiscard]] CUresult submit(Work work, const std::shared_ptr<Completion>& after = nullptr,
                                  std::shared_ptr<Completion>* done = nullptr);

    /// Runs `work` in the stream's order on the calling thread and returns when it has finished.
    [[nodiscard]] CUresult run_here(const Work& work);

    /// Waits for all work submitted so far; NOT_READY from query if there is some left.
    [[nodiscard]] CUresult synchronize();
    [[nodiscard]] CUresult query();

    /// No more work will come: the thread ends when the queue is empty.
    void close() noexcept;

  private:
    struct Task {
        Completions after;
        Work work;
        std::shared_ptr<Completion> done;
    };

    Stream(std::shared_ptr<StreamGroup> group, StreamKind kind);

    [[nodiscard]] CUresult check_usable();  // with the group's order_ held

    Completions predecessors() const;                          // with the group's order_ held
    void set_newest(const std::shared_ptr<Completion>& done);  // likewise
    void push(Task task);
    void start_worker();  // with queue_mutex_ held
    void work_loop();

    friend class StreamGroup;

    const std::shared_ptr<StreamGroup> group_;
    const StreamKind kind_;
    const unsigned long long id_;
    std::atomic<CUstreamCaptureStatus> capture_{CU_STREAM_CAPTURE_STATUS_NONE};
    std::shared_ptr<Completion> newest_;  // guarded by the group's order_

    std::mutex queue_mutex_;
    std::condition_variable queue_changed_;
    std::deque<Task> queue_;
    bool worker_started_ = false;
    bool closed_ = false;
};

/// The streams that have handles.
[[nodiscard]] HandleTable<Stream>& stream_handles();

}  // namespace opennvsci::softcuda
