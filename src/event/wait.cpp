// SPDX-License-Identifier: Apache-2.0
//
// The waits. A wait looks, sleeps, and looks again until it has something to tell:
//
//   look    under the lock: which sources are there now, and is a local event among them pending?
//   sleep   without the lock: ppoll on the descriptors of the native ones and on the service's eventfd, not at all if a
//           local event is pending. Who changes something under the lock sees whether a wait is asleep, and if so
//           writes the eventfd; so nothing that came after the look is missed.
//   serve   each source that has an event: under the lock it is made sure that it still belongs to the service, then,
//           without the lock, it is drained, and its handler runs
//
// All that was pending before a wait is served by its first round, so also before it returns.
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>

#include "base/os.h"
#include "base/process.h"
#include "event/service.h"
#include "event/state.h"

namespace opennvsci::event {
namespace {

using Clock = std::chrono::steady_clock;

// Longer times are as good as for ever, and do not overflow the clock: 30 years.
constexpr std::int64_t kLongestMicroseconds = std::int64_t{30} * 366 * 24 * 3600 * 1'000'000;

// The process in which this thread runs a handler, by token: a child that a handler forks does not run it.
thread_local std::uint64_t t_handler_of = 0;

bool is_in_handler() noexcept {
    return t_handler_of != 0 && t_handler_of == process::token();
}

// Guarded by the lock.
constinit std::uint64_t g_waits = 0;

class Wait {
  public:
    Wait(std::shared_ptr<Service> service, std::vector<std::shared_ptr<Source>> wanted, std::int64_t microseconds)
        : service_(std::move(service)), wanted_(std::move(wanted)), microseconds_(microseconds) {}

    /// Under the lock, which run() gives back: from here on it is the service's one wait.
    void begin() noexcept {
        service_->is_waited_on = true;
        service_->wait_number = number_ = ++g_waits;
        for (const auto& source : wanted_)
            source->wanted_by = number_;
    }

    ~Wait() {
        service_->looked_at.clear();
        const Locked locked = lock();
        service_->is_waited_on = false;
        service_->is_asleep = false;
    }

    Result<> run(bool* news) {
        const Clock::time_point deadline = Clock::now() + std::chrono::microseconds(microseconds_);
        for (;;) {
            OPENNVSCI_TRY_ASSIGN(is_any_pending, look());
            std::optional<Clock::duration> longest;
            if (is_any_pending || microseconds_ == 0) {
                longest = Clock::duration::zero();
            } else if (microseconds_ > 0) {
                longest = std::max(Clock::duration::zero(), deadline - Clock::now());
            }
            OPENNVSCI_TRY(sleep(longest));
            OPENNVSCI_TRY(serve());
            if (has_news_) break;
            if (microseconds_ >= 0 && (microseconds_ == 0 || Clock::now() >= deadline)) {
                std::fill_n(news, wanted_.size(), false);
                return expected_outcome(NvSciError_Timeout, fmt::format("no event within {} us", microseconds_));
            }
        }
        const Locked locked = lock();
        for (std::size_t i = 0; i < wanted_.size(); ++i)
            news[i] = wanted_[i]->fired_in == number_;
        return {};
    }

  private:
    /// Finds out which sources are there. True if one of them is known to have an event.
    Result<bool> look() {
        service_->looked_at.clear();
        polled_.clear();
        polled_.push_back({.fd = service_->wake.get(), .events = POLLIN, .revents = 0});
        const Locked locked = lock();
        if (service_->is_deleted)
            return fail(NvSciError_InvalidState, "the event service was deleted while a thread waits on it");
        bool is_any_pending = false;
        bool is_wanted_left = wanted_.empty();
        for (const auto& source : service_->sources) {
            const bool is_wanted = source->wanted_by == number_;
            is_wanted_left |= is_wanted;
            if (!is_wanted && !source->has_handler()) continue;
            service_->looked_at.push_back(source);
            is_any_pending |= source->is_pending;
            if (!source->is_local) polled_.push_back({.fd = source->native.descriptor, .events = POLLIN, .revents = 0});
        }
        if (!is_wanted_left)
            return fail(NvSciError_InvalidState, "every notifier that the wait is for has been deleted or moved");
        service_->is_asleep = true;
        return is_any_pending;
    }

    /// For ever without `longest`.
    Result<> sleep(std::optional<Clock::duration> longest) {
        int found = 0;
        if (const bool is_needed = polled_.size() > 1 || longest != Clock::duration::zero(); is_needed) {
            timespec time{};
            if (longest) {
                const auto seconds = std::chrono::floor<std::chrono::seconds>(*longest);
                time.tv_sec = seconds.count();
                time.tv_nsec = std::chrono::nanoseconds(*longest - seconds).count();
            }
            found = ::ppoll(polled_.data(), polled_.size(), longest ? &time : nullptr, nullptr);
        }
        const int number = errno;
        {
            const Locked locked = lock();
            service_->is_asleep = false;
        }
        if (found < 0 && number == EINTR)
            return expected_outcome(NvSciError_InterruptedCall, "a signal interrupted the wait; wait again");
        errno = number;
        if (found < 0) return os::os_error("ppoll");
        eventfd_t count = 0;
        if (polled_[0].revents != 0) (void)::eventfd_read(service_->wake.get(), &count);
        return {};
    }

    Result<> serve() {
        auto polled = polled_.begin() + 1;
        for (const auto& source : service_->looked_at) {
            if (!source->is_local) {
                const short found = polled++->revents;
                if (found == 0) continue;
                if ((found & POLLNVAL) != 0)
                    return fail(NvSciError_ResourceError,
                                fmt::format("descriptor {}, which a notifier stands for, is not open any more",
                                            source->native.descriptor));
            }
            serve_one(*source);
        }
        return {};
    }

    void serve_one(Source& source) {
        void (*callback)(void*) = nullptr;
        void* cookie = nullptr;
        {
            const Locked locked = lock();
            if (source.service != service_) return;  // deleted or moved meanwhile
            if (source.is_local && !source.is_pending) return;
            // A handler that was taken away meanwhile leaves the event to a later wait.
            if (source.wanted_by != number_ && !source.has_handler()) return;
            source.is_pending = false;
            source.fired_in = number_;
            has_news_ |= source.wanted_by == number_;
            callback = source.native.handler != nullptr ? source.native.handler : source.callback;
            cookie = source.native.handler != nullptr ? source.native.owner.get() : source.cookie;
            source.is_handled_now = true;
        }
        struct Handling {
            Source& source;
            std::uint64_t outside = t_handler_of;
            ~Handling() {
                t_handler_of = outside;
                const Locked locked = lock();
                source.is_handled_now = false;
            }
        } const handling{source};
        if (!source.is_local) source.native.drain(source.native.owner.get());
        if (callback == nullptr) return;
        t_handler_of = process::token();
        callback(cookie);
    }

    const std::shared_ptr<Service> service_;
    const std::vector<std::shared_ptr<Source>> wanted_;
    const std::int64_t microseconds_;
    std::uint64_t number_ = 0;
    bool has_news_ = false;
    std::vector<pollfd> polled_;  // the eventfd of the service, then the native sources of looked_at in their order
};

Result<> wait_for(const NvSciEventService* named, std::span<NvSciEventNotifier* const> notifiers,
                  std::int64_t microseconds, bool* news) {
    if (microseconds < 0 && microseconds != NV_SCI_EVENT_INFINITE_WAIT)
        return fail(NvSciError_BadParameter, fmt::format("a wait of {} us", microseconds));
    microseconds = std::min(microseconds, kLongestMicroseconds);
    Locked locked = lock();
    std::shared_ptr<Service> service;
    if (named != nullptr) {
        OPENNVSCI_TRY_ASSIGN(found, service_at(named));
        service = found;
    }
    std::vector<std::shared_ptr<Source>> wanted;
    wanted.reserve(notifiers.size());
    for (std::size_t i = 0; i < notifiers.size(); ++i) {
        auto source = source_at(notifiers[i]);
        if (!source) return fail(source.error().code, fmt::format("notifier {}: {}", i, source.error().text));
        if (service == nullptr) service = (*source)->service;
        if ((*source)->service != service)
            return fail(NvSciError_BadParameter,
                        fmt::format("notifier {} belongs to another event service than {}", i,
                                    named != nullptr ? "the one given" : "the notifier before"));
        wanted.push_back(*std::move(source));
    }
    if (microseconds < 0 && !service->allows_infinite_wait)
        return fail(NvSciError_BadParameter,
                    "a service of NvSciEventLoopServiceCreateSafeX does not wait for ever; give a time");
    if (is_in_handler())
        return fail(NvSciError_InvalidState, "a handler must not wait: return from it, and wait again there");
    if (service->is_deleted) return fail(NvSciError_InvalidState, "the event service has been deleted");
    if (service->is_waited_on)
        return fail(NvSciError_NotSupported, "another thread is waiting on this event service; only one can");
    Wait wait(std::move(service), std::move(wanted), microseconds);
    wait.begin();
    locked.unlock();
    return wait.run(news);
}

}  // namespace

Result<> wait(std::span<NvSciEventNotifier* const> notifiers, std::int64_t microseconds, bool* news) {
    return wait_for(nullptr, notifiers, microseconds, news);
}

Result<> wait_on(const NvSciEventService* service, std::span<NvSciEventNotifier* const> notifiers,
                 std::int64_t microseconds, bool* news) {
    if (service == nullptr) return fail(NvSciError_BadParameter, "the event service is NULL");
    return wait_for(service, notifiers, microseconds, news);
}

}  // namespace opennvsci::event
