// SPDX-License-Identifier: Apache-2.0
//
// Timeline: what an NvSciSync object and all its fences refer to: a counter that only grows. A fence is a value of it,
// reached or not. Two numbers describe it: the greatest value handed out in a fence, and the value reached, which is
// the payload.
//
// Where the payload lives follows from who takes part (sync/keys.h, Residence). In memory it has 64 bits whatever
// primitive was reconciled, is written by CPU signals and by stream memory operations, and is read by CPU waits. If
// only GPUs of this process take part, no memory is needed.
//
// Beside the memory operation every signal in a stream leaves an event, so that CUDA sees the order, and no wait of
// ours can stand in a hardware queue before the signal it needs. A stream therefore waits for the event of exactly the
// signal that it needs; a memory operation is used only for a signal that no stream of this process gives: one of the
// CPU, or one that is yet to be submitted (deterministic fences). A signal waits for the one before it, so values never
// go backwards, and fence n implies all before it.
//
// If the context of a signal is lost or destroyed, the timeline is broken: waits for values that were not reached give
// an error, and the payload is raised to the greatest fence, so that no stream waits for ever.
//
// Thread-safe. CPU signals and waits take no lock while all is well.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "attr/module.h"
#include "driver/stream_place.h"
#include "memory/allocation.h"
#include "sync/keys.h"
#include "sync/stream_signals.h"
#include "sync/timestamp.h"

namespace opennvsci::sync {

enum class WaitMode {
    adaptive,  ///< spin for a moment, then sleep
    yielding,  ///< look again and again, and let others run in between
    spinning,  ///< look again and again
};

inline constexpr std::int64_t kForever = -1;  ///< as a timeout

class Timeline {
  public:
    struct Description {
        Residence residence;
        const driver::Device* gpu;  ///< of residence video
        bool is_deterministic;
        bool has_timestamps;
        bool cpu_waits;    ///< a list of this process asked for CPU access
        bool gpu_signals;  ///< a GPU may signal, so a waiter that sleeps must look from time to time
        bool has_32_bits;  ///< the primitive that programs see
    };

    /// Use Timelines::create.
    [[nodiscard]] static Result<std::unique_ptr<Timeline>> allocate(std::shared_ptr<attr::Module> module,
                                                                    const Description& description);

    [[nodiscard]] const attr::Module* module() const noexcept { return module_.get(); }
    [[nodiscard]] const Description& description() const noexcept { return description_; }

    // The CPU.

    /// The next value: the n-th call gives n.
    [[nodiscard]] std::uint64_t hand_out() noexcept { return handed_out_.fetch_add(1, std::memory_order_relaxed) + 1; }

    /// Tells that a fence holds `value`, which was not handed out.
    void note_fence(std::uint64_t value) noexcept;

    /// Reaches the next value. Only for residence system.
    void signal() noexcept;

    /// Waits until `value` is reached, at most `timeout_us` microseconds; 0 only looks. Errors: Timeout; ResourceError
    /// if it cannot be reached any more. Only for residence system.
    [[nodiscard]] Result<> wait(std::uint64_t value, std::int64_t timeout_us, WaitMode mode);

    /// The last value reached, as far as is known without asking CUDA.
    [[nodiscard]] std::uint64_t reached() const noexcept;
    /// True if `value` is reached, as far as is known without asking CUDA. A value that will never be reached counts as
    /// not reached.
    [[nodiscard]] bool is_reached(std::uint64_t value) const noexcept;
    /// True if `value` can never be reached.
    [[nodiscard]] bool is_lost(std::uint64_t value) const noexcept {
        return value > last_good_value_.load(std::memory_order_acquire);
    }

    /// The word for the timestamp in `slot`. Only with timestamps.
    [[nodiscard]] TimestampWord& timestamp(std::uint32_t slot) const noexcept;

    // Streams.

    /// Makes the payload usable in a context, so that the first signal there does no more than the others. Errors: the
    /// driver's; NOT_SUPPORTED if a device of this kind cannot take part.
    [[nodiscard]] Result<> prepare(const driver::ContextWatch* context);

    /// Reaches the next value after all work that is in the stream; returns the value. After an error nothing was
    /// handed out, unless the driver failed between the parts of the signal: then the value is left out.
    [[nodiscard]] Result<std::uint64_t> signal(const driver::StreamPlace& stream);

    /// Lets the work that comes next in the stream wait until `value` is reached. Errors: INVALID_VALUE if no signal
    /// for it was submitted and the fences are not deterministic; the driver's.
    [[nodiscard]] Result<> wait(const driver::StreamPlace& stream, std::uint64_t value);

    // The end.

    /// True if no stream uses the timeline any more.
    [[nodiscard]] bool is_idle();

    /// Declares that nobody can signal any more: values that fences hold and that were not reached are lost. Returns
    /// the last value reached, if there are such.
    [[nodiscard]] std::optional<std::uint64_t> abandon() noexcept;

  private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t kCacheLine = 64;
    struct Page;
    struct ContextMapping {
        unsigned long long context;
        std::unique_ptr<memory::GpuMapping> mapping;
    };

    Timeline(std::shared_ptr<attr::Module> module, const Description& description)
        : module_(std::move(module)), description_(description), gpu_signals_(description.gpu_signals) {}

    [[nodiscard]] bool is_passed(std::uint64_t value) const noexcept { return reached() >= value || is_lost(value); }
    [[nodiscard]] std::uint64_t greatest_in_fences() const noexcept {
        return std::max(handed_out_.load(), greatest_noted_.load());
    }
    [[nodiscard]] Result<> outcome(std::uint64_t value) const;
    [[nodiscard]] tl::unexpected<Error> lost() const;
    [[nodiscard]] bool look_often(std::uint64_t value, WaitMode mode) const noexcept;
    void sleep(std::uint64_t value, Clock::duration longest) const noexcept;
    void wake_sleepers() const noexcept;

    // With mutex_ held.
    [[nodiscard]] Result<cu::CUdeviceptr> address_in(const driver::ContextWatch& context);
    [[nodiscard]] Result<const driver::StreamEvent*> take_event_for_wait(const driver::ContextWatch* context);
    [[nodiscard]] Result<> wait_for(const driver::StreamPlace& stream, const StreamSignal& signal);
    [[nodiscard]] Result<> wait_in_memory(const driver::StreamPlace& stream, std::uint64_t value);
    void look_at_streams(std::uint64_t value);
    void break_above(std::uint64_t value, cu::CUresult why) noexcept;

    const std::shared_ptr<attr::Module> module_;
    const Description description_;
    std::shared_ptr<memory::Allocation> memory_;  // null for residence streams
    Page* page_ = nullptr;                        // null unless residence system

    // Apart from what others only read.
    alignas(kCacheLine) std::atomic<std::uint64_t> handed_out_{0};
    std::atomic<std::uint64_t> greatest_noted_{0};
    alignas(kCacheLine) std::atomic<std::uint64_t> last_good_value_{UINT64_MAX};
    std::atomic<cu::CUresult> broken_by_{cu::CUDA_SUCCESS};
    std::atomic<std::uint64_t> reached_in_streams_{0};  // known from events
    std::atomic<bool> gpu_signals_;

    std::mutex mutex_;
    unsigned long long last_stream_ = 0;  // of the newest signal
    StreamSignals signals_;
    std::vector<driver::StreamEvent> waits_;  // each behind a memory operation that reads the payload
    std::size_t last_used_wait_ = 0;
    std::vector<ContextMapping> mappings_;
};

}  // namespace opennvsci::sync
