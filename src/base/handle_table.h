// SPDX-License-Identifier: Apache-2.0
//
// HandleTable gives out the opaque handles of the public interfaces. A handle is a number, never an address: its kind,
// a generation and an index into storage that is never returned to the system. So a freed, foreign or garbage handle
// is recognised without touching freed memory, and a handle of ours can never equal a pointer of the CUDA driver.
//
//   63        48 47        24 23         0
//  +------------+------------+------------+
//  | kind       | generation | index      |   kind is chosen so that the number is not a canonical user address
//  +------------+------------+------------+
//
// Each slot counts the running calls that hold its value, in several counters, one for some of the threads each:
// threads that use the same handle do not slow each other down. close() makes the handle unknown at once; the value is
// destroyed when the last running call is done with it. That no counter needs a lock rests on one order: a call counts
// itself before it looks whether the slot is open, and close() shuts the slot before it looks at the counters.
//
// A handle that was closed is dead for ever: a slot whose generations are used up is retired. A forked child owns
// nothing of what its parent made (base/process.h): closing such a handle makes it unknown there, and its value is
// never ended.
//
// A table has no destructor, because programs free handles from static destructors: it is a global, made before all
// code runs, and what is alive at the end of the process stays. Thread-safe. acquire() is lock-free.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

#include "base/process.h"
#include "base/thread_number.h"

namespace opennvsci {

enum class HandleKind : std::uint16_t {
    module = 0x5C01,
    attribute_list = 0x5C02,
    buffer_object = 0x5C03,
    external_memory = 0x5C04,
    sync_module = 0x5C05,
    sync_attribute_list = 0x5C06,
    sync_object = 0x5C07,
    cpu_wait_context = 0x5C08,
    timeline = 0x5C09,
    external_semaphore = 0x5C0A,
    ipc_endpoint = 0x5C0B,
    semaphore_pool = 0x5C0C,
    tensor = 0x5C0D,
    // Of the software device, which is another library with tables of its own.
    soft_context = 0x50F1,
    soft_stream = 0x50F2,
    soft_event = 0x50F3,
    soft_memory = 0x50F4,
    soft_external_memory = 0x50F5,
    soft_array = 0x50F6,
    soft_mipmapped_array = 0x50F7,
    soft_graph = 0x50F8,
};

/// True if `handle` has the form of a handle of this kind, alive or not.
[[nodiscard]] constexpr bool is_handle_of(HandleKind kind, std::uint64_t handle) noexcept {
    return handle >> 48 == static_cast<std::uint16_t>(kind);
}

/// True if `handle` has the form of a handle of any kind but those of the software device.
[[nodiscard]] constexpr bool is_handle(std::uint64_t handle) noexcept {
    return handle >> 48 >= static_cast<std::uint16_t>(HandleKind::module) &&
           handle >> 48 <= static_cast<std::uint16_t>(HandleKind::tensor);
}

/// `kLastGeneration` is a parameter for tests only.
template <class T, std::uint64_t kLastGeneration = 0xFFFFFF>
class HandleTable {
    struct Slot;
    struct Counter;

  public:
    /// A running call's hold on a value: empty if the handle was not alive.
    class Ref {
      public:
        Ref() = default;
        Ref(Ref&& other) noexcept : slot_(std::exchange(other.slot_, nullptr)), counter_(other.counter_) {}
        Ref& operator=(Ref&& other) noexcept {
            std::swap(slot_, other.slot_);
            std::swap(counter_, other.counter_);
            return *this;
        }
        ~Ref() {
            if (slot_ != nullptr) slot_->release(*counter_);
        }
        [[nodiscard]] explicit operator bool() const noexcept { return slot_ != nullptr; }
        [[nodiscard]] T& operator*() const noexcept { return slot_->value(); }
        [[nodiscard]] T* operator->() const noexcept { return &slot_->value(); }

      private:
        friend class HandleTable;
        Ref(Slot* slot, Counter* counter) noexcept : slot_(slot), counter_(counter) {}
        Slot* slot_ = nullptr;
        Counter* counter_ = nullptr;
    };

    explicit constexpr HandleTable(HandleKind kind) noexcept : kind_(kind) {}
    [[nodiscard]] HandleKind kind() const noexcept { return kind_; }
    HandleTable(const HandleTable&) = delete;
    HandleTable& operator=(const HandleTable&) = delete;

    /// Takes `value` and returns its handle, or 0 if kCapacity values are alive. Throws std::bad_alloc.
    [[nodiscard]] std::uint64_t insert(T value) {
        Slot* const slot = take_vacant();
        if (slot == nullptr) return 0;
        const std::uint64_t generation = slot->state.load(std::memory_order_relaxed) >> kPhaseBits;
        ::new (static_cast<void*>(slot->storage)) T(std::move(value));
        slot->maker.store(process::token(), std::memory_order_relaxed);
        slot->state.store(generation << kPhaseBits | kOpen, std::memory_order_release);
        return handle_of(*slot, generation);
    }

    /// Holds the value of `handle` for the time of a call; empty if the handle is not alive.
    [[nodiscard]] Ref acquire(std::uint64_t handle) noexcept {
        Slot* const slot = find(handle);
        if (slot == nullptr || slot->state.load(std::memory_order_relaxed) != open_state(handle)) return {};
        Counter& counter = slot->calls[thread_number() % kCounters];
        counter.count.fetch_add(1, std::memory_order_seq_cst);
        Ref held(slot, &counter);
        if (slot->state.load(std::memory_order_seq_cst) != open_state(handle)) return {};
        return held;
    }

    /// Ends the life of `handle`; false if it was not alive.
    bool close(std::uint64_t handle) noexcept {
        Slot* const slot = find(handle);
        if (slot == nullptr) return false;
        std::uint64_t state = open_state(handle);
        const bool is_ours = slot->maker.load(std::memory_order_relaxed) == process::token();
        const std::uint64_t closed = state - kOpen + (is_ours ? kClosing : kAbandoned);
        if (!slot->state.compare_exchange_strong(state, closed, std::memory_order_seq_cst)) return false;
        if (is_ours) slot->end_if_unused(closed);
        return true;
    }

    /// Calls `visit` with each handle that is alive, and its value, which is held meanwhile. What is inserted while
    /// this runs may be left out.
    template <class Visit>
    void for_each(const Visit& visit) {
        for_each_if([](const Slot&) { return true; }, visit);
    }
    /// The same, and in a forked child only with what it has made itself.
    template <class Visit>
    void for_each_own(const Visit& visit) {
        const std::uint64_t maker = process::token();
        for_each_if([&](const Slot& slot) { return slot.maker.load(std::memory_order_relaxed) == maker; }, visit);
    }

    /// Lets forked children go on to use the table, whatever other threads were doing with it.
    void guard_across_fork() noexcept { process::guard_across_fork(mutex_); }

  private:
    static constexpr std::size_t kCacheLine = 64;
    static constexpr std::uint32_t kCounters = 4;
    // Storage comes in chunks, each as large as all before it together.
    static constexpr std::uint32_t kFirstChunkSlots = 64;
    static constexpr std::uint32_t kChunks = 18;
    static constexpr std::uint32_t kCapacity = kFirstChunkSlots * ((1U << kChunks) - 1);  // the index tells 2^24
    static constexpr std::uint64_t kGenerationMask = 0xFFFFFF;
    // The state of a slot: its generation, and its phase in the lowest bits.
    static constexpr unsigned kPhaseBits = 2;
    static constexpr std::uint64_t kPhaseMask = 3;
    static constexpr std::uint64_t kVacant = 0;
    static constexpr std::uint64_t kOpen = 1;
    static constexpr std::uint64_t kClosing = 2;    // unknown, but running calls may still hold the value
    static constexpr std::uint64_t kAbandoned = 3;  // unknown, and its value is another process's

    struct alignas(kCacheLine) Counter {
        std::atomic<std::uint32_t> count{0};
    };

    struct alignas(kCacheLine) Slot {
        std::atomic<std::uint64_t> state{std::uint64_t{1} << kPhaseBits | kVacant};
        HandleTable* table = nullptr;
        std::uint32_t index = 0;
        std::atomic<std::uint64_t> maker{0};  // token of the process that inserted the value
        Slot* next_vacant = nullptr;
        alignas(T) unsigned char storage[sizeof(T)];
        std::array<Counter, kCounters> calls;

        [[nodiscard]] T& value() noexcept { return *std::launder(reinterpret_cast<T*>(storage)); }

        void release(Counter& counter) noexcept {
            counter.count.fetch_sub(1, std::memory_order_seq_cst);
            const std::uint64_t now = state.load(std::memory_order_seq_cst);
            if ((now & kPhaseMask) == kClosing) [[unlikely]]
                end_if_unused(now);
        }

        // After close() the calls that hold the value only get fewer, so if each counter was zero once, none is left.
        // A call that only knocks counts itself for a moment too; then it is the one that looks here last.
        void end_if_unused(std::uint64_t closing) noexcept {
            for (const Counter& counter : calls) {
                if (counter.count.load(std::memory_order_seq_cst) != 0) return;
            }
            const std::uint64_t generation = (closing >> kPhaseBits) + 1;
            if (!state.compare_exchange_strong(closing, generation << kPhaseBits | kVacant))
                return;  // another was faster
            value().~T();
            if (generation <= kLastGeneration) table->give_back(*this);  // else it is retired
        }
    };

    template <class Condition, class Visit>
    void for_each_if(const Condition& is_wanted, const Visit& visit) {
        for (std::uint32_t index = 0; Slot* const slot = find_slot(index); ++index) {
            const std::uint64_t state = slot->state.load(std::memory_order_relaxed);
            if ((state & kPhaseMask) != kOpen) continue;
            const std::uint64_t handle = handle_of(*slot, state >> kPhaseBits);
            if (const Ref held = acquire(handle); held && is_wanted(*slot)) visit(handle, *held);
        }
    }

    static std::uint64_t open_state(std::uint64_t handle) noexcept {
        return (handle >> 24 & kGenerationMask) << kPhaseBits | kOpen;
    }

    [[nodiscard]] std::uint64_t handle_of(const Slot& slot, std::uint64_t generation) const noexcept {
        return std::uint64_t{static_cast<std::uint16_t>(kind_)} << 48 | generation << 24 | slot.index;
    }

    // Null if there is no storage for the index yet.
    [[nodiscard]] Slot* find_slot(std::uint32_t index) const noexcept {
        const std::uint32_t chunk = chunk_of(index);
        if (chunk >= kChunks) return nullptr;
        Slot* const slots = chunks_[chunk].load(std::memory_order_acquire);
        return slots == nullptr ? nullptr : &slots[index - first_index_of(chunk)];
    }

    [[nodiscard]] Slot* find(std::uint64_t handle) const noexcept {
        return is_handle_of(kind_, handle) ? find_slot(static_cast<std::uint32_t>(handle & 0xFFFFFF)) : nullptr;
    }

    static constexpr std::uint32_t chunk_of(std::uint32_t index) noexcept {
        return static_cast<std::uint32_t>(std::bit_width(index / kFirstChunkSlots + 1)) - 1;
    }

    static constexpr std::uint32_t first_index_of(std::uint32_t chunk) noexcept {
        return (kFirstChunkSlots << chunk) - kFirstChunkSlots;
    }

    // Slots come back first in, first out, so that one rests as long as possible before its generation advances.
    [[nodiscard]] Slot* take_vacant() {
        const std::lock_guard lock(mutex_);
        if (first_vacant_ != nullptr) return std::exchange(first_vacant_, first_vacant_->next_vacant);
        if (used_ == kCapacity) return nullptr;
        if (find_slot(used_) == nullptr) add_chunk();
        return find_slot(used_++);
    }

    void give_back(Slot& slot) noexcept {
        const std::lock_guard lock(mutex_);
        slot.next_vacant = nullptr;
        (first_vacant_ == nullptr ? first_vacant_ : last_vacant_->next_vacant) = &slot;
        last_vacant_ = &slot;
    }

    void add_chunk() {
        const std::uint32_t chunk = chunk_of(used_);
        const std::uint32_t count = first_index_of(chunk + 1) - first_index_of(chunk);
        Slot* const slots = new Slot[count];
        for (std::uint32_t i = 0; i < count; ++i) {
            slots[i].table = this;
            slots[i].index = used_ + i;
        }
        chunks_[chunk].store(slots, std::memory_order_release);
    }

    const HandleKind kind_;
    std::mutex mutex_;
    std::uint32_t used_ = 0;  // slots that were given out at least once
    Slot* first_vacant_ = nullptr;
    Slot* last_vacant_ = nullptr;
    std::array<std::atomic<Slot*>, kChunks> chunks_{};
};

}  // namespace opennvsci
