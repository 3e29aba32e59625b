// SPDX-License-Identifier: Apache-2.0
//
// RingMemory: the memory of one link, mapped by both ends, and what lies where in it. One end makes it, zeroed and
// sealed, so that no process can make it smaller and end the other by SIGBUS; the other end checks that before it maps.
//
// Every word has one writer, except `armed`, and a cache line that no other word is on. How many frames there are and
// how large they are comes from the configuration, never from here, and no word of the peer's is an address, an index
// or a size before it is checked.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/os.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "ipc/descriptors.h"

namespace opennvsci::ipc {

inline constexpr std::size_t kCacheLine = 64;

/// What one end tells the other.
struct SideWords {
    /// A Standing (ipc/states.h).
    alignas(kCacheLine) std::atomic<std::uint32_t> state;
    /// 1 if this end wants to be knocked at before it looks again. The end sets it, whoever knocks clears it.
    alignas(kCacheLine) std::atomic<std::uint32_t> armed;
    /// Frames that this end has written since it cleared its counters last.
    alignas(kCacheLine) std::atomic<std::uint64_t> written;
    /// Frames of the peer's that this end has read since then.
    alignas(kCacheLine) std::atomic<std::uint64_t> read;
    /// The weight of the parcels that this end has taken, or lost: see Link.
    alignas(kCacheLine) std::atomic<std::uint64_t> taken;
    /// The weight of the parcels that this end has sent; only for those who look on (ipc/overview.h).
    alignas(kCacheLine) std::atomic<std::uint64_t> sent;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(sizeof(SideWords) == 6 * kCacheLine);

/// The number and the size of the frames of each of the two queues.
struct Shape {
    std::uint32_t frames;
    std::uint32_t frame_size;
};

class RingMemory {
  public:
    /// Errors: ResourceError.
    [[nodiscard]] static Result<std::unique_ptr<RingMemory>> create(Shape shape, int side);
    /// Maps the memory that a peer made. Errors: BadParameter if it is not what create() makes; ResourceError.
    [[nodiscard]] static Result<std::unique_ptr<RingMemory>> open(int file, Shape shape, int side);

    /// The file; negative if it is not kept. The peer needs it once, those who look on all the time.
    [[nodiscard]] int file() const noexcept { return file_.get(); }
    void forget_file() noexcept { file_.reset(); }
    void keep_file(UniqueFd file);
    /// Both ends have their mappings, and nobody else who finds the kept file in /proc is to write: it cannot be opened
    /// by open() any more.
    void shut_out_others() noexcept;

    /// Which of the two ends own() is.
    [[nodiscard]] int side() const noexcept { return side_; }

    [[nodiscard]] SideWords& own() const noexcept { return words(side_); }
    [[nodiscard]] SideWords& peer() const noexcept { return words(1 - side_); }
    /// The frame at place `index` of the queue that this end writes or reads; `index` is below the number of frames.
    [[nodiscard]] std::byte* outgoing(std::uint32_t index) const noexcept { return frame(side_, index); }
    [[nodiscard]] std::byte* incoming(std::uint32_t index) const noexcept { return frame(1 - side_, index); }

    [[nodiscard]] static std::size_t bytes_for(Shape shape) noexcept;

  private:
    RingMemory(ProcessFd file, os::FileMapping mapping, Shape shape, int side) noexcept;
    [[nodiscard]] SideWords& words(int side) const noexcept { return words_[side]; }
    [[nodiscard]] std::byte* frame(int side, std::uint32_t index) const noexcept {
        return frames_[side] + std::size_t{index} * shape_.frame_size;
    }

    ProcessFd file_;
    os::FileMapping mapping_;
    const Shape shape_;
    const int side_;
    SideWords* words_;
    std::byte* frames_[2];
};

}  // namespace opennvsci::ipc
