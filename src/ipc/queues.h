// SPDX-License-Identifier: Apache-2.0
//
// Outgoing and Incoming: the two queues of an endpoint, as its program writes and reads them. Each has a lock of its
// own, so that one thread writes while another reads; nothing here blocks. Who spins on a queue makes no system call.
//
// What counts is kept here, and only shown to the peer: of what lies in the shared memory only the peer's counter is
// read, and believed only if it can be. The endpoint attaches the queues to a link, clears them and connects them; its
// own lock is held for that, and for what is said to need it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/result.h"
#include "ipc/link.h"
#include "ipc/ticket_lock.h"

namespace opennvsci::ipc {

/// What became of an attempt that a polling program repeats until it succeeds: told without an error's text, which
/// would cost more than the attempt.
enum class Transfer {
    done,
    not_now,      ///< the queue is full, or empty
    unconnected,  ///< or the peer's counter cannot be, or the frame was lent by a connection that is over
};

/// The failure of an unconnected transfer: a program transfers after an event has told it that it may, so it has missed
/// something. The text is short enough to need no memory.
[[nodiscard]] inline tl::unexpected<Error> not_connected() {
    return fail(NvSciError_ConnectionReset, "not connected");
}

/// What became of an attempt as a result. The texts are short enough to need no memory.
[[nodiscard]] inline Result<> result_of(Transfer transfer, const char* not_now) {
    if (transfer == Transfer::done) [[likely]]
        return {};
    if (transfer == Transfer::not_now) return expected_outcome(NvSciError_InsufficientMemory, not_now);
    return not_connected();
}
inline constexpr const char* kEmpty = "queue is empty";
inline constexpr const char* kFull = "queue is full";

/// What both queues have.
class Queue {
  public:
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;

    void attach(std::shared_ptr<Link> link);
    void connect(bool is_connected);
    void detach() { attach(nullptr); }
    /// Whether this end tells the peer what it does.
    void set_notification(bool is_on);

  protected:
    explicit Queue(Shape shape) : shape_(shape) {}
    ~Queue() = default;

    void advance_place() noexcept { place_ = place_ + 1 == shape_.frames ? 0 : place_ + 1; }
    void start_again() noexcept;
    /// Remembers that the frame at the place is the program's for now.
    void lend();
    /// The frame that was lent, if one was, comes back. Unconnected if it is not this connection's.
    [[nodiscard]] Transfer take_back() noexcept;

    const Shape shape_;
    TicketLock mutex_;
    std::shared_ptr<Link> link_;
    bool is_connected_ = false;
    bool notifies_ = true;
    std::atomic<std::uint64_t> done_{0};  // frames written, or read, by this end; changed under the lock
    std::uint32_t place_ = 0;             // done_ modulo the number of frames
    std::uint64_t peer_ = 0;              // the peer's counter as it was read last

  private:
    std::shared_ptr<RingMemory> lent_;  // keeps the frame mapped, whatever becomes of the link
    std::uint64_t generation_ = 0;      // counts clearings
    std::uint64_t lent_in_ = 0;
};

class Outgoing final : public Queue {
  public:
    explicit Outgoing(Shape shape) : Queue(shape), used_(shape.frames, 0) {}

    void attach(std::shared_ptr<Link> link);
    void clear();

    /// `bytes` has 1 to frame_size bytes; the rest of the frame becomes zero.
    [[nodiscard]] Transfer write(std::span<const std::byte> bytes) noexcept;
    /// Errors: ConnectionReset if not connected, InsufficientMemory if the queue is full.
    [[nodiscard]] Result<std::byte*> next();
    [[nodiscard]] Transfer post() noexcept;

    /// Frames that the peer has not read, or more than the queue has if the peer lies. Needs the endpoint's lock.
    [[nodiscard]] std::uint64_t unread() const noexcept;

  private:
    [[nodiscard]] Transfer look_for_room() noexcept;
    void publish() noexcept;

    std::vector<std::uint32_t> used_;  // of each frame: how many bytes from its start may not be zero
};

class Incoming final : public Queue {
  public:
    explicit Incoming(Shape shape) : Queue(shape) {}

    void clear();

    /// `bytes` has 1 to frame_size bytes; the rest of the frame is lost.
    [[nodiscard]] Transfer read(std::span<std::byte> bytes) noexcept;
    /// Errors: ConnectionReset if not connected, InsufficientMemory if the queue is empty.
    [[nodiscard]] Result<const std::byte*> next();
    [[nodiscard]] Transfer release() noexcept;

    /// Frames that can be read; none if the peer lies. Needs the endpoint's lock.
    [[nodiscard]] std::uint64_t available() const noexcept;

  private:
    [[nodiscard]] Transfer look_for_frame() noexcept;
    void publish() noexcept;
};

}  // namespace opennvsci::ipc
