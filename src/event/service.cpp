// SPDX-License-Identifier: Apache-2.0
#include "event/service.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/os.h"
#include "base/process.h"
#include "event/state.h"

namespace opennvsci::event {
namespace {

constinit std::mutex g_mutex;
constinit Objects g_objects;

[[gnu::constructor]] void guard_events_across_fork() {
    process::guard_across_fork(g_mutex);
}

tl::unexpected<Error> no_live_object(const void* address, const char* what) {
    if (address == nullptr) return fail(NvSciError_BadParameter, fmt::format("the {} is NULL", what));
    return fail(NvSciError_BadParameter,
                fmt::format("{} is no live {}: it was deleted, or never was one", fmt::ptr(address), what));
}

tl::unexpected<Error> of_the_parent(const void* address, const char* what) {
    return fail(
        NvSciError_BadParameter,
        fmt::format("the {} {} belongs to the process that forked this one; make one here", what, fmt::ptr(address)));
}

/// Takes the source of a notifier that is deleted out of its service. Returns the service.
std::shared_ptr<Service> take_out(const std::shared_ptr<Source>& source) {
    std::shared_ptr<Service> service = std::exchange(source->service, nullptr);
    source->notifier = nullptr;
    std::erase(service->sources, source);
    return service;
}

/// A notifier for a source that is in no service yet. Changes nothing if it throws.
NvSciEventNotifier* add_notifier(const std::shared_ptr<Service>& service, const std::shared_ptr<Source>& source) {
    service->sources.push_back(source);
    NotifierObject* given = nullptr;
    try {
        given = &g_objects.notifiers.give();
    } catch (...) {
        service->sources.pop_back();
        throw;
    }
    NotifierObject& object = *given;
    object.members = service->members.notifier;
    object.source = source;
    object.maker = service->maker;
    source->notifier = &object.members;
    source->service = service;
    return &object.members;
}

Result<> require_not_deleted(const Service& service) {
    if (!service.is_deleted) return {};
    return fail(NvSciError_InvalidState, "the event service has been deleted");
}

/// Ends an object of a pool. In a forked child what it stands for is the parent's: it is let go of without being ended.
template <class Object, class Kept>
void end_object(Pool<Object>& pool, Object& object, std::shared_ptr<Kept> Object::*kept, bool is_own) {
    if (!is_own) (void)new std::shared_ptr<Kept>(std::move(object.*kept));
    (object.*kept).reset();
    pool.take_back(object);
}

}  // namespace

Locked lock() {
    return Locked(g_mutex);
}

Objects& objects() noexcept {
    return g_objects;
}

Result<std::shared_ptr<Service>> service_at(const void* address) {
    ServiceObject* const object = g_objects.services.find(address);
    if (object == nullptr) return no_live_object(address, "event service");
    if (object->service->maker != process::token()) return of_the_parent(address, "event service");
    return object->service;
}

Result<std::shared_ptr<Source>> source_at(const NvSciEventNotifier* notifier) {
    NotifierObject* const object = g_objects.notifiers.find(notifier);
    if (object == nullptr) return no_live_object(notifier, "notifier");
    if (object->maker != process::token()) return of_the_parent(notifier, "notifier");
    return object->source;
}

Result<> wake(const Service& service) {
    for (;;) {
        if (::eventfd_write(service.wake.get(), 1) == 0) return {};
        if (errno == EAGAIN) return {};  // it is readable already
        if (errno != EINTR) return os::os_error("write to an eventfd");
    }
}

Result<NvSciEventLoopService*> create_service(const Members& members, bool allows_infinite_wait) {
    UniqueFd made(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!made) return os::os_error("eventfd");
    auto service = std::make_shared<Service>(members, allows_infinite_wait, process::token(), std::move(made));
    const Locked locked = lock();
    ServiceObject& object = g_objects.services.give();
    object.members = members.service;
    object.service = std::move(service);
    return &object.members;
}

Result<std::shared_ptr<Service>> find_service(const NvSciEventService* service) {
    const Locked locked = lock();
    return service_at(service);
}

Result<NvSciEventNotifier*> create_native_notifier(const std::shared_ptr<Service>& service,
                                                   const NvSciNativeEvent& source) {
    if (source.mark != NvSciNativeEvent::kMark || source.descriptor < 0 || source.drain == nullptr)
        return fail(NvSciError_NotSupported, "native events come from the NvSci libraries; this is none of theirs");
    auto made = std::make_shared<Source>(source);
    NvSciEventNotifier* notifier = nullptr;
    {
        const Locked locked = lock();
        OPENNVSCI_TRY(require_not_deleted(*service));
        notifier = add_notifier(service, made);
        if (!made->has_handler() || !service->is_asleep) return notifier;
    }
    (void)wake(*service);  // it has a handler, which a wait that goes on is to run
    return notifier;
}

Result<NvSciLocalEvent*> create_local_event(const std::shared_ptr<Service>& service) {
    auto made = std::make_shared<Source>();
    const Locked locked = lock();
    OPENNVSCI_TRY(require_not_deleted(*service));
    LocalEventObject& object = g_objects.local_events.give();
    try {
        object.members = service->members.local_event;
        object.members.eventNotifier = add_notifier(service, made);
    } catch (...) {
        g_objects.local_events.take_back(object);
        throw;
    }
    object.source = std::move(made);
    object.maker = service->maker;
    return &object.members;
}

Result<> signal(const NvSciLocalEvent* event) {
    std::shared_ptr<Service> asleep;
    {
        const Locked locked = lock();
        LocalEventObject* const object = g_objects.local_events.find(event);
        if (object == nullptr) return no_live_object(event, "local event");
        if (object->maker != process::token()) return of_the_parent(event, "local event");
        Source& source = *object->source;
        if (std::exchange(source.is_pending, true)) return {};
        if (source.service != nullptr && source.service->is_asleep) asleep = source.service;
    }
    return asleep ? wake(*asleep) : Result<>{};
}

Result<> set_handler(const NvSciEventNotifier* notifier, void (*callback)(void*), void* cookie,
                     std::uint32_t priority) {
    if (priority >= NV_SCI_EVENT_PRIORITIES)
        return fail(NvSciError_BadParameter,
                    fmt::format("priority {} is not one of 0 to {}", priority, NV_SCI_EVENT_PRIORITIES - 1));
    std::shared_ptr<Service> asleep;
    {
        const Locked locked = lock();
        OPENNVSCI_TRY_ASSIGN(source, source_at(notifier));
        if (source->native.handler != nullptr)
            return fail(NvSciError_NotPermitted, "this notifier belongs to a library, which handles its events itself");
        source->callback = callback;
        source->cookie = cookie;
        if (callback != nullptr && source->service->is_asleep) asleep = source->service;
    }
    if (asleep) OPENNVSCI_TRY(wake(*asleep));
    return {};
}

Result<> move_notifier(const NvSciEventService* from, const NvSciEventService* to, const NvSciEventNotifier* notifier) {
    std::shared_ptr<Service> asleep;
    {
        const Locked locked = lock();
        OPENNVSCI_TRY_ASSIGN(old_service, service_at(from));
        OPENNVSCI_TRY_ASSIGN(new_service, service_at(to));
        OPENNVSCI_TRY_ASSIGN(source, source_at(notifier));
        if (source->service != old_service)
            return fail(NvSciError_BadParameter, "the notifier is not one of the service it shall leave");
        if (source->native.handler != nullptr)
            return fail(NvSciError_NotPermitted, "this notifier belongs to a library, which made it for its service");
        if (source->is_handled_now) return fail(NvSciError_InvalidState, "the handler of the notifier is running");
        if (old_service->is_waited_on && source->wanted_by == old_service->wait_number)
            return fail(NvSciError_InvalidState, "a thread is waiting for the notifier");
        pollfd readable{.fd = source->native.descriptor, .events = POLLIN, .revents = 0};
        if (source->is_pending || (!source->is_local && ::poll(&readable, 1, 0) != 0))
            return fail(NvSciError_InvalidState, "an event is pending on the notifier; wait for it, then move it");
        if (old_service == new_service) return {};
        new_service->sources.push_back(source);
        std::erase(old_service->sources, source);
        source->service = new_service;
        // The old service's wait finds out when it looks again.
        if (source->has_handler() && new_service->is_asleep) asleep = new_service;
    }
    if (asleep) OPENNVSCI_TRY(wake(*asleep));
    return {};
}

Result<> delete_service(const NvSciEventService* service) {
    std::shared_ptr<Service> ended;  // outlives the lock
    {
        const Locked locked = lock();
        ServiceObject* const object = g_objects.services.find(service);
        if (object == nullptr) return no_live_object(service, "event service");
        const bool is_own = object->service->maker == process::token();
        if (is_own) {
            ended = object->service;
            ended->is_deleted = true;
        }
        end_object(g_objects.services, *object, &ServiceObject::service, is_own);
        if (ended == nullptr || !ended->is_asleep) return {};
    }
    return wake(*ended);
}

Result<> delete_notifier(const NvSciEventNotifier* notifier) {
    std::shared_ptr<Source> ended;  // these outlive the lock
    std::shared_ptr<Service> service;
    bool is_asleep = false;
    {
        const Locked locked = lock();
        NotifierObject* const object = g_objects.notifiers.find(notifier);
        if (object == nullptr) return no_live_object(notifier, "notifier");
        const bool is_own = object->maker == process::token();
        if (is_own) {
            ended = object->source;
            service = take_out(ended);
            is_asleep = service->is_asleep;
        }
        end_object(g_objects.notifiers, *object, &NotifierObject::source, is_own);
    }
    if (ended == nullptr) return {};
    if (ended->native.deleted != nullptr) ended->native.deleted(ended->native.owner.get());
    if (is_asleep) OPENNVSCI_TRY(wake(*service));  // so that it lets go of the descriptor
    return {};
}

Result<> delete_local_event(const NvSciLocalEvent* event) {
    const Locked locked = lock();
    LocalEventObject* const object = g_objects.local_events.find(event);
    if (object == nullptr) return no_live_object(event, "local event");
    end_object(g_objects.local_events, *object, &LocalEventObject::source, object->maker == process::token());
    return {};
}

}  // namespace opennvsci::event
