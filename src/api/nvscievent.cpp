// SPDX-License-Identifier: Apache-2.0
//
// NvSciEvent. Most of its interface are not exported functions but members of the structs that programs hold; they are
// the static functions below, which every object gets from kMembers.
#include "nvscievent.h"

#include "api/call.h"
#include "base/log.h"
#include "event/service.h"

using namespace opennvsci;  // NOLINT(google-build-using-namespace): extern "C" functions stand outside
using api::null_argument;

namespace {

// The header's numbers are those of 1.4; everything of 1.5, the wait for any event, is there too.
constexpr std::uint32_t kLatestMinor = OPENNVSCI_NVSCIEVENT_VERSION_MINOR;
static_assert(NvSciEventMajorVersion == OPENNVSCI_NVSCIEVENT_VERSION_MAJOR && NvSciEventMinorVersion <= kLatestMinor);

NvSciError create_native_event_notifier(NvSciEventService* service, NvSciNativeEvent* native,
                                        NvSciEventNotifier** out) {
    return api::call("NvSciEventService::CreateNativeEventNotifier", [&]() -> Result<> {
        if (native == nullptr) return null_argument("nativeEvent");
        if (out == nullptr) return null_argument("newEventNotifier");
        OPENNVSCI_TRY_ASSIGN(found, event::find_service(service));
        OPENNVSCI_TRY_ASSIGN(notifier, event::create_native_notifier(found, *native));
        *out = notifier;
        return {};
    });
}

NvSciError create_local_event(NvSciEventService* service, NvSciLocalEvent** out) {
    return api::call("NvSciEventService::CreateLocalEvent", [&]() -> Result<> {
        if (out == nullptr) return null_argument("newLocalEvent");
        OPENNVSCI_TRY_ASSIGN(found, event::find_service(service));
        OPENNVSCI_TRY_ASSIGN(made, event::create_local_event(found));
        *out = made;
        return {};
    });
}

NvSciError create_timer_event(NvSciEventService* service, NvSciTimerEvent** out) {
    return api::call("NvSciEventService::CreateTimerEvent", [&]() -> Result<> {
        if (out == nullptr) return null_argument("newTimerEvent");
        OPENNVSCI_TRY(event::find_service(service));
        return fail(NvSciError_NotSupported, "there are no timer events in any release; wait with a time instead");
    });
}

NvSciError create_event_loop(NvSciEventLoopService* service, NvSciEventLoop** out) {
    return api::call("NvSciEventLoopService::CreateEventLoop", [&]() -> Result<> {
        if (service == nullptr) return null_argument("eventLoopService");
        if (out == nullptr) return null_argument("eventLoop");
        OPENNVSCI_TRY(event::find_service(&service->EventService));
        return fail(NvSciError_NotSupported, "there are no event loops in any release; wait on the service instead");
    });
}

// Ends an object for a program: NULL is ignored.
template <class Object>
void delete_object(const char* function, Result<> (*end)(const Object*), const Object* object) {
    if (object == nullptr) return;
    api::void_call(function, [&] { return end(object); });
}

void delete_service(NvSciEventService* service) {
    delete_object<NvSciEventService>("NvSciEventService::Delete", event::delete_service, service);
}

void delete_notifier(NvSciEventNotifier* notifier) {
    delete_object<NvSciEventNotifier>("NvSciEventNotifier::Delete", event::delete_notifier, notifier);
}

void delete_local_event(NvSciLocalEvent* event) {
    delete_object<NvSciLocalEvent>("NvSciLocalEvent::Delete", event::delete_local_event, event);
}

NvSciError set_handler(NvSciEventNotifier* notifier, void (*callback)(void* cookie), void* cookie, uint32_t priority) {
    return api::call("NvSciEventNotifier::SetHandler",
                     [&] { return event::set_handler(notifier, callback, cookie, priority); });
}

NvSciError signal_local_event(NvSciLocalEvent* event) {
    return api::call("NvSciLocalEvent::Signal", [&] { return event::signal(event); });
}

NvSciError wait_for_event(NvSciEventNotifier* notifier, int64_t microseconds) {
    bool is_new = false;
    return api::call("NvSciEventLoopService::WaitForEvent", [&] {
        return event::wait({&notifier, 1}, microseconds, &is_new);
    });
}

NvSciError wait_for_set(const char* function, NvSciEventNotifier* const* notifiers, size_t count, int64_t microseconds,
                        bool* news) {
    return api::call(function, [&]() -> Result<> {
        if (notifiers == nullptr) return null_argument("eventNotifierArray");
        if (news == nullptr) return null_argument("newEventArray");
        if (count == 0) return fail(NvSciError_BadParameter, "eventNotifierCount is 0");
        return event::wait({notifiers, count}, microseconds, news);
    });
}

NvSciError wait_for_multiple_events(NvSciEventNotifier* const* notifiers, size_t count, int64_t microseconds,
                                    bool* news) {
    return wait_for_set("NvSciEventLoopService::WaitForMultipleEvents", notifiers, count, microseconds, news);
}

NvSciError wait_for_any_event(NvSciEventNotifier* const* notifiers, size_t count, int64_t microseconds, bool* news) {
    return wait_for_set("NvSciEventLoopService::WaitForAnyEvent", notifiers, count, microseconds, news);
}

NvSciError wait_for_multiple_events_ext(NvSciEventService* service, NvSciEventNotifier* const* notifiers, size_t count,
                                        int64_t microseconds, bool* news) {
    return api::call("NvSciEventLoopService::WaitForMultipleEventsExt", [&]() -> Result<> {
        if ((notifiers == nullptr) != (count == 0))
            return fail(NvSciError_BadParameter,
                        "eventNotifierArray and eventNotifierCount: NULL goes with 0, and only with 0");
        if ((notifiers == nullptr) != (news == nullptr))
            return fail(NvSciError_BadParameter,
                        "eventNotifierArray and newEventArray: either is NULL if the other is, and only then");
        return event::wait_on(service, {notifiers, count}, microseconds, news);
    });
}

constexpr event::Members kMembers{
    .service =
        {
            .EventService =
                {
                    .CreateNativeEventNotifier = create_native_event_notifier,
                    .CreateLocalEvent = create_local_event,
                    .CreateTimerEvent = create_timer_event,
                    .Delete = delete_service,
                },
            .CreateEventLoop = create_event_loop,
            .WaitForEvent = wait_for_event,
            .WaitForMultipleEvents = wait_for_multiple_events,
            .WaitForMultipleEventsExt = wait_for_multiple_events_ext,
            .WaitForAnyEvent = wait_for_any_event,
        },
    .notifier = {.SetHandler = set_handler, .Delete = delete_notifier},
    .local_event = {.eventNotifier = nullptr, .Signal = signal_local_event, .Delete = delete_local_event},
};

NvSciError create_service(const char* function, size_t loops, const void* config, NvSciEventLoopService** out,
                          bool allows_infinite_wait) {
    return api::call(function, [&]() -> Result<> {
        if (out == nullptr) return null_argument("newEventLoopService");
        if (loops != 1) return fail(NvSciError_BadParameter, "maxEventLoops must be 1");
        if (config != nullptr) return fail(NvSciError_BadParameter, "config must be NULL on Linux");
        log::tell_unknown_level();
        OPENNVSCI_TRY_ASSIGN(service, event::create_service(kMembers, allows_infinite_wait));
        *out = service;
        return {};
    });
}

}  // namespace

NvSciError NvSciEventLoopServiceCreate(size_t maxEventLoops, NvSciEventLoopService** newEventLoopService) {
    return create_service("NvSciEventLoopServiceCreate", maxEventLoops, nullptr, newEventLoopService, true);
}

NvSciError NvSciEventLoopServiceCreateSafe(size_t maxEventLoops, void* config,
                                           NvSciEventLoopService** newEventLoopService) {
    return create_service("NvSciEventLoopServiceCreateSafe", maxEventLoops, config, newEventLoopService, true);
}

NvSciError NvSciEventLoopServiceCreateSafeX(size_t maxEventLoops, void* config,
                                            NvSciEventLoopService** newEventLoopService) {
    return create_service("NvSciEventLoopServiceCreateSafeX", maxEventLoops, config, newEventLoopService, false);
}

NvSciError NvSciEventMoveNotifier(NvSciEventService* oldEventService, NvSciEventService* newEventService,
                                  NvSciEventNotifier* eventNotifier) {
    return api::call("NvSciEventMoveNotifier",
                     [&] { return event::move_notifier(oldEventService, newEventService, eventNotifier); });
}

NvSciError NvSciEventCheckVersionCompatibility(uint32_t majorVer, uint32_t minorVer, bool* isCompatible) {
    return api::call("NvSciEventCheckVersionCompatibility", [&]() -> Result<> {
        if (isCompatible == nullptr) return null_argument("isCompatible");
        *isCompatible = majorVer == NvSciEventMajorVersion && minorVer <= kLatestMinor;
        return {};
    });
}
