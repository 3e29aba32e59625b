// SPDX-License-Identifier: Apache-2.0
//
// Timeline: what an NvSciSync object and all its fences refer to: a counter that only grows (sync/counter.h), which the
// CPU counts up, or streams in their order (sync/stream_order.h). A fence is a value of it: reached, lost, or pending.
//
// A forked child has its parent's timelines in memory and owns none of them: it may neither signal nor wait.
//
// Thread-safe. CPU signals and waits take no lock that anybody holds while a stream takes work.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

#include "attr/module.h"
#include "base/process.h"
#include "sync/counter.h"
#include "sync/fence_values.h"
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
    };

    /// Use Timelines::create.
    [[nodiscard]] static Result<std::unique_ptr<Timeline>> allocate(std::shared_ptr<attr::Module> module,
                                                                    const Description& description);

    [[nodiscard]] const attr::Module* module() const noexcept { return module_.get(); }
    [[nodiscard]] const Description& description() const noexcept { return description_; }
    [[nodiscard]] const Counter& counter() const noexcept { return counter_; }
    [[nodiscard]] bool is_of_this_process() const noexcept { return maker_ == process::token(); }

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
    [[nodiscard]] Signaler::Kind signaler() const noexcept { return signaler_.kind(); }
    /// True if a stream may be the one that reaches the next value; such a signal wakes nobody.
    [[nodiscard]] bool may_streams_signal() const noexcept {
        return description_.streams_signal && signaler_.kind() != Signaler::Kind::cpu;
    }
    /// Asks CUDA what has become of signals up to `value`.
    void look(std::uint64_t value) { streams_.look(value); }

    // The CPU. Errors: InvalidState in a forked child, or if streams were the first to signal.

    /// The next value: the n-th call gives n.
    [[nodiscard]] Result<std::uint64_t> hand_out();
    /// Reaches the next value. Only in system memory.
    [[nodiscard]] Result<> signal();

    /// Tells that a program makes a fence of `value`. Errors: Overflow if it is 2^63 or more ahead; InvalidState in a
    /// forked child.
    [[nodiscard]] Result<> note_fence(std::uint64_t value);

    // Streams (sync/stream_order.h). Errors: besides theirs, ILLEGAL_STATE if the CPU was the first to signal.

    [[nodiscard]] Result<> prepare(const driver::ContextWatch* context) { return streams_.prepare(context); }
    [[nodiscard]] Result<> check_streams_may_signal() const { return signaler_.check(Signaler::Kind::streams); }
    [[nodiscard]] Result<std::uint64_t> signal(const driver::StreamPlace& stream);
    [[nodiscard]] Result<> wait(const driver::StreamPlace& stream, std::uint64_t value);

    // The end.

    /// Tells that nobody can signal any more.
    void disown() { streams_.disown(); }
    /// True if no stream uses the timeline any more.
    [[nodiscard]] bool is_idle() { return streams_.is_idle(); }
    /// Of an idle timeline: the last value reached, if fences hold greater ones.
    [[nodiscard]] std::optional<std::uint64_t> last_value_if_lost() const noexcept;

  private:
    friend class Timelines;  // keeps those without an owner in a chain

    Timeline(std::shared_ptr<attr::Module> module, const Description& description, Counter counter);
    [[nodiscard]] Result<> check_process() const;

    const std::uint64_t maker_ = process::token();
    const std::shared_ptr<attr::Module> module_;
    const Description description_;
    Counter counter_;
    FenceValues values_;
    Signaler signaler_;
    std::mutex cpu_signals_;  // with timestamps: the time is there before the value
    StreamOrder streams_;

    std::uint64_t number_ = 0;
    Timeline* next_without_owner_ = nullptr;
};

}  // namespace opennvsci::sync
