// SPDX-License-Identifier: Apache-2.0
//
// Pool: the memory of the objects that programs hold by address. An object's memory is given out again, but never to
// anything else and never back to the system, so the pool can tell any address: it compares numbers, and reads only
// what is its own. Not thread-safe; its user has a lock.
//
// It is a global without a destructor, since programs end objects from static destructors.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace opennvsci::event {

/// Of an `Object`, the pool uses: `members`, first, whose address programs hold; `is_alive`; `next`, an Object*.
template <class Object>
class Pool {
  public:
    constexpr Pool() = default;
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// An object that is alive from now on. Throws std::bad_alloc.
    [[nodiscard]] Object& give() {
        if (vacant_ == nullptr) grow();
        Object& given = *vacant_;
        vacant_ = given.next;
        given.next = nullptr;
        given.is_alive = true;
        return given;
    }

    /// The end of a live object.
    void take_back(Object& object) noexcept {
        object.is_alive = false;
        object.next = vacant_;
        vacant_ = &object;
    }

    /// The live object whose public members are at `address`; null if there is none.
    [[nodiscard]] Object* find(const void* address) noexcept {
        const auto number = reinterpret_cast<std::uintptr_t>(address);
        for (std::size_t i = 0; i < chunks_; ++i) {
            const auto first = reinterpret_cast<std::uintptr_t>(chunk_[i]);
            if (number < first || number - first >= size_of_chunk(i) * sizeof(Object)) continue;
            if ((number - first) % sizeof(Object) != 0) return nullptr;
            Object& object = chunk_[i][(number - first) / sizeof(Object)];
            return object.is_alive ? &object : nullptr;
        }
        return nullptr;
    }

  private:
    // Each chunk has twice the objects of the one before, so these are more than there is memory for.
    static constexpr std::size_t kMostChunks = 32;
    static constexpr std::size_t size_of_chunk(std::size_t index) noexcept { return std::size_t{16} << index; }

    void grow() {
        Object* const made = new Object[size_of_chunk(chunks_)]();
        for (std::size_t i = size_of_chunk(chunks_); i > 0; --i)
            take_back(made[i - 1]);
        chunk_[chunks_++] = made;
    }

    std::array<Object*, kMostChunks> chunk_{};
    std::size_t chunks_ = 0;
    Object* vacant_ = nullptr;
};

}  // namespace opennvsci::event
