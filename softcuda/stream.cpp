// SPDX-License-Identifier: Apache-2.0
#include "softcuda/stream.h"

#include <algorithm>
#include <utility>

#include "softcuda/capture.h"
#include "softcuda/worker_thread.h"

namespace opennvsci::softcuda {
namespace {

// How long a worker stays for the next work. A program that uses the stream again and again keeps its worker; a process
// whose program threads have ended does not stay for it.
constexpr std::chrono::milliseconds kIdleTime{100};

void add_unfinished(Completions& list, const std::shared_ptr<Completion>& completion) {
    if (completion != nullptr && !completion->done()) list.push_back(completion);
}

void wait_all(const Completions& list) {
    for (const auto& completion : list)
        completion->wait();
}

}  // namespace

void Completion::wait() const {
    if (done()) return;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return done(); });
}

void Completion::finish() noexcept {
    const std::lock_guard lock(mutex_);
    finished_at_ = Clock::now();
    done_.store(true, std::memory_order_release);
    changed_.notify_all();
}

bool StreamGroup::closed() const {
    const std::lock_guard lock(order_);
    return closed_;
}

Completions StreamGroup::newest_work() {
    Completions newest;
    std::erase_if(members_, [](const std::weak_ptr<Stream>& member) { return member.expired(); });
    for (const auto& member : members_) {
        if (const auto stream = member.lock()) add_unfinished(newest, stream->newest_);
    }
    return newest;
}

void StreamGroup::synchronize() {
    Completions newest;
    {
        const std::lock_guard lock(order_);
        newest = newest_work();
    }
    wait_all(newest);
}

void StreamGroup::close() {
    std::vector<std::weak_ptr<Stream>> members;
    {
        const std::lock_guard lock(order_);
        closed_ = true;
        closing_.store(true, std::memory_order_release);
        members = members_;
    }
    synchronize();
    for (const auto& member : members) {
        if (const auto stream = member.lock()) stream->close();
    }
}

bool StreamGroup::has_capturing_stream() {
    const std::lock_guard lock(order_);
    return std::any_of(members_.begin(), members_.end(), [](const std::weak_ptr<Stream>& member) {
        const auto stream = member.lock();
        return stream != nullptr && stream->kind_ == StreamKind::blocking &&
               stream->capture_ != CU_STREAM_CAPTURE_STATUS_NONE;
    });
}

bool StreamGroup::invalidate_captures() {
    const std::lock_guard lock(order_);
    bool any = false;
    for (const auto& member : members_) {
        const auto stream = member.lock();
        if (stream == nullptr || !stream->is_capturing()) continue;
        stream->invalidate_capture();
        any = true;
    }
    return any;
}

Stream::Stream(std::shared_ptr<StreamGroup> group, StreamKind kind)
    : group_(std::move(group)), kind_(kind), id_([] {
          static std::atomic<unsigned long long> last{0};
          return ++last;
      }()) {}

CUresult Stream::begin_capture(CUstreamCaptureMode mode) {
    const std::lock_guard lock(group_->order_);
    if (group_->closed_) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
    if (kind_ == StreamKind::legacy_default) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    if (capture_ != CU_STREAM_CAPTURE_STATUS_NONE) return CUDA_ERROR_ILLEGAL_STATE;
    capture_ = CU_STREAM_CAPTURE_STATUS_ACTIVE;
    try {
        add_capture(shared_from_this(), mode);
    } catch (...) {  // out of memory: nobody would end the capture
        capture_ = CU_STREAM_CAPTURE_STATUS_NONE;
        throw;
    }
    return CUDA_SUCCESS;
}

void Stream::invalidate_capture() noexcept {
    CUstreamCaptureStatus active = CU_STREAM_CAPTURE_STATUS_ACTIVE;
    capture_.compare_exchange_strong(active, CU_STREAM_CAPTURE_STATUS_INVALIDATED);
}

CUresult Stream::end_capture() {
    const std::lock_guard lock(group_->order_);
    switch (capture_.exchange(CU_STREAM_CAPTURE_STATUS_NONE)) {
        case CU_STREAM_CAPTURE_STATUS_ACTIVE:
            return CUDA_SUCCESS;
        case CU_STREAM_CAPTURE_STATUS_INVALIDATED:
            return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        default:
            return CUDA_ERROR_ILLEGAL_STATE;
    }
}

CUresult Stream::capture_status(CUstreamCaptureStatus& status) const {
    if (kind_ == StreamKind::legacy_default && group_->has_capturing_stream()) {
        return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
    }
    status = capture_;
    return CUDA_SUCCESS;
}

CUresult Stream::check_usable() {
    if (group_->closed_) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
    if (capture_ == CU_STREAM_CAPTURE_STATUS_NONE) return CUDA_SUCCESS;
    capture_ = CU_STREAM_CAPTURE_STATUS_INVALIDATED;
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

std::shared_ptr<Stream> Stream::make(std::shared_ptr<StreamGroup> group, StreamKind kind) {
    std::shared_ptr<Stream> stream(new Stream(std::move(group), kind));
    const std::lock_guard lock(stream->group_->order_);
    stream->group_->members_.push_back(stream);
    return stream;
}

Completions Stream::predecessors() const {
    Completions list;
    add_unfinished(list, newest_);
    if (kind_ == StreamKind::blocking) add_unfinished(list, group_->newest_legacy_);
    if (kind_ != StreamKind::legacy_default) return list;
    for (const auto& member : group_->members_) {
        const auto stream = member.lock();
        if (stream != nullptr && stream->kind_ == StreamKind::blocking) add_unfinished(list, stream->newest_);
    }
    return list;
}

void Stream::set_newest(const std::shared_ptr<Completion>& done) {
    newest_ = done;
    if (kind_ == StreamKind::legacy_default) group_->newest_legacy_ = done;
}

CUresult Stream::submit(Work work, const std::shared_ptr<Completion>& after, std::shared_ptr<Completion>* done) {
    auto completion = std::make_shared<Completion>();
    const std::lock_guard lock(group_->order_);
    if (const CUresult usable = check_usable(); usable != CUDA_SUCCESS) return usable;
    Completions before = predecessors();
    add_unfinished(before, after);
    if (work == nullptr && before.empty()) {
        completion->finish();
    } else {
        push(Task{std::move(before), std::move(work), completion});
        set_newest(completion);
    }
    if (done != nullptr) *done = std::move(completion);
    return CUDA_SUCCESS;
}

CUresult Stream::run_here(const Work& work) {
    const auto completion = std::make_shared<Completion>();
    Completions before;
    {
        const std::lock_guard lock(group_->order_);
        if (const CUresult usable = check_usable(); usable != CUDA_SUCCESS) return usable;
        before = predecessors();
        set_newest(completion);
    }
    wait_all(before);
    work();
    completion->finish();
    return CUDA_SUCCESS;
}

CUresult Stream::synchronize() {
    Completions before;
    {
        const std::lock_guard lock(group_->order_);
        if (const CUresult usable = check_usable(); usable != CUDA_SUCCESS) return usable;
        before = predecessors();
    }
    wait_all(before);
    return CUDA_SUCCESS;
}

CUresult Stream::query() {
    const std::lock_guard lock(group_->order_);
    if (const CUresult usable = check_usable(); usable != CUDA_SUCCESS) return usable;
    return predecessors().empty() ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
}

void Stream::close() noexcept {
    const std::lock_guard lock(queue_mutex_);
    closed_ = true;
    queue_changed_.notify_all();
}

void Stream::push(Task task) {
    const std::lock_guard lock(queue_mutex_);
    if (!worker_started_) start_worker();
    queue_.push_back(std::move(task));
    queue_changed_.notify_all();
}

void Stream::start_worker() {
    start_worker_thread([self = shared_from_this()] { self->work_loop(); });
    worker_started_ = true;
}

void Stream::work_loop() {
    while (true) {
        Task task;
        {
            std::unique_lock lock(queue_mutex_);
            queue_changed_.wait_for(lock, kIdleTime, [this] { return closed_ || !queue_.empty(); });
            if (queue_.empty()) {
                worker_started_ = false;  // who submits more, now that the lock is free, starts another
                return;
            }
            task = std::move(queue_.front());
            queue_.pop_front();
        }
        wait_all(task.after);
        if (task.work != nullptr && !group_->killed_.load(std::memory_order_acquire)) task.work();
        // What the work held must be free before anybody learns that it has finished.
        task.work = nullptr;
        task.done->finish();
    }
}

HandleTable<Stream>& stream_handles() {
    static auto& table = *new HandleTable<Stream>(HandleKind::soft_stream);
    return table;
}

}  // namespace opennvsci::softcuda
