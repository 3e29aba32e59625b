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
// Each slot counts its users: the owner's reference plus one per running call. close() drops the owner's reference and
// makes the handle unknown at once; the value is destroyed when the last running call is done with it.
//
// Tables are leaked by their owners on purpose: programs free handles from static destructors.
// Thread-safe. acquire() is lock-free.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

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
};

/// True if `handle` has the form of a handle of this kind, alive or not.
[[nodiscard]] constexpr bool is_handle_of(HandleKind kind, std::uint64_t handle) noexcept {
    return handle >> 48 == static_cast<std::uint16_t>(kind);
}

template <class T>
class HandleTable {
    struct Slot;

  public:
    /// A running call's hold on a value: empty if the handle was not alive.
    class Ref {
      public:
        Ref() = default;
        Ref(Ref&& other) noexcept
            : table_(std::exchange(other.table_, nullptr)), slot_(other.slot_), index_(other.index_) {}
        Ref& operator=(Ref&& other) noexcept {
            std::swap(table_, other.table_);
            std::swap(slot_, other.slot_);
            std::swap(index_, other.index_);
            return *this;
        }
        ~Ref() {
            if (table_ != nullptr) table_->release(*slot_, index_);
        }
        [[nodiscard]] explicit operator bool() const noexcept { return table_ != nullptr; }
        [[nodiscard]] T& operator*() const noexcept { return slot_->value(); }
        [[nodiscard]] T* operator->() const noexcept { return &slot_->value(); }

      private:
        friend class HandleTable;
        Ref(HandleTable* table, Slot* slot, std::uint32_t index) noexcept : table_(table), slot_(slot), index_(index) {}
        HandleTable* table_ = nullptr;
        Slot* slot_ = nullptr;
        std::uint32_t index_ = 0;
    };

    explicit HandleTable(HandleKind kind) noexcept : kind_(kind) {}
    HandleTable(const HandleTable&) = delete;
    HandleTable& operator=(const HandleTable&) = delete;

    /// Takes `value` and returns its handle, or 0 if kCapacity values are alive. Throws std::bad_alloc.
    [[nodiscard]] std::uint64_t insert(T value) {
        const std::uint32_t index = take_free_index();
        if (index == kNone) return 0;
        Slot& slot = slot_at(index);
        const std::uint64_t generation = slot.state.load(std::memory_order_relaxed) >> kGenerationShift;
        ::new (static_cast<void*>(slot.storage)) T(std::move(value));
        slot.state.store(generation << kGenerationShift | kOpen | 1, std::memory_order_release);
        return std::uint64_t{static_cast<std::uint16_t>(kind_)} << 48 | generation << 24 | index;
    }

    /// Holds the value of `handle` for the time of a call; empty if the handle is not alive.
    [[nodiscard]] Ref acquire(std::uint64_t handle) noexcept {
        Slot* slot = find(handle);
        if (slot == nullptr) return {};
        std::uint64_t state = slot->state.load(std::memory_order_acquire);
        do {
            if (!is_open(state, handle)) return {};
        } while (!slot->state.compare_exchange_weak(state, state + 1, std::memory_order_acquire));
        return Ref(this, slot, index_of(handle));
    }

    /// Ends the life of `handle`; false if it was not alive.
    bool close(std::uint64_t handle) noexcept {
        Slot* slot = find(handle);
        if (slot == nullptr) return false;
        std::uint64_t state = slot->state.load(std::memory_order_acquire);
        do {
            if (!is_open(state, handle)) return false;
        } while (!slot->state.compare_exchange_weak(state, state & ~kOpen, std::memory_order_acq_rel));
        release(*slot, index_of(handle));
        return true;
    }

  private:
    static constexpr std::uint32_t kChunkSlots = 1024;
    static constexpr std::uint32_t kChunks = 16384;
    static constexpr std::uint32_t kCapacity = kChunkSlots * kChunks;  // 2^24: the width of the index
    static constexpr std::uint32_t kNone = ~0U;
    static constexpr unsigned kGenerationShift = 40;
    static constexpr std::uint64_t kGenerationMask = 0xFFFFFF;
    static constexpr std::uint64_t kOpen = std::uint64_t{1} << 39;
    static constexpr std::uint64_t kUsersMask = kOpen - 1;

    // On a cache line of its own: threads that use different handles must not slow each other down.
    struct alignas(64) Slot {
        std::atomic<std::uint64_t> state{std::uint64_t{1} << kGenerationShift};  // generation | open | users
        std::uint32_t next_free = kNone;
        alignas(T) unsigned char storage[sizeof(T)];
        [[nodiscard]] T& value() noexcept { return *std::launder(reinterpret_cast<T*>(storage)); }
    };

    static std::uint32_t index_of(std::uint64_t handle) noexcept { return handle & (kCapacity - 1); }

    static bool is_open(std::uint64_t state, std::uint64_t handle) noexcept {
        return (state & kOpen) != 0 && state >> kGenerationShift == (handle >> 24 & kGenerationMask);
    }

    Slot& slot_at(std::uint32_t index) noexcept {
        return chunks_[index / kChunkSlots].load(std::memory_order_acquire)[index % kChunkSlots];
    }

    Slot* find(std::uint64_t handle) noexcept {
        if (!is_handle_of(kind_, handle)) return nullptr;
        const std::uint32_t index = index_of(handle);
        Slot* chunk = chunks_[index / kChunkSlots].load(std::memory_order_acquire);
        return chunk == nullptr ? nullptr : &chunk[index % kChunkSlots];
    }

    void release(Slot& slot, std::uint32_t index) noexcept {
        const std::uint64_t before = slot.state.fetch_sub(1, std::memory_order_acq_rel);
        if ((before & (kUsersMask | kOpen)) != 1) return;
        slot.value().~T();
        const std::uint64_t generation = (before >> kGenerationShift) + 1;
        slot.state.store((generation & kGenerationMask) << kGenerationShift, std::memory_order_release);
        give_back_index(index);
    }

    // The free list is first in, first out, so that an index rests as long as possible before its generation advances.
    std::uint32_t take_free_index() {
        const std::lock_guard lock(mutex_);
        if (first_free_ != kNone) {
            const std::uint32_t index = first_free_;
            first_free_ = slot_at(index).next_free;
            if (first_free_ == kNone) last_free_ = kNone;
            return index;
        }
        if (used_ == kCapacity) return kNone;
        if (used_ % kChunkSlots == 0) chunks_[used_ / kChunkSlots].store(new Slot[kChunkSlots]);
        return used_++;
    }

    void give_back_index(std::uint32_t index) noexcept {
        const std::lock_guard lock(mutex_);
        slot_at(index).next_free = kNone;
        if (last_free_ == kNone) {
            first_free_ = index;
        } else {
            slot_at(last_free_).next_free = index;
        }
        last_free_ = index;
    }

    const HandleKind kind_;
    std::mutex mutex_;
    std::uint32_t used_ = 0;
    std::uint32_t first_free_ = kNone;
    std::uint32_t last_free_ = kNone;
    std::array<std::atomic<Slot*>, kChunks> chunks_{};
};

}  // namespace opennvsci
