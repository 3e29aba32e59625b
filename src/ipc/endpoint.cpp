// SPDX-License-Identifier: Apache-2.0
#include "ipc/endpoint.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "base/log.h"
#include "base/os.h"
#include "base/process.h"
#include "base/thread_number.h"
#include "ipc/random.h"
#include "nvsciipc.h"

namespace opennvsci::ipc {
namespace {

constexpr std::size_t kMostFormer = 4;      // generations of peers whose exports may not all be imported yet
constexpr std::size_t kMostStrangers = 16;  // a peer sends its greeting right after it has connected
constexpr int kMostAccepted = 64;           // of one call; the rest comes with the next
constexpr int kMostSteps = 4;               // of one call; an honest peer leads through three
// A thread that waits for room gets that many looks of others at the same endpoint to find it, and that long.
constexpr std::uint32_t kPatience = 10'000;
constexpr std::chrono::seconds kLongestUnscheduled{10};

[[gnu::cold]] tl::unexpected<Error> closed() {
    return fail(NvSciError_BadParameter, "the endpoint was closed meanwhile, by another thread");
}

}  // namespace

Endpoint::Endpoint(LinkTerms terms)
    : owner_(process::token()), terms_(std::move(terms)), outgoing_(terms_.shape), incoming_(terms_.shape) {
    former_links_.reserve(kMostFormer + 1);
    strangers_.reserve(kMostStrangers);
}

Result<std::shared_ptr<Endpoint>> Endpoint::open(ChannelEnd end) {
    if (end.channel.backend == Backend::other) {
        return fail(NvSciError_NotSupported,
                    fmt::format("endpoint {} is of a channel of the kind {}: only INTER_THREAD and INTER_PROCESS work "
                                "here",
                                end.name(), end.channel.backend_name));
    }
    OPENNVSCI_TRY_ASSIGN(instance, random_number());
    OPENNVSCI_TRY_ASSIGN(doorbell, Doorbell::create());
    std::shared_ptr<Endpoint> made(new Endpoint({
        .own_name = end.name(),
        .peer_name = end.peer_name(),
        .shape = {end.channel.frames, end.channel.frame_size},
        .instance = instance,
        .doorbell = doorbell,
        .is_shown = end.channel.backend == Backend::process,
    }));
    made->poller_ = ProcessFd::make([] { return ::epoll_create1(EPOLL_CLOEXEC); });
    if (!made->poller_) return os::os_error("epoll_create1");
    OPENNVSCI_TRY(made->watch(doorbell->descriptor()));
    doorbell->ring();  // nothing is armed yet

    ProcessFd socket;
    OPENNVSCI_TRY_ASSIGN(rendezvous, Rendezvous::open(end, doorbell, socket));
    made->rendezvous_ = std::move(rendezvous);
    if (made->rendezvous_->descriptor() >= 0) OPENNVSCI_TRY(made->watch(made->rendezvous_->descriptor()));
    const std::lock_guard lock(made->mutex_);
    if (socket) {
        auto link = Link::connect(std::move(socket), made->terms_);
        // A peer that has closed meanwhile is as good as one that was not there.
        if (!link && link.error().code != NvSciError_ConnectionReset)
            return tl::make_unexpected(std::move(link).error());
        if (link) made->add_link(std::move(*link));
    }
    made->show_state();
    overview::enlist(end, made);
    return made;
}

void Endpoint::close() noexcept {
    if (owner_ != process::token()) return;
    std::unique_ptr<Rendezvous> rendezvous;  // ends after all links, when the endpoint is free
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_closed_, true)) return;
    // A word that asks for a connection would be taken for one of the next peer's. One that says established stays, so
    // that a peer that has not seen it yet gets there (nvsciipc.md 5.2).
    if (link_ != nullptr && (standing_.state == State::sync || standing_.state == State::ack))
        link_->rings()->own().state.store(Standing{}.word(), std::memory_order_seq_cst);
    standing_ = {};
    must_tell_connection_ = must_tell_own_reset_ = must_tell_peers_reset_ = false;
    outgoing_.detach();
    incoming_.detach();
    for (const auto& link : {link_, next_link_}) {
        if (link != nullptr) unwatch(link->watch_descriptor());
    }
    link_ = next_link_ = nullptr;
    former_links_.clear();
    strangers_.clear();
    rendezvous.swap(rendezvous_);
}

Result<> Endpoint::require_owner() const {
    if (owner_ == process::token()) [[likely]]
        return {};
    return fail(NvSciError_InvalidState,
                fmt::format("endpoint {} is of the process that opened it, not of a child forked from that", name()));
}

Result<> Endpoint::watch(int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP;
    event.data.fd = descriptor;
    if (::epoll_ctl(poller_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) return os::os_error("epoll_ctl");
    return {};
}

void Endpoint::warn(const Error& error) const {
    log::write(log::Level::warning, fmt::format("endpoint {}: {}", name(), error.text));
}

void Endpoint::unwatch(int descriptor) noexcept {
    epoll_event event{};
    ::epoll_ctl(poller_.get(), EPOLL_CTL_DEL, descriptor, &event);
}

// Peers

bool Endpoint::accept_peers() {
    if (rendezvous_ == nullptr) return false;
    const std::size_t before = met_count_;
    for (int count = 0; count < kMostAccepted; ++count) {
        ProcessFd socket = rendezvous_->accept();
        if (!socket) break;
        if (strangers_.size() == kMostStrangers) strangers_.erase(strangers_.begin());
        if (const auto watched = watch(socket.get()); !watched) warn(watched.error());
        strangers_.push_back({++last_stranger_, std::move(socket)});
    }
    for (auto stranger = strangers_.begin(); stranger != strangers_.end();)
        stranger = greet(*stranger) ? strangers_.erase(stranger) : stranger + 1;
    return met_count_ != before;
}

// Makes a link of a socket; true if the socket is done with.
bool Endpoint::greet(Stranger& stranger) {
    const int descriptor = stranger.socket.get();
    auto link = Link::accept(stranger.socket, terms_);
    if (!link) {
        log::write(log::Level::warning, link.error().text);
        return true;
    }
    if (*link == nullptr) return false;
    unwatch(descriptor);
    if (stranger.number < peer_number_) {  // its greeting is read late, and somebody has connected since
        keep_former(std::move(*link));
        return true;
    }
    peer_number_ = stranger.number;
    add_link(std::move(*link));
    return true;
}

// The newest link is the one of a peer that is there: an endpoint is open once.
void Endpoint::add_link(std::shared_ptr<Link> link) {
    ++met_count_;
    if (const auto watched = watch(link->watch_descriptor()); !watched) warn(watched.error());
    if (next_link_ != nullptr) {
        unwatch(next_link_->watch_descriptor());
        keep_former(std::move(next_link_));
    }
    next_link_ = std::move(link);
    if (link_ == nullptr) switch_to_next_link(standing_);
}

void Endpoint::switch_to_next_link(Standing standing) {
    if (link_ != nullptr) {
        unwatch(link_->watch_descriptor());
        keep_former(std::move(link_));
    }
    link_ = std::move(next_link_);
    next_link_ = nullptr;
    outgoing_.attach(link_);
    incoming_.attach(link_);
    standing_ = standing;
    show_state();
}

void Endpoint::keep_former(std::shared_ptr<Link> link) {
    link->drain();
    former_links_.push_back(std::move(link));
    std::erase_if(former_links_, [](const auto& former) { return !former->is_peer_alive() && !former->has_parked(); });
    if (former_links_.size() > kMostFormer) former_links_.erase(former_links_.begin());
}

Result<std::shared_ptr<Link>> Endpoint::link() {
    OPENNVSCI_TRY(require_owner());
    const std::lock_guard lock(mutex_);
    if (accept_peers()) keep_readable();
    const std::shared_ptr<Link>& newest = next_link_ != nullptr ? next_link_ : link_;
    if (newest != nullptr && newest->is_peer_alive()) return newest;
    return fail(NvSciError_ResourceError,
                newest == nullptr
                    ? fmt::format("peer {} has not opened its endpoint yet: nothing can be exported to it "
                                  "before",
                                  peer_name())
                    : fmt::format("peer {} is gone", peer_name()));
}

Result<std::shared_ptr<Link>> Endpoint::link_from(std::uint64_t peer_instance) {
    OPENNVSCI_TRY(require_owner());
    const std::lock_guard lock(mutex_);
    if (peer_instance != 0) {
        if (auto known = find_link(peer_instance)) return known;
        // A peer that this end has connected to says who it is when it looks; one that has connected waits.
        bool is_readable_less = accept_peers();
        for (const auto& link : {link_, next_link_})
            is_readable_less = (link != nullptr && link->drain()) || is_readable_less;
        if (is_readable_less) keep_readable();
        if (auto known = find_link(peer_instance)) return known;
    }
    return fail_unmet(NvSciError_BadParameter, {"endpoint " + name(), "another exporter", "peer " + peer_name()},
                      "this was not exported to {what} by its {needed}: it is of another channel, or of an opening of "
                      "the peer that is long over");
}

std::shared_ptr<Link> Endpoint::find_link(std::uint64_t peer_instance) const noexcept {
    for (const auto& link : {next_link_, link_}) {
        if (link != nullptr && link->peer_instance() == peer_instance) return link;
    }
    const auto found = std::find_if(former_links_.begin(), former_links_.end(),
                                    [&](const auto& link) { return link->peer_instance() == peer_instance; });
    return found == former_links_.end() ? nullptr : *found;
}

// The connection

Standing Endpoint::peer_standing(const Link* link) noexcept {
    return link == nullptr ? Standing{} : Standing::of(link->rings()->peer().state.load(std::memory_order_acquire));
}

void Endpoint::notify() const noexcept {
    if (link_ == nullptr || !notifies_) return;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    link_->knock_if_armed();
}

void Endpoint::show_state() noexcept {
    if (link_ != nullptr) {
        link_->rings()->own().state.store(standing_.word(), std::memory_order_release);
        notify();
    }
    if (rendezvous_ != nullptr) rendezvous_->describe(activity());
}

Activity Endpoint::activity() const noexcept {
    if (link_ == nullptr) return {.state = standing_.state};
    return {standing_.state, link_->session(), link_->rings()->file(), link_->rings()->side()};
}

std::optional<overview::Glimpse> Endpoint::glimpse() {
    if (owner_ != process::token()) return std::nullopt;
    const std::lock_guard lock(mutex_);
    if (is_closed_) return std::nullopt;
    overview::Glimpse seen{standing_.state, 0, overview::Waiting{}};
    if (link_ == nullptr) return seen;
    const RingMemory& rings = *link_->rings();
    seen.session = link_->session();
    seen.waiting = overview::waiting_for(overview::Words::of(rings.own()), overview::Words::of(rings.peer()),
                                         standing_.state, terms_.shape);
    return seen;
}

void Endpoint::enter(Standing next, bool clears) {
    if (standing_.state == State::established) must_tell_connection_ = false;
    outgoing_.connect(false);
    incoming_.connect(false);
    if (clears && link_ != nullptr) {
        outgoing_.clear();
        incoming_.clear();
    }
    standing_ = next;
    // The queues are used only while the word says so: a peer that resets meanwhile clears its counters according to
    // it.
    show_state();
    if (next.state != State::established) return;
    must_tell_connection_ = true;
    must_tell_own_reset_ = false;
    outgoing_.connect(true);
    incoming_.connect(true);
}

// One step; false if there is none to be done.
bool Endpoint::advance() {
    const Standing peer = peer_standing(link_.get());
    const auto step = next_step(standing_, peer);
    if (next_link_ != nullptr) {
        // The peer of the older link is gone. If it got as far as to be connected with this end, so does this end.
        const bool is_owed = step && standing_.state == State::ack && peer.state == State::established;
        const Standing asked = peer_standing(next_link_.get());
        if (standing_.state == State::established) {
            if (asked.state != State::sync || !next_link_->is_peer_alive()) return false;
            must_tell_connection_ = false;
            must_tell_peers_reset_ = true;
            switch_to_next_link(standing_.with(State::ack, asked.resets));
            return true;
        }
        if (!is_owed) {
            switch_to_next_link(standing_.with(standing_.state == State::closed ? State::closed : State::sync, 0));
            return true;
        }
    }
    if (!step) return false;
    // Nobody stands behind a wish that a dead process left.
    if ((peer.state == State::sync || peer.state == State::ack) && !link_->is_peer_alive()) return false;
    const bool is_peers_reset = standing_.state == State::established;
    enter(step->next, step->clears);
    if (is_peers_reset) must_tell_peers_reset_ = true;
    return true;
}

// A peer that answers each state with the one that leads on could go on for ever.
bool Endpoint::advance_far() {
    for (int steps = 0; steps < kMostSteps; ++steps) {
        if (!advance()) return false;
    }
    return true;
}

Result<> Endpoint::reset() {
    OPENNVSCI_TRY(require_owner());
    const std::lock_guard lock(mutex_);
    if (is_closed_) return closed();
    accept_peers();
    enter(standing_.after_reset(), false);
    must_tell_own_reset_ = true;
    advance_far();
    keep_readable();
    return {};
}

// Events

std::uint32_t Endpoint::levels() const noexcept {
    if (standing_.state != State::established) return 0;
    std::uint32_t bits = 0;
    const std::uint64_t unread = outgoing_.unread();
    if (unread == 0) bits |= NV_SCI_IPC_EVENT_WRITE_EMPTY;
    if (unread < terms_.shape.frames) bits |= NV_SCI_IPC_EVENT_WRITE;
    if (incoming_.available() > 0) bits |= NV_SCI_IPC_EVENT_READ;
    return bits;
}

bool Endpoint::has_frames() const noexcept {
    return standing_.state == State::established && incoming_.available() > 0;
}

bool Endpoint::is_armed() const noexcept {
    return link_ != nullptr && link_->rings()->own().armed.load(std::memory_order_relaxed) != 0;
}

void Endpoint::arm() noexcept {
    for (const Link* const link : {link_.get(), next_link_.get()}) {
        if (link != nullptr) link->rings()->own().armed.store(1, std::memory_order_relaxed);
    }
    // What the peer did before it could see this is seen by whoever looks after this.
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

// Not armed any more, and readable for certain.
void Endpoint::keep_readable() noexcept {
    for (const Link* const link : {link_.get(), next_link_.get()}) {
        if (link != nullptr) link->rings()->own().armed.store(0, std::memory_order_relaxed);
    }
    terms_.doorbell->ring();
}

// Takes off everything that makes the descriptor readable.
void Endpoint::drain_all() {
    std::array<epoll_event, 8> ready{};
    const int count = ::epoll_wait(poller_.get(), ready.data(), static_cast<int>(ready.size()), 0);
    bool has_peers = false;
    for (int i = 0; i < count; ++i) {
        const int descriptor = ready[i].data.fd;
        if (descriptor == terms_.doorbell->descriptor()) {
            terms_.doorbell->drain();
            has_peers = has_peers || (rendezvous_ != nullptr && rendezvous_->descriptor() < 0);
            continue;
        }
        bool is_links = false;
        for (const auto& link : {link_, next_link_}) {
            if (link == nullptr || link->watch_descriptor() != descriptor) continue;
            is_links = true;
            link->drain();
            // The end of a peer is told once: it stays readable for ever.
            if ((ready[i].events & (EPOLLHUP | EPOLLRDHUP)) != 0) unwatch(descriptor);
        }
        has_peers = has_peers || !is_links;
    }
    if (has_peers) accept_peers();
}

Result<std::uint32_t> Endpoint::events() {
    OPENNVSCI_TRY(require_owner());
    const std::lock_guard lock(mutex_);
    if (is_closed_) return closed();
    try {
        return look();
    } catch (const std::bad_alloc&) {
        keep_readable();  // what could not be told comes again
        throw;
    }
}

std::uint32_t Endpoint::look() {
    // Frames are there, so the descriptor stays readable, and whatever made it so can wait, except for a new peer.
    const bool is_plain = standing_.state == State::established &&
                          peer_standing(link_.get()).state == State::established && next_link_ == nullptr &&
                          !must_tell_connection_ && !must_tell_peers_reset_ && !is_drained_;
    if (is_plain && !is_armed() && has_frames() && strangers_.empty() && !rendezvous_->is_visited()) {
        const std::uint32_t bits = levels();
        remember_told(bits);
        return bits;
    }

    drain_all();
    is_drained_ = false;
    bool has_more = advance_far();
    const std::uint32_t seen = levels();
    std::uint32_t bits = seen;
    if (must_tell_own_reset_ || must_tell_peers_reset_) {
        must_tell_own_reset_ = false;
        must_tell_peers_reset_ = false;
        bits = NV_SCI_IPC_EVENT_CONN_RESET;  // alone: the next call goes on
    } else {
        if (must_tell_connection_) bits |= NV_SCI_IPC_EVENT_CONN_EST;
        must_tell_connection_ = false;
        remember_told(bits);
    }
    if (has_more || must_tell_connection_ || must_stay_readable()) {
        keep_readable();
        return bits;
    }
    arm();
    // What came between the look and the arming is told by the next call.
    has_more = advance();
    if (has_more || has_frames() || (levels() & ~seen) != 0) keep_readable();
    return bits;
}

// Of two threads that wait by one descriptor, one for frames and one for room, the first could take away what the
// second would wake by. So while frames are there it stays readable, and while there is room that a thread which was
// told of none has not been told of. Of more threads than there are places the oldest is forgotten.
void Endpoint::remember_told(std::uint32_t bits) noexcept {
    if (standing_.state != State::established) return;
    const bool has_room = (bits & NV_SCI_IPC_EVENT_WRITE) != 0;
    const std::uint32_t thread = thread_number();
    for (Waiter& waiter : waiters_) {
        if (waiter.thread == 0) continue;
        const bool is_late = has_room && --waiter.patience == 0;
        const bool is_gone = is_late && std::chrono::steady_clock::now() - waiter.told > kLongestUnscheduled;
        if (waiter.thread == thread || is_gone) {
            waiter.thread = 0;
        } else if (is_late) {
            waiter.patience = kPatience;
        }
    }
    if (has_room) return;
    auto place = std::find_if(waiters_.begin(), waiters_.end(), [](const Waiter& at) { return at.thread == 0; });
    if (place == waiters_.end()) {
        std::rotate(waiters_.begin(), waiters_.begin() + 1, waiters_.end());
        --place;
    }
    place->thread = thread;
    place->patience = kPatience;
    place->told = std::chrono::steady_clock::now();
}

bool Endpoint::must_stay_readable() const noexcept {
    if (has_frames()) return true;
    const bool is_waited_for =
        std::any_of(waiters_.begin(), waiters_.end(), [](const Waiter& waiter) { return waiter.thread != 0; });
    return is_waited_for && (levels() & NV_SCI_IPC_EVENT_WRITE) != 0;
}

Result<int> Endpoint::event_descriptor() const {
    OPENNVSCI_TRY(require_owner());
    return poller_.get();
}

Result<NvSciEventNotifier*> Endpoint::create_notifier(const std::shared_ptr<Endpoint>& endpoint) {
    OPENNVSCI_TRY(endpoint->require_owner());
    if (endpoint->has_notifier_.exchange(true)) {
        return fail(NvSciError_InvalidState,
                    fmt::format("endpoint {} has a notifier already: delete that one first", endpoint->name()));
    }
    NvSciNativeEvent source;
    source.owner = endpoint;
    source.descriptor = endpoint->poller_.get();
    source.drain = [](void* owner) noexcept { static_cast<Endpoint*>(owner)->drain_for_wait(); };
    source.deleted = [](void* owner) noexcept { static_cast<Endpoint*>(owner)->has_notifier_.store(false); };
    auto made = event::create_native_notifier(endpoint->service_, source);
    if (!made) endpoint->has_notifier_.store(false);
    return made;
}

// The wait has seen that something is new; what it is, events() tells.
void Endpoint::drain_for_wait() noexcept try {
    const std::lock_guard lock(mutex_);
    is_drained_ = true;
    drain_all();
} catch (const std::bad_alloc&) {
    // It stays readable, and the wait comes again.
}

// Frames

Result<Transfer> Endpoint::read(std::span<std::byte> bytes) {
    OPENNVSCI_TRY(require_owner());
    return incoming_.read(bytes);
}

Result<const std::byte*> Endpoint::next_to_read() {
    OPENNVSCI_TRY(require_owner());
    return incoming_.next();
}

Result<> Endpoint::release_read() {
    OPENNVSCI_TRY(require_owner());
    return result_of(incoming_.release(), kEmpty);
}

Result<Transfer> Endpoint::write(std::span<const std::byte> bytes) {
    OPENNVSCI_TRY(require_owner());
    return outgoing_.write(bytes);
}

Result<std::byte*> Endpoint::next_to_write() {
    OPENNVSCI_TRY(require_owner());
    return outgoing_.next();
}

Result<> Endpoint::post_written() {
    OPENNVSCI_TRY(require_owner());
    return result_of(outgoing_.post(), kFull);
}

Result<> Endpoint::set_notification(bool is_on) {
    OPENNVSCI_TRY(require_owner());
    const std::lock_guard lock(mutex_);
    notifies_ = is_on;
    outgoing_.set_notification(is_on);
    incoming_.set_notification(is_on);
    if (is_on) notify();  // of what was done meanwhile
    return {};
}

}  // namespace opennvsci::ipc
