// SPDX-License-Identifier: Apache-2.0
//
// Counter: the words of a timeline that CPUs and GPUs share: the payload, which is the value reached, how many CPUs
// sleep until it grows, the timestamps, and whether the counter is broken and from which value on.
//
// In system memory the payload has 64 bits whatever primitive was reconciled, is written by CPU signals and by stream
// memory operations, and is read by CPU waits. In video memory, which no CPU sees, or in no memory, it is known only
// from CUDA's events which values streams have reached: they are proven.
//
// A value is reached, lost, or pending. The counter breaks when a value can never be reached: that one and all after it
// are lost, and the first of them only ever falls. The payload of a broken counter says nothing any more, because it is
// raised so that no stream waits for ever in memory; then only what is proven is reached. So the first lost value is
// stored before the payload is raised, and read after it.
//
// Thread-safe, but for break_from and raise: one caller at a time.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "driver/context_watch.h"
#include "memory/domain.h"
#include "sync/counter_memory.h"
#include "sync/keys.h"
#include "sync/timestamp.h"

namespace opennvsci::sync {

class Counter {
  public:
    using Clock = std::chrono::steady_clock;
    struct Description {
        /// Where the payload lives; none if in no memory: CUDA's events know it.
        std::optional<memory::Domain> domain;
        const driver::Device* gpu;  ///< whose video memory
        bool has_timestamps;        ///< only in system memory
    };

    /// Errors: those of the memory.
    [[nodiscard]] static Result<Counter> allocate(const Description& description);
    Counter(Counter&& other) noexcept
        : description_(other.description_),
          place_(std::exchange(other.place_, {})),
          own_words_(std::move(other.own_words_)),
          words_(other.words_) {}
    Counter& operator=(Counter&&) = delete;
    ~Counter();

    /// False if it is in no memory: then there is nothing that stream memory operations could work on.
    [[nodiscard]] bool is_in_memory() const noexcept { return place_.memory != nullptr; }
    [[nodiscard]] bool is_seen_by_cpu() const noexcept { return place_.address != nullptr; }
    /// Where the streams of a context find the payload, if it is in memory. Errors: those of CounterMemory.
    [[nodiscard]] Result<cu::CUdeviceptr> address_in(const driver::ContextWatch& context) const;

    /// The last value reached, as far as is known without asking CUDA.
    [[nodiscard]] std::uint64_t reached() const noexcept {
        const std::uint64_t payload = words_->payload.load(std::memory_order_seq_cst);
        const bool is_evidence = !is_broken();
        const std::uint64_t proven = words_->proven.load(std::memory_order_acquire);
        return is_evidence ? std::max(payload, proven) : proven;
    }
    /// The first value that is lost; 0 if none is.
    [[nodiscard]] std::uint64_t first_lost() const noexcept {
        return words_->first_lost.load(std::memory_order_seq_cst);
    }
    [[nodiscard]] bool is_broken() const noexcept { return first_lost() != 0; }
    [[nodiscard]] bool is_lost(std::uint64_t value) const noexcept { return is_broken() && value >= first_lost(); }
    /// Why, if a context was lost; else SUCCESS.
    [[nodiscard]] cu::CUresult broken_by() const noexcept { return words_->broken_by.load(); }

    /// Reaches the next value, for the CPU; with timestamps, when it is reached. Only in system memory.
    void add_one() noexcept;

    /// Tells that events have shown `value` to be reached.
    void prove(std::uint64_t value) noexcept;

    /// Declares `first` and all values after it lost; what is reached already stays so.
    void break_from(std::uint64_t first, cu::CUresult why) noexcept;

    /// Raises the payload of a broken counter, and wakes all who sleep. Errors: the driver's, for video memory.
    [[nodiscard]] Result<> raise(std::uint64_t value);

    /// Sleeps until the payload is `value` or somebody wakes, at most `longest`. Only in system memory.
    void sleep(std::uint64_t value, Clock::duration longest) const noexcept;
    void wake_sleepers() const noexcept;

    // Timestamps, in slots: only with them.

    [[nodiscard]] TimestampWord& timestamp(std::uint32_t slot) const noexcept;
    /// Where a GPU that maps the payload at `payload` finds the word.
    [[nodiscard]] TimestampTarget timestamp_target(std::uint32_t slot, cu::CUdeviceptr payload) const noexcept;

  private:
    static constexpr std::size_t kCacheLine = 64;

    // Zero is what they begin with. Those that change with every signal lie apart from the others.
    struct Words {
        alignas(kCacheLine) std::atomic<std::uint64_t> payload;
        alignas(kCacheLine) std::atomic<std::uint32_t> sleepers;
        alignas(kCacheLine) std::atomic<std::uint64_t> first_lost;  // 0: not broken
        std::atomic<std::uint64_t> proven;
        std::atomic<cu::CUresult> broken_by;
    };

    explicit Counter(const Description& description) : description_(description) {}
    [[nodiscard]] CounterArena::Size size() const noexcept {
        return description_.has_timestamps ? CounterArena::Size::words_and_timestamps : CounterArena::Size::words;
    }

    const Description description_;
    CounterPlace place_;
    std::unique_ptr<Words> own_words_;  // null in system memory, where the words are in the place
    Words* words_ = nullptr;
};

}  // namespace opennvsci::sync
