// SPDX-License-Identifier: Apache-2.0
#include "ipc/queues.h"

#include <algorithm>
#include <cstring>

namespace opennvsci::ipc {

// Both

void Queue::attach(std::shared_ptr<Link> link) {
    const std::lock_guard lock(mutex_);
    link_.swap(link);
    is_connected_ = false;
    start_again();
}

void Queue::connect(bool is_connected) {
    const std::lock_guard lock(mutex_);
    is_connected_ = is_connected;
}

void Queue::set_notification(bool is_on) {
    const std::lock_guard lock(mutex_);
    notifies_ = is_on;
}

void Queue::start_again() noexcept {
    done_.store(0, std::memory_order_relaxed);
    place_ = 0;
    peer_ = 0;
    ++generation_;
}

void Queue::lend() {
    lent_ = link_->rings();
    lent_in_ = generation_;
}

Transfer Queue::take_back() noexcept {
    if (lent_ == nullptr) return Transfer::done;
    lent_.reset();
    return lent_in_ == generation_ ? Transfer::done : Transfer::unconnected;
}

// Outgoing

void Outgoing::attach(std::shared_ptr<Link> link) {
    Queue::attach(std::move(link));
    const std::lock_guard lock(mutex_);
    std::fill(used_.begin(), used_.end(), 0);  // the memory of a link is zero at first
}

void Outgoing::clear() {
    const std::lock_guard lock(mutex_);
    start_again();
    link_->rings()->own().written.store(0, std::memory_order_relaxed);
}

Transfer Outgoing::look_for_room() noexcept {
    if (!is_connected_) return Transfer::unconnected;
    const std::uint64_t written = done_.load(std::memory_order_relaxed);
    if (written - peer_ < shape_.frames) return Transfer::done;
    peer_ = link_->rings()->peer().read.load(std::memory_order_acquire);
    if (written - peer_ < shape_.frames) return Transfer::done;
    if (written - peer_ == shape_.frames) return Transfer::not_now;
    peer_ = written - shape_.frames;  // it lies: nothing is believed until it says something that can be
    return Transfer::unconnected;
}

void Outgoing::publish() noexcept {
    const std::uint64_t written = done_.load(std::memory_order_relaxed) + 1;
    done_.store(written, std::memory_order_relaxed);
    advance_place();
    link_->rings()->own().written.store(written, std::memory_order_release);
    if (!notifies_) return;
    // Either the peer, which arms itself and then looks, sees the frame, or it is seen here that it is armed.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    link_->knock_if_armed();
}

Transfer Outgoing::write(std::span<const std::byte> bytes) noexcept {
    const std::lock_guard lock(mutex_);
    if (const Transfer room = look_for_room(); room != Transfer::done) return room;
    std::byte* const frame = link_->rings()->outgoing(place_);
    std::memcpy(frame, bytes.data(), bytes.size());
    if (used_[place_] > bytes.size()) std::memset(frame + bytes.size(), 0, used_[place_] - bytes.size());
    used_[place_] = static_cast<std::uint32_t>(bytes.size());
    publish();
    return Transfer::done;
}

Result<std::byte*> Outgoing::next() {
    const std::lock_guard lock(mutex_);
    OPENNVSCI_TRY(result_of(look_for_room(), kFull));
    used_[place_] = shape_.frame_size;
    lend();
    return link_->rings()->outgoing(place_);
}

Transfer Outgoing::post() noexcept {
    const std::lock_guard lock(mutex_);
    if (const Transfer back = take_back(); back != Transfer::done) return back;
    if (const Transfer room = look_for_room(); room != Transfer::done) return room;
    publish();
    return Transfer::done;
}

std::uint64_t Outgoing::unread() const noexcept {
    return done_.load(std::memory_order_relaxed) - link_->rings()->peer().read.load(std::memory_order_acquire);
}

// Incoming

void Incoming::clear() {
    const std::lock_guard lock(mutex_);
    start_again();
    link_->rings()->own().read.store(0, std::memory_order_relaxed);
}

Transfer Incoming::look_for_frame() noexcept {
    if (!is_connected_) return Transfer::unconnected;
    const std::uint64_t read = done_.load(std::memory_order_relaxed);
    if (peer_ != read) return Transfer::done;
    peer_ = link_->rings()->peer().written.load(std::memory_order_acquire);
    if (peer_ == read) return Transfer::not_now;
    if (peer_ - read <= shape_.frames) return Transfer::done;
    peer_ = read;  // it lies: nothing is believed until it says something that can be
    return Transfer::unconnected;
}

void Incoming::publish() noexcept {
    const std::uint64_t read = done_.load(std::memory_order_relaxed) + 1;
    done_.store(read, std::memory_order_relaxed);
    advance_place();
    link_->rings()->own().read.store(read, std::memory_order_release);
    if (!notifies_) return;
    // As for the outgoing queue. The peer wants to know when its queue is not full any more, and when it is empty; if
    // it writes meanwhile, the end of that frame will be told.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const std::uint64_t written = link_->rings()->peer().written.load(std::memory_order_relaxed);
    if (written == read || written - read + 1 >= shape_.frames) link_->knock_if_armed();
}

Transfer Incoming::read(std::span<std::byte> bytes) noexcept {
    const std::lock_guard lock(mutex_);
    if (const Transfer frame = look_for_frame(); frame != Transfer::done) return frame;
    std::memcpy(bytes.data(), link_->rings()->incoming(place_), bytes.size());
    publish();
    return Transfer::done;
}

Result<const std::byte*> Incoming::next() {
    const std::lock_guard lock(mutex_);
    OPENNVSCI_TRY(result_of(look_for_frame(), kEmpty));
    lend();
    return link_->rings()->incoming(place_);
}

Transfer Incoming::release() noexcept {
    const std::lock_guard lock(mutex_);
    if (const Transfer back = take_back(); back != Transfer::done) return back;
    if (const Transfer frame = look_for_frame(); frame != Transfer::done) return frame;
    publish();
    return Transfer::done;
}

std::uint64_t Incoming::available() const noexcept {
    const std::uint64_t count =
        link_->rings()->peer().written.load(std::memory_order_acquire) - done_.load(std::memory_order_relaxed);
    return count <= shape_.frames ? count : 0;
}

}  // namespace opennvsci::ipc
