// SPDX-License-Identifier: Apache-2.0
//
// StreamOrder: the order in which the streams of this process signal a timeline and wait for it.
//
// Beside the write of the value every signal leaves an event, so that CUDA sees the order, and no wait of ours can
// stand in a hardware queue before the signal it needs. A stream therefore waits for the event of exactly the signal
// that it needs. It waits in memory only for a signal that no stream of this process gives: one of the CPU, or one that
// is yet to be submitted (deterministic fences). A signal waits for the one before it, so values never go backwards,
// and fence n implies all before it. Between contexts it does so in memory: a context that ends lets go of whoever
// waits for its events, and would let later values pass that imply its lost ones.
//
// Where a process that is not this one signals, its streams only wait, all of them in memory. Where this one signals
// and peers wait, one call of the driver writes the words of all peers and the counter's own, these last; a peer that
// comes while signals are in flight gets its words written behind the newest of them, and the next signal comes after
// that.
//
// Where Vulkan takes part, a signal goes to its timeline semaphore too, before the value is written. Where Vulkan
// signals, streams wait for that semaphore, as they do in memory: for any value. Neither where a relay carries the
// values of the semaphore (sync/semaphore_relay.h): then streams know the payload in memory alone.
//
// If the context of a signal is lost, the counter breaks there: signals before it may still be done, none comes after
// it, and streams that wait in memory for a lost value are let go.
//
// A submission may block for ever, because a stream takes about a thousand waits at once (driver-facts.md F30). So no
// lock is held over it, but the one that puts signals in order. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "driver/stream_place.h"
#include "sync/counter.h"
#include "sync/fence_values.h"
#include "sync/signaler.h"
#include "sync/stream_signals.h"

namespace opennvsci::sync {

class StreamOrder {
  public:
    struct Description {
        bool is_deterministic;
        bool has_timestamps;
        bool is_signaled_elsewhere;  ///< by another process
        bool is_signaled_by_vulkan;
        bool is_relayed;  ///< the CPU carries the values of Vulkan's semaphore, and streams do not use it
    };

    /// The others must outlive it.
    StreamOrder(const Description& description, Counter& counter, FenceValues& values, Signaler& signaler)
        : description_(description), counter_(counter), values_(values), signaler_(signaler) {}

    /// Makes the counter usable in a context, so that the first signal there does no more than the others. Errors: the
    /// driver's; NOT_SUPPORTED if a device of this kind cannot take part.
    [[nodiscard]] Result<> prepare(const driver::ContextWatch* context);

    /// Reaches the next value after all work that is in the stream; returns the value. After an error nothing was
    /// handed out, unless the driver failed between the parts of the signal: then the value is left out.
    [[nodiscard]] Result<std::uint64_t> signal(const driver::StreamPlace& stream);

    /// Lets the work that comes next in the stream wait until `value` is reached. Errors: INVALID_VALUE if no signal
    /// for it was submitted and the fences are not deterministic; the driver's; the loss of its signal.
    [[nodiscard]] Result<> wait(const driver::StreamPlace& stream, std::uint64_t value);

    /// Asks CUDA what has become of the signals up to `value`.
    void look(std::uint64_t value);

    /// Adds a peer's words, which have what was signaled and get what will be. Errors: ResourceError, also if a signal
    /// stands in front of a full stream; the driver's.
    [[nodiscard]] Result<> add_mirror(Mirror mirror);

    /// What a new semaphore of Vulkan begins with. Where Vulkan signals, what it has signaled; never what others have
    /// written.
    [[nodiscard]] std::uint64_t known_to_vulkan() const noexcept {
        return description_.is_signaled_by_vulkan ? counter_.semaphore()->last() : counter_.reached();
    }
    /// Adds a new semaphore of Vulkan, which has what was signaled and gets what will be. Errors: ResourceError while
    /// signals are under way that it would miss; those of SharedSemaphore.
    [[nodiscard]] Result<> attach(const std::shared_ptr<TimelineSemaphore>& semaphore);
    /// Tells that a queue of Vulkan will wait for `value`. Errors: Overflow if it is too far ahead for that; the loss.
    [[nodiscard]] Result<> note_vulkan_wait(std::uint64_t value);
    /// Asks the semaphore, of a timeline that Vulkan signals, what is reached. `signaling` is the number of the one
    /// that signals; 0 if none does yet.
    void look_at_semaphore(std::uint64_t signaling);
    /// Tells that Vulkan will signal no more: what has not come is lost.
    void lose_semaphore(Cause why);

    /// Tells that the process that signals is gone, of a timeline that is signaled elsewhere: what has not come is
    /// lost. To be told again for as long as what it had submitted may still come.
    void lose_signaler() noexcept;
    /// The way to that process, for texts; it must outlive this. Only the first one counts.
    void set_signaler(const ipc::Link* link) noexcept {
        const ipc::Link* none = nullptr;
        link_.compare_exchange_strong(none, link);
    }

    [[nodiscard]] const ipc::Link* signaler() const noexcept { return link_.load(); }

    /// Lets streams go that wait in memory for lost values, as far as that is still to be done.
    void release_waits();

    /// Tells that nobody can signal any more: what was not submitted is lost.
    void disown();

    /// True if no stream uses the counter any more. What was done and what was lost is known then.
    [[nodiscard]] bool is_idle();

    /// The failure of a value that is lost.
    [[nodiscard]] tl::unexpected<Error> lost() const;

  private:
    [[nodiscard]] Result<> come_after(const driver::StreamPlace& stream, const StreamSignal& before);
    [[nodiscard]] Result<> wait_for_event(const driver::StreamPlace& stream, const SharedEvent& event,
                                          std::uint64_t value);
    [[nodiscard]] Result<> wait_in_memory(const driver::StreamPlace& stream, std::uint64_t value);
    [[nodiscard]] Result<> submit_memory_wait(const driver::StreamPlace& stream, cu::CUdeviceptr address,
                                              std::uint64_t value);
    [[nodiscard]] Result<SharedEvent> event_behind_wait(const driver::ContextWatch* context, std::uint64_t value);
    [[nodiscard]] Result<> submit_wait(const driver::StreamPlace& stream, std::uint64_t value);
    [[nodiscard]] Result<std::uint64_t> submit_signal(const driver::StreamPlace& stream);
    [[nodiscard]] bool is_written() const noexcept {
        return counter_.is_in_memory() || counter_.has_mirrors() || counter_.is_semaphore_of_streams();
    }
    [[nodiscard]] Result<> prepare_mirrors(const driver::StreamPlace& stream, cu::CUdeviceptr own, std::uint64_t value);
    [[nodiscard]] Result<> write(const driver::StreamPlace& stream, cu::CUdeviceptr own, std::uint64_t value);
    [[nodiscard]] Result<std::unique_lock<std::mutex>> lock_order();
    [[nodiscard]] Result<std::unique_lock<std::mutex>> lock_order_for_semaphore();
    [[nodiscard]] bool is_any_under_way();
    [[nodiscard]] Result<> catch_up(const Mirror& mirror);
    [[nodiscard]] Result<SharedEvent> write_behind(std::span<const StreamSignal> signals, const Mirror& mirror);
    [[nodiscard]] tl::unexpected<Error> lost_elsewhere() const;
    [[nodiscard]] std::uint64_t furthest() const noexcept;
    [[nodiscard]] Result<> check_distance(std::uint64_t value, std::uint64_t furthest);
    [[nodiscard]] Result<> make_room();
    bool raise();
    [[nodiscard]] Result<> record(const driver::StreamEvent& event, const driver::StreamPlace& stream);
    void keep_for_ever() noexcept;
    // With state_ held.
    bool settle(std::uint64_t value);
    void owe_release() noexcept;
    [[nodiscard]] bool is_catching_up();
    [[nodiscard]] bool is_in_use(const SharedEvent& event) const noexcept;
    [[nodiscard]] Result<> outcome(std::uint64_t value) const;
    [[nodiscard]] bool is_passed(std::uint64_t value) const noexcept {
        return counter_.reached() >= value || counter_.is_lost(value);
    }
    [[nodiscard]] bool may_hide_a_loss(const driver::ContextWatch* context, std::uint64_t value) const noexcept;

    // A signal may stand in front of a full stream for ever (driver-facts.md F30); who adds a peer or a semaphore does
    // not wait that long.
    static constexpr std::chrono::seconds kPatienceForSignals{1};
    static constexpr std::chrono::milliseconds kBetweenTries{1};

    // Else they wait in memory.
    [[nodiscard]] bool is_awaited_in_semaphore() const noexcept {
        return description_.is_signaled_by_vulkan && !description_.is_relayed;
    }

    const Description description_;
    Counter& counter_;
    FenceValues& values_;
    Signaler& signaler_;

    std::atomic<const ipc::Link*> link_{nullptr};
    std::vector<cu::CUstreamBatchMemOpParams> writes_;  // of a signal that peers see too: with order_ held

    std::mutex order_;                    // held while a signal is submitted: only signals and new peers need it
    std::mutex mapping_;                  // held while the memory is mapped
    std::mutex state_;                    // of what follows; held for moments, last
    StreamSignals signals_;               // written with order_ and state_ held, read with either
    unsigned long long last_stream_ = 0;  // of the newest signal
    std::vector<SharedEvent> catch_ups_;  // behind writes for peers, which come before the next signal
    std::vector<SharedEvent> in_memory_;  // each behind a wait in memory
    std::size_t last_asked_ = 0;
    std::uint64_t greatest_awaited_ = 0;  // by streams in memory, and by Vulkan
    bool is_awaited_by_vulkan_ = false;
    bool owes_release_ = false;      // streams may wait in memory for lost values
    bool is_raised_ = false;         // the payload, since the debt was made
    bool is_releasing_ = false;      // a thread is at it
    bool is_kept_for_ever_ = false;  // an operation on the payload has no event, and may come at any time
};

}  // namespace opennvsci::sync
