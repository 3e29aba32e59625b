// SPDX-License-Identifier: Apache-2.0
//
// Timeline: what an NvSciSync object and all its fences refer to: a counter that only grows (sync/counter.h), which the
// CPU counts up, or streams in their order (sync/stream_order.h). A fence is a value of it: reached, lost, or pending.
//
// It may have peers in other processes. Either this process signals, and each peer that waits has a mirror of the
// counter; or another one signals, on a page that all who take part share or that it made for this process, and then
// the timeline holds the link to it, or to the process on the way to it: when that is gone, nobody can signal any more.
//
// Vulkan may take part, by a timeline semaphore (sync/shared_semaphore.h): it waits for what the CPU or streams signal,
// or signals itself, from one semaphore pool. Where others cannot have that semaphore, a relay carries its values
// (sync/semaphore_relay.h).
//
// A forked child has its parent's timelines in memory and owns none of them: it may neither signal nor wait.
//
// Thread-safe. CPU signals and waits take no lock that anybody holds while a stream takes work.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "attr/module.h"
#include "base/process.h"
#include "ipc/watch.h"
#include "sync/counter.h"
#include "sync/fence_values.h"
#include "sync/semaphore_relay.h"
#include "sync/signaler.h"
#include "sync/stream_order.h"

namespace opennvsci::sync {

class Timeline {
  public:
    struct Description {
        std::optional<memory::Domain> domain;  ///< of the payload, as the counter has it
        const driver::Device* gpu;             ///< whose video memory
        bool is_deterministic;
        bool has_timestamps;
        bool cpu_waits;       ///< a list of this process asked for CPU access
        bool cpu_signals;     ///< the signaler's list asked for CPU access
        bool streams_wait;    ///< a list that speaks for CUDA asked to wait
        bool streams_signal;  ///< a list that speaks for CUDA asked to signal
        bool has_32_bits;     ///< the primitive that programs see

        bool vulkan_signals = false;  ///< the signaler's list speaks for Vulkan: nobody else signals then
        bool vulkan_waits = false;    ///< a list that speaks for Vulkan asked to wait
        bool is_relayed = false;      ///< the CPU carries the values of Vulkan's semaphore

        bool has_peers = false;              ///< other processes take part, or will
        bool is_signaled_elsewhere = false;  ///< by a peer, which streams_signal and cpu_signals do not tell of
        bool may_peer_streams_signal = false;
    };
    /// What makes timelines of different processes one.
    struct Identity {
        std::array<std::uint64_t, 2> words{};
        friend bool operator==(const Identity&, const Identity&) = default;
    };
    /// Of an object of a peer.
    struct Import {
        Counter::Pages pages;
        Identity identity;
        std::shared_ptr<ipc::Link> link;
        bool may_streams_signal = true;  ///< of the process that signals
        bool leads_to_signaler = false;  ///< the link
    };

    /// Use Timelines::create.
    [[nodiscard]] static Result<std::unique_ptr<Timeline>> allocate(std::shared_ptr<attr::Module> module,
                                                                    const Description& description,
                                                                    std::optional<Import> import = std::nullopt);
    ~Timeline();

    [[nodiscard]] const attr::Module* module() const noexcept { return module_.get(); }
    [[nodiscard]] const Description& description() const noexcept { return description_; }
    [[nodiscard]] const Counter& counter() const noexcept { return counter_; }
    [[nodiscard]] bool is_of_this_process() const noexcept { return maker_ == process::token(); }
    /// Errors: InvalidState in a forked child.
    [[nodiscard]] Result<> check_process() const;

    /// The value of the last fence that was handed out, or made by the program or by a peer.
    [[nodiscard]] std::uint64_t greatest_fence() const noexcept { return values_.greatest(); }

    /// True if `value` is reached, as far as is known without asking CUDA.
    [[nodiscard]] bool is_reached(std::uint64_t value) const noexcept {
        return counter_.reached() >= value && !counter_.is_lost(value);
    }
    /// True if it is reached or lost.
    [[nodiscard]] bool is_passed(std::uint64_t value) const noexcept {
        return counter_.reached() >= value || counter_.is_lost(value);
    }
    /// The failure of a value that is lost. Streams that wait for such values in memory are let go, if that has failed
    /// before.
    [[nodiscard]] tl::unexpected<Error> lost() {
        streams_.release_waits();
        return streams_.lost();
    }
    /// Whether the process that signals, or leads to who does, is gone: then what has not come is lost.
    void look_at_signaler() noexcept;
    [[nodiscard]] Signaler::Kind signaler() const noexcept { return signaler_.kind(); }
    /// True if a stream may be the one that reaches the next value; such a signal wakes nobody.
    [[nodiscard]] bool may_streams_signal() const noexcept {
        if (description_.is_signaled_elsewhere) return description_.may_peer_streams_signal;
        return description_.streams_signal && signaler_.kind() != Signaler::Kind::cpu;
    }
    /// True if what is reached shows only when somebody looks.
    [[nodiscard]] bool is_known_by_looking() const noexcept { return description_.vulkan_signals; }
    /// Asks CUDA, or Vulkan, or the link, what has become of signals up to `value`.
    void look(std::uint64_t value) {
        if (description_.vulkan_signals) return look_at_semaphore();
        if (description_.is_signaled_elsewhere) return look_at_signaler();
        streams_.look(value);
    }

    // The CPU. Errors: InvalidState in a forked child, or if streams were the first to signal.

    /// The next value: the n-th call gives n.
    [[nodiscard]] Result<std::uint64_t> hand_out();
    /// Reaches the next value, and returns it. Only in system memory.
    [[nodiscard]] Result<std::uint64_t> signal();

    /// Tells that a program makes a fence of `value`. Errors: Overflow if it is 2^63 or more ahead; InvalidState in a
    /// forked child.
    [[nodiscard]] Result<> note_fence(std::uint64_t value);

    // Streams (sync/stream_order.h). Errors: besides theirs, ILLEGAL_STATE if the CPU was the first to signal.

    [[nodiscard]] Result<> prepare(const driver::ContextWatch* context);
    [[nodiscard]] Result<> check_streams_may_signal() const { return signaler_.check(Signaler::Kind::streams); }
    [[nodiscard]] Result<std::uint64_t> signal(const driver::StreamPlace& stream);
    [[nodiscard]] Result<> wait(const driver::StreamPlace& stream, std::uint64_t value);

    // Vulkan, if it takes part.

    /// Gives a new semaphore of a device the timeline's values. Errors: those of StreamOrder::attach and, with a
    /// relay, of the relay thread; InvalidState in a forked child.
    [[nodiscard]] Result<> attach(const std::shared_ptr<TimelineSemaphore>& semaphore);
    /// Ends the use of one. If Vulkan signaled by it, what has not come is lost.
    void detach(const TimelineSemaphore& semaphore) noexcept;
    /// The next value, for a signal by this semaphore. Errors: InvalidState if another one was first; the loss.
    [[nodiscard]] Result<std::uint64_t> hand_out_to(const TimelineSemaphore& semaphore);
    /// Tells that a queue will wait for `value`. Errors: those of StreamOrder::note_vulkan_wait.
    [[nodiscard]] Result<> note_vulkan_wait(std::uint64_t value);
    /// The relay's look at what has come, and at what is lost if `looks_for_losses`.
    SemaphoreRelay::Carried relay(bool looks_for_losses) noexcept;
    /// Vulkan signals no more, or is asked nothing any more: what has not come is lost.
    void end_vulkan_signals(Cause why) noexcept;
    /// Of one with a relay; false if a thread is at it, and nothing is done.
    [[nodiscard]] bool try_end_relay(Cause why) noexcept;
    /// What a new semaphore begins with.
    [[nodiscard]] std::uint64_t known_to_vulkan() const noexcept { return streams_.known_to_vulkan(); }

    // Peers.

    /// Drawn on the first call. Errors: ResourceError.
    [[nodiscard]] Result<Identity> identity();
    /// Lets a peer wait: its words follow from now on. Only where this process signals. Errors: those of
    /// StreamOrder::add_mirror; InvalidState in a forked child.
    [[nodiscard]] Result<> add_mirror(Mirror mirror);
    /// Tells that a peer has got this timeline's own words. If it is the one that signals, or leads to who does, the
    /// timeline is lost with it. Errors: InvalidState in a forked child; ResourceError.
    [[nodiscard]] Result<> add_sharer(const std::shared_ptr<ipc::Link>& link, bool is_signaler);

    // The end.

    /// Tells that nobody can signal any more.
    void disown() { streams_.disown(); }
    /// True if no stream uses the timeline any more.
    [[nodiscard]] bool is_idle();
    /// Of an idle timeline: the last value reached, if fences hold greater ones.
    [[nodiscard]] std::optional<std::uint64_t> last_value_if_lost() const noexcept;

  private:
    friend class Timelines;  // keeps those without an owner in a chain

    Timeline(std::shared_ptr<attr::Module> module, const Description& description, Counter counter);
    [[nodiscard]] Result<> watch_signaler();
    void look_at_semaphore();
    void carry();

    const std::uint64_t maker_ = process::token();
    const std::shared_ptr<attr::Module> module_;
    const Description description_;
    Counter counter_;
    FenceValues values_;
    Signaler signaler_;
    std::mutex cpu_signals_;  // with timestamps: the time is there before the value
    StreamOrder streams_;

    std::optional<SemaphoreRelay> relay_;

    std::atomic<std::uint64_t> signaling_semaphore_{0};  // the number of the first one

    std::mutex peers_;  // of what follows
    Identity identity_{};
    // Links to those who share the words: they know by these that this process is there. That to the signaler, if one
    // is, stays.
    std::vector<std::shared_ptr<ipc::Link>> sharers_;
    bool needs_watch_ = false;  // somebody waits who does not look: a stream, or another process
    std::optional<ipc::Watch::Number> watch_;

    std::uint64_t number_ = 0;
    Timeline* next_without_owner_ = nullptr;
};

}  // namespace opennvsci::sync
