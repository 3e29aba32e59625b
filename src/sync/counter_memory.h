// SPDX-License-Identifier: Apache-2.0
//
// CounterMemory: memory with the words of counters, as the CPU and the streams of every context see it. CounterArena
// hands out places in system memory: many counters share a memory file, and its registration in a context.
//
// That memory is never given back, for the end of a registration waits for all work of its context (driver-facts.md
// F28), and the thread that frees an object may be the one that this work waits for. So making and freeing an
// object costs no call of the system or the driver, and no descriptor; the first one, and every 256th that is alive at
// once, makes a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "driver/context_watch.h"
#include "memory/allocation.h"

namespace opennvsci::sync {

/// Thread-safe.
class CounterMemory {
  public:
    /// `only` is the one device that can map the memory, or null.
    CounterMemory(std::shared_ptr<memory::Allocation> allocation, const driver::Device* only)
        : allocation_(std::move(allocation)), only_(only) {}

    /// Where the streams of a context find the memory, which is mapped when the first one asks. Errors: the driver's;
    /// NOT_SUPPORTED if a device of this kind cannot take part.
    [[nodiscard]] Result<cu::CUdeviceptr> address_in(const driver::ContextWatch& context);

    /// Stores a word in the memory of a device from a context made for it alone: behind eight or more streams of a
    /// context that wait in memory, nothing of the same context comes through (driver-facts.md F31). Errors: the
    /// driver's.
    [[nodiscard]] Result<> store_apart(std::size_t offset, std::uint64_t value);

    /// True if a context has ever asked for it.
    [[nodiscard]] bool is_mapped() noexcept;

    /// For tests that count: takes down the mappings of contexts that have ended, which may wait for all work.
    void forget_ended_contexts() noexcept;

  private:
    struct ContextMapping {
        const driver::ContextWatch* context;
        std::unique_ptr<memory::GpuMapping> mapping;
    };

    [[nodiscard]] cu::CUdeviceptr known_address(const driver::ContextWatch& context) noexcept;

    const std::shared_ptr<memory::Allocation> allocation_;
    const driver::Device* const only_;
    std::mutex making_;  // held while a mapping is made
    std::mutex mutex_;   // of what follows; held for moments, last
    std::vector<ContextMapping> mappings_;
};

/// Where the words of a counter lie.
struct CounterPlace {
    std::shared_ptr<CounterMemory> memory;  ///< null if no stream needs to see them
    std::size_t offset = 0;                 ///< in it
    void* address = nullptr;                ///< for the CPU, null if it does not see them
};

class CounterArena {
  public:
    enum class Size { words, words_and_timestamps };
    static constexpr std::size_t kWordsBytes = 256;

    /// The arena of the process; never destroyed.
    [[nodiscard]] static CounterArena& instance();

    /// A place, zeroed; timestamps lie behind the words. Errors: ResourceError.
    [[nodiscard]] Result<CounterPlace> take(Size size);
    void give_back(Size size, CounterPlace place) noexcept;

    /// For tests that count: takes down the mappings of contexts that have ended.
    void forget_ended_contexts() noexcept;

  private:
    CounterArena();
    struct Places {
        std::vector<CounterPlace> vacant;
        std::vector<std::shared_ptr<CounterMemory>> memories;
    };
    [[nodiscard]] Result<> add_memory(Size size, std::size_t bytes, std::size_t count);

    std::mutex mutex_;         // of what follows
    std::uint64_t maker_ = 0;  // the process that the places belong to: a forked child takes none of its parent's
    Places places_[2];
    std::vector<Places> inherited_;  // the child may still read its parent's counters
};

}  // namespace opennvsci::sync
