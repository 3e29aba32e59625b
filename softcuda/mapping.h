// SPDX-License-Identifier: Apache-2.0
//
// Mapping owns a piece of this process's address space. A whole mapping is unmapped at the end; one that was placed
// inside a reservation turns back into reserved, inaccessible addresses, so that nothing else can move in.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace opennvsci::softcuda {

inline constexpr int kReservedFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

class Mapping {
  public:
    enum class End { unmap, reserve_again };

    Mapping() = default;
    /// Takes ownership of [address, address + size).
    Mapping(void* address, std::size_t size, End end) noexcept : address_(address), size_(size), end_(end) {}
    Mapping(Mapping&& other) noexcept
        : address_(std::exchange(other.address_, nullptr)), size_(other.size_), end_(other.end_) {}
    Mapping& operator=(Mapping&& other) noexcept {
        std::swap(address_, other.address_);
        std::swap(size_, other.size_);
        std::swap(end_, other.end_);
        return *this;
    }
    ~Mapping() { reset(); }

    /// mmap; empty on failure, with the reason in errno. MAP_FIXED is for addresses inside a reservation.
    [[nodiscard]] static Mapping make(void* address, std::size_t size, int protection, int flags,
                                      int fd = -1) noexcept {
        void* mapped = ::mmap(address, size, protection, flags, fd, 0);
        if (mapped == MAP_FAILED) return {};
        return {mapped, size, (flags & MAP_FIXED) != 0 ? End::reserve_again : End::unmap};
    }

    [[nodiscard]] explicit operator bool() const noexcept { return address_ != nullptr; }
    [[nodiscard]] std::uintptr_t base() const noexcept { return reinterpret_cast<std::uintptr_t>(address_); }
    [[nodiscard]] void* address() const noexcept { return address_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// Forgets the addresses: somebody else owns them now.
    void disown() noexcept { address_ = nullptr; }

    void reset() noexcept {
        if (address_ == nullptr) return;
        if (end_ == End::unmap) {
            (void)::munmap(address_, size_);
        } else {
            (void)::mmap(address_, size_, PROT_NONE, kReservedFlags | MAP_FIXED, -1, 0);
        }
        address_ = nullptr;
    }

  private:
    void* address_ = nullptr;
    std::size_t size_ = 0;
    End end_ = End::unmap;
};

}  // namespace opennvsci::softcuda
