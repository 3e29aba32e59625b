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
// stored before the payload is raised, and read after it. In words that other processes see the payload goes on to say
// which values before the first lost one are reached, for nobody there can ask CUDA. That is right because the payload
// comes to a lost value, or is raised, only when all before it are reached.
//
// Peers in other processes see a counter in one of two ways (docs/synchronization.md). Those that wait for what this
// process signals have words of their own, the mirrors, which follow the counter's. Where a peer signals, the words are
// in a page of their own, which that peer and all others that take part share.
//
// Where a list of this process speaks for Vulkan there is a timeline semaphore too (sync/shared_semaphore.h). It
// follows what the CPU or streams reach; or Vulkan signals it, and then it has the payload, and looks at it prove
// values. Where others take part who cannot have it, the payload stays in memory, and a relay carries values between
// the two (sync/semaphore_relay.h).
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

#include "base/os.h"
#include "driver/context_watch.h"
#include "memory/domain.h"
#include "sync/counter_memory.h"
#include "sync/counter_words.h"
#include "sync/keys.h"
#include "sync/mirrors.h"
#include "sync/shared_page.h"
#include "sync/shared_semaphore.h"
#include "sync/timestamp.h"

namespace opennvsci::sync {

class Counter {
  public:
    using Clock = std::chrono::steady_clock;
    struct Description {
        /// Where the payload lives; none if in no memory: CUDA's events know it.
        std::optional<memory::Domain> domain;
        const driver::Device* gpu;   ///< whose video memory
        bool has_timestamps;         ///< only in system memory
        bool has_peers = false;      ///< timestamps lie in memory of their own, for peers to read
        bool peer_signals = false;   ///< all lies in memory of its own, for that peer to write
        bool has_semaphore = false;  ///< Vulkan takes part
        bool is_relayed = false;     ///< the CPU carries the values of that semaphore, and streams do not use it
    };
    /// Memory that peers see, as far as there is some.
    struct Pages {
        std::shared_ptr<SharedPage> words;
        std::shared_ptr<SharedPage> timestamps;
    };
    static constexpr std::size_t kWordsPageBytes = os::kPageSize;
    static constexpr std::size_t kTimestampsPageBytes = kSlots * sizeof(TimestampWord);

    /// Errors: those of the memory.
    [[nodiscard]] static Result<Counter> allocate(const Description& description);
    /// The counter of an object of a peer, which has given these pages.
    [[nodiscard]] static Counter of_peer(const Description& description, Pages pages);
    Counter(Counter&& other) noexcept
        : description_(other.description_),
          place_(std::exchange(other.place_, {})),
          is_of_arena_(std::exchange(other.is_of_arena_, false)),
          own_words_(std::move(other.own_words_)),
          pages_(std::move(other.pages_)),
          words_(other.words_),
          timestamps_(other.timestamps_),
          semaphore_(std::move(other.semaphore_)),
          mirrors_(other.mirrors_.exchange(nullptr)) {}
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
        if (is_evidence) [[likely]]
            return std::max(payload, proven);
        return pages_.words == nullptr ? proven : reached_of_shared(payload, proven);
    }
    /// The first value that is lost; 0 if none is.
    [[nodiscard]] std::uint64_t first_lost() const noexcept {
        return words_->first_lost.load(std::memory_order_seq_cst);
    }
    [[nodiscard]] bool is_broken() const noexcept { return first_lost() != 0; }
    [[nodiscard]] bool is_lost(std::uint64_t value) const noexcept { return is_broken() && value >= first_lost(); }
    /// Why, if a context was lost; else SUCCESS.
    [[nodiscard]] cu::CUresult broken_by() const noexcept { return words_->broken_by.load(); }
    [[nodiscard]] Cause cause() const noexcept { return words_->cause.load(); }

    /// How many CPUs sleep until it grows.
    [[nodiscard]] std::uint32_t sleepers() const noexcept { return words_->sleepers.load(std::memory_order_relaxed); }

    // Peers.

    [[nodiscard]] const Pages& pages() const noexcept { return pages_; }
    [[nodiscard]] bool has_mirrors() const noexcept {
        const Mirrors* const mirrors = mirrors_.load(std::memory_order_seq_cst);
        return mirrors != nullptr && !mirrors->empty();
    }
    /// Made on the first call; one caller at a time.
    [[nodiscard]] Mirrors& mirrors();
    /// The page that the peer at the other end of a link mirrors the words in; null if it has none.
    [[nodiscard]] std::shared_ptr<SharedPage> mirror_page_of(const ipc::Link& link) const {
        const Mirrors* const mirrors = mirrors_.load(std::memory_order_seq_cst);
        return mirrors == nullptr ? nullptr : mirrors->page_of(link);
    }
    /// Adds one, which follows from now on; as Mirrors::add.
    void add_mirror(Mirror mirror) { mirrors().add(std::move(mirror), *words_, reached()); }

    /// Of Vulkan; null if it does not take part.
    [[nodiscard]] SharedSemaphore* semaphore() const noexcept { return semaphore_.get(); }
    /// True once Vulkan has it.
    [[nodiscard]] bool has_semaphore() const noexcept { return semaphore_ != nullptr && semaphore_->exists(); }
    /// True once Vulkan has it, where streams use it.
    [[nodiscard]] bool is_semaphore_of_streams() const noexcept { return has_semaphore() && !description_.is_relayed; }

    // The CPU signals. Only in system memory.

    /// Reaches the next value, and returns it; with timestamps, when it is reached.
    std::uint64_t add_one() noexcept;
    /// Reaches `value` and all before it; nothing if they are reached. One caller at a time, and none beside add_one.
    void reach(std::uint64_t value) noexcept;

    /// Tells that events have shown `value` to be reached.
    void prove(std::uint64_t value) noexcept;

    /// Declares `first` and all values after it lost; what is reached already stays so. (Not what a dying process
    /// signals meanwhile: synchronization.md, Death.)
    void break_from(std::uint64_t first, Cause why, cu::CUresult result = cu::CUDA_SUCCESS) noexcept;

    /// Raises the payload of a broken counter, and the semaphore of streams if nobody signals smaller values any more,
    /// and wakes all who sleep. Errors: the driver's, for video memory; those of SharedSemaphore.
    [[nodiscard]] Result<> raise(std::uint64_t value, bool with_semaphore);
    /// Raises those of the mirrors.
    void raise_mirrors() noexcept;

    /// Sleeps until the payload is `value` or somebody wakes, at most `longest`. Only in system memory.
    void sleep(std::uint64_t value, Clock::duration longest) const noexcept;
    void wake_sleepers() const noexcept;

    // Timestamps, in slots: only with them.

    [[nodiscard]] TimestampWord& timestamp(std::uint32_t slot) const noexcept;
    /// Where a GPU finds the word, which maps the payload at `payload`. Errors: those of CounterMemory.
    [[nodiscard]] Result<TimestampTarget> timestamp_target(std::uint32_t slot, const driver::ContextWatch& context,
                                                           cu::CUdeviceptr payload) const;

  private:
    using Words = CounterWords;

    explicit Counter(const Description& description);
    [[nodiscard]] CounterArena::Size size() const noexcept {
        return description_.has_timestamps && !description_.has_peers ? CounterArena::Size::words_and_timestamps
                                                                      : CounterArena::Size::words;
    }
    void use_pages() noexcept;
    void publish() noexcept;
    [[nodiscard]] std::uint64_t reached_of_shared(std::uint64_t payload, std::uint64_t proven) const noexcept;

    const Description description_;
    CounterPlace place_;
    bool is_of_arena_ = false;          // the place goes back there
    std::unique_ptr<Words> own_words_;  // null in system memory, where the words are in the place
    Pages pages_;
    Words* words_ = nullptr;
    TimestampWord* timestamps_ = nullptr;
    std::unique_ptr<SharedSemaphore> semaphore_;
    std::atomic<Mirrors*> mirrors_{nullptr};  // owned; null until there is one
};

}  // namespace opennvsci::sync
