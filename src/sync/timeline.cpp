// SPDX-License-Identifier: Apache-2.0
#include "sync/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <new>

#include "ipc/random.h"
#include "sync/relay_thread.h"
#include "sync/timelines.h"

namespace opennvsci::sync {

// What a process that is gone had submitted to a GPU may still come, until the driver has taken its contexts down: 50
// to 94 ms were measured. As long as that the payload is raised again and again.
constexpr std::chrono::seconds kLastWrites{1};

Timeline::Timeline(std::shared_ptr<attr::Module> module, const Description& description, Counter counter)
    : module_(std::move(module)),
      description_(description),
      counter_(std::move(counter)),
      streams_({description.is_deterministic, description.has_timestamps && description.streams_signal,
                description.is_signaled_elsewhere, description.vulkan_signals, description.is_relayed},
               counter_, values_, signaler_) {
    if (!description.is_relayed) return;
    relay_.emplace(description.vulkan_signals ? SemaphoreRelay::Way::from_vulkan : SemaphoreRelay::Way::to_vulkan,
                   counter_, streams_);
}

Result<std::unique_ptr<Timeline>> Timeline::allocate(std::shared_ptr<attr::Module> module,
                                                     const Description& description, std::optional<Import> import) {
    const Counter::Description counter{description.domain,
                                       description.gpu,
                                       description.has_timestamps,
                                       description.has_peers,
                                       description.is_signaled_elsewhere,
                                       description.vulkan_signals || description.vulkan_waits,
                                       description.is_relayed};
    if (import) {
        std::unique_ptr<Timeline> made(
            new Timeline(std::move(module), description, Counter::of_peer(counter, std::move(import->pages))));
        made->identity_ = import->identity;
        if (import->leads_to_signaler) made->streams_.set_signaler(import->link.get());
        made->sharers_.push_back(std::move(import->link));
        return made;
    }
    OPENNVSCI_TRY_ASSIGN(allocated, Counter::allocate(counter));
    return std::unique_ptr<Timeline>(new Timeline(std::move(module), description, std::move(allocated)));
}

Timeline::~Timeline() {
    if (watch_) ipc::Watch::remove(*watch_);
}

Result<> Timeline::check_process() const {
    if (is_of_this_process()) return {};
    return fail(NvSciError_InvalidState,
                "the object belongs to the process that this one was forked from, and works there only",
                cu::CUDA_ERROR_NOT_INITIALIZED);
}

Result<std::uint64_t> Timeline::hand_out() {
    OPENNVSCI_TRY(check_process());
    OPENNVSCI_TRY(signaler_.claim(Signaler::Kind::cpu));
    return values_.hand_out();
}

Result<std::uint64_t> Timeline::signal() {
    OPENNVSCI_TRY(check_process());
    OPENNVSCI_TRY(signaler_.claim(Signaler::Kind::cpu));
    if (!description_.has_timestamps) return counter_.add_one();
    const std::lock_guard lock(cpu_signals_);
    const std::uint64_t next = counter_.reached() + 1;
    counter_.timestamp(static_cast<std::uint32_t>(next % kSlots)).store(cpu_timestamp(), std::memory_order_release);
    return counter_.add_one();
}

Result<> Timeline::note_fence(std::uint64_t value) {
    OPENNVSCI_TRY(check_process());
    if (const std::uint64_t reached = counter_.reached(); is_too_far_ahead(value, reached)) {
        return fail(NvSciError_Overflow,
                    fmt::format("value is {}, 2^63 or more ahead of the {} reached", value, reached));
    }
    values_.note(value);
    return {};
}

Result<std::uint64_t> Timeline::signal(const driver::StreamPlace& stream) {
    OPENNVSCI_TRY(check_process());
    OPENNVSCI_TRY_ASSIGN(value, streams_.signal(stream));
    return value;
}

Result<> Timeline::wait(const driver::StreamPlace& stream, std::uint64_t value) {
    OPENNVSCI_TRY(check_process());
    return streams_.wait(stream, value);
}

Result<> Timeline::prepare(const driver::ContextWatch* context) {
    OPENNVSCI_TRY(streams_.prepare(context));
    if (!description_.is_signaled_elsewhere) return {};
    const std::lock_guard lock(peers_);
    needs_watch_ = true;
    return watch_signaler();
}

Result<> Timeline::attach(const std::shared_ptr<TimelineSemaphore>& semaphore) {
    OPENNVSCI_TRY(check_process());
    if (!relay_) return streams_.attach(semaphore);
    OPENNVSCI_TRY(relay_thread::add(number_));
    struct Registration {
        std::uint64_t number;
        ~Registration() {
            if (number != 0) relay_thread::remove(number);
        }
    } registration{number_};
    OPENNVSCI_TRY(streams_.attach(semaphore));
    registration.number = 0;
    return {};
}

// Memory may be missing only where streams are let go, which whoever looks next goes on with.
void Timeline::detach(const TimelineSemaphore& semaphore) noexcept {
    if (!is_of_this_process()) return;
    if (signaling_semaphore_.load() == semaphore.number()) end_vulkan_signals(Cause::vulkan_pool_gone);
    counter_.semaphore()->detach(semaphore);
    if (relay_) relay_thread::remove(number_);
}

void Timeline::end_vulkan_signals(Cause why) noexcept try {
    if (relay_) return relay_->end(signaling_semaphore_.load(), why);
    look_at_semaphore();
    streams_.lose_semaphore(why);
} catch (const std::bad_alloc&) {
}

bool Timeline::try_end_relay(Cause why) noexcept try {
    return relay_->try_end(signaling_semaphore_.load(), why);
} catch (const std::bad_alloc&) {
    return true;
}

Result<std::uint64_t> Timeline::hand_out_to(const TimelineSemaphore& semaphore) {
    OPENNVSCI_TRY(check_process());
    std::uint64_t known = 0;
    if (!signaling_semaphore_.compare_exchange_strong(known, semaphore.number()) && known != semaphore.number()) {
        return fail(NvSciError_InvalidState,
                    "another Vulkan semaphore pool signals the object, or did; an object is signaled from one pool");
    }
    if (counter_.is_broken()) return streams_.lost();
    if (!relay_) return values_.hand_out();
    OPENNVSCI_TRY(signaler_.claim(Signaler::Kind::cpu));  // it signals what streams wait for
    if (counter_.reached() > values_.handed_out()) {
        return fail(NvSciError_InvalidState,
                    fmt::format("the object has reached {}, and Vulkan was to signal {} next: another import of it "
                                "signals too, or a peer has changed its payload",
                                counter_.reached(), values_.handed_out() + 1));
    }
    const std::uint64_t value = values_.hand_out();
    relay_->expect(value);
    carry();
    return value;
}

Result<> Timeline::note_vulkan_wait(std::uint64_t value) {
    OPENNVSCI_TRY(check_process());
    OPENNVSCI_TRY(streams_.note_vulkan_wait(value));
    if (!relay_) return {};
    relay_->expect_wait(value);
    carry();
    if (counter_.is_lost(value)) return streams_.lost();  // whoever found that may have known nothing of this wait
    if (!relay_thread::has_ended() || is_passed(value)) return {};
    return relay_thread::ended();
}

void Timeline::carry() {
    if (relay_->carry(signaling_semaphore_.load()) != SemaphoreRelay::Carried::all) relay_thread::wake();
}

// Memory may be missing only where streams are let go, which the next look goes on with.
SemaphoreRelay::Carried Timeline::relay(bool looks_for_losses) noexcept {
    if (!relay_ || !is_of_this_process()) return SemaphoreRelay::Carried::all;
    try {
        if (looks_for_losses && relay_->way() == SemaphoreRelay::Way::to_vulkan) look(UINT64_MAX);
        return relay_->carry(signaling_semaphore_.load());
    } catch (const std::bad_alloc&) {
        return SemaphoreRelay::Carried::nothing;
    }
}

void Timeline::look_at_semaphore() {
    if (!is_of_this_process()) return;
    if (relay_) {
        relay_->carry(signaling_semaphore_.load());
    } else {
        streams_.look_at_semaphore(signaling_semaphore_.load());
    }
}

Result<Timeline::Identity> Timeline::identity() {
    OPENNVSCI_TRY(check_process());
    const std::lock_guard lock(peers_);
    if (identity_ == Identity{}) {
        OPENNVSCI_TRY_ASSIGN(first, ipc::random_number());
        OPENNVSCI_TRY_ASSIGN(second, ipc::random_number());
        identity_ = Identity{{first, second}};
    }
    return identity_;
}

Result<> Timeline::add_mirror(Mirror mirror) {
    OPENNVSCI_TRY(check_process());
    return streams_.add_mirror(std::move(mirror));
}

Result<> Timeline::add_sharer(const std::shared_ptr<ipc::Link>& link, bool is_signaler) {
    OPENNVSCI_TRY(check_process());
    const std::lock_guard lock(peers_);
    std::erase_if(sharers_, [&](const auto& known) {
        return known == link || (known.get() != streams_.signaler() && !known->is_peer_alive());
    });
    sharers_.push_back(link);
    if (!description_.is_signaled_elsewhere) return {};
    if (is_signaler) {
        streams_.set_signaler(link.get());
    } else {
        needs_watch_ = true;  // the sharer does not see when the signaler is gone
    }
    return watch_signaler();
}

// With the lock of the peers. By number, for the timeline may end while the watch looks.
Result<> Timeline::watch_signaler() {
    const auto link = std::find_if(sharers_.begin(), sharers_.end(),
                                   [&](const auto& known) { return known.get() == streams_.signaler(); });
    if (!needs_watch_ || watch_ || link == sharers_.end()) return {};
    const auto is_to_be_told_again = [number = number_, end = std::chrono::steady_clock::time_point{}]() mutable {
        const auto now = std::chrono::steady_clock::now();
        if (end == std::chrono::steady_clock::time_point{}) end = now + kLastWrites;
        const auto timeline = Timelines::instance().acquire(number);
        if (!timeline) return false;
        (*timeline)->look_at_signaler();
        return now < end;
    };
    OPENNVSCI_TRY_ASSIGN(watch, ipc::Watch::add(*link, is_to_be_told_again));
    watch_ = watch;
    return {};
}

void Timeline::look_at_signaler() noexcept {
    if (!is_of_this_process()) return;  // a forked child has no link, and the words are its parent's
    const ipc::Link* const link = streams_.signaler();
    if (link != nullptr && !link->is_peer_alive()) streams_.lose_signaler();
}

// A fence of what a peer will signal goes on without its object.
bool Timeline::is_idle() {
    if (description_.is_signaled_elsewhere && streams_.signaler() != nullptr) {
        look_at_signaler();
        if (!counter_.is_broken() && values_.greatest() > counter_.reached()) return false;
    }
    return streams_.is_idle();
}

std::optional<std::uint64_t> Timeline::last_value_if_lost() const noexcept {
    const std::uint64_t last = counter_.reached();
    if (last >= values_.greatest() && !counter_.is_lost(values_.greatest())) return std::nullopt;
    return last;
}

}  // namespace opennvsci::sync
