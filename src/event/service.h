// SPDX-License-Identifier: Apache-2.0
//
// The event services of the process: what stands behind the structs of nvscievent.h, which programs hold by address
// and whose members they call themselves.
//
// An object that a program holds lies in memory that is never given back (event/pool.h), so an address that is no live
// object, whatever it is, is told from one that is without reading it; an address that was given out again is not. What
// it stands for is shared: a notifier keeps its service, and a wait keeps what it polls, so everything may be ended in
// any order and while others use it, and its resources go with the last that needs them.
//
// One thread waits on a service at a time, and runs the handlers. No lock is held while it sleeps, drains or runs one.
// Everything else may be called at any time, also from handlers: notifiers that come, go, move or get a handler wake
// the wait, which looks again. All state is guarded by one lock of the process, held for moments.
//
// A forked child owns nothing of its parent's: to it their addresses are no live objects, except that it may delete
// them, which ends nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "event/native_event.h"
#include "nvscievent.h"

namespace opennvsci::event {

/// The state of one service.
class Service;

/// What every object gets as its public members. They come from above, with the service, because what they do first
/// and last, such as keeping the text of a failure, is the business of the interface.
struct Members {
    NvSciEventLoopService service;
    NvSciEventNotifier notifier;
    NvSciLocalEvent local_event;  // its notifier is filled in
};

/// A service; `allows_infinite_wait` is false for those of NvSciEventLoopServiceCreateSafeX.
/// Errors: ResourceError if the system gives no descriptor.
[[nodiscard]] Result<NvSciEventLoopService*> create_service(const Members& members, bool allows_infinite_wait);

/// What the service is, for those that keep it: it stays usable until it is deleted, and a value after that.
/// Errors: BadParameter if it is not a live service.
[[nodiscard]] Result<std::shared_ptr<Service>> find_service(const NvSciEventService* service);

/// A notifier of the service for an event source of another library. Errors: NotSupported if the description is none,
/// InvalidState if the service has been deleted.
[[nodiscard]] Result<NvSciEventNotifier*> create_native_notifier(const std::shared_ptr<Service>& service,
                                                                 const NvSciNativeEvent& source);

/// A local event and its notifier, not pending.
[[nodiscard]] Result<NvSciLocalEvent*> create_local_event(const std::shared_ptr<Service>& service);

/// Makes the event pending and wakes who waits for it. An event whose notifier is deleted takes signals without effect.
/// Errors: BadParameter, ResourceError.
[[nodiscard]] Result<> signal(const NvSciLocalEvent* event);

/// Sets the handler; null for none. Errors: BadParameter, NotPermitted for a notifier with a handler of a library.
[[nodiscard]] Result<> set_handler(const NvSciEventNotifier* notifier, void (*callback)(void*), void* cookie,
                                   std::uint32_t priority);

/// Moves the notifier. Errors: BadParameter; InvalidState if an event is pending, its handler runs, or it is waited
/// for.
[[nodiscard]] Result<> move_notifier(const NvSciEventService* from, const NvSciEventService* to,
                                     const NvSciEventNotifier* notifier);

/// End an object. Errors: BadParameter if it is not alive.
[[nodiscard]] Result<> delete_service(const NvSciEventService* service);
[[nodiscard]] Result<> delete_notifier(const NvSciEventNotifier* notifier);
[[nodiscard]] Result<> delete_local_event(const NvSciLocalEvent* event);

/// Waits on the service that `notifiers`, at least one, belong to, until one of them has an event or the time is up;
/// `news`, as many, tells which had. Runs the handlers of the service meanwhile. Errors as the waits of nvscievent.h.
[[nodiscard]] Result<> wait(std::span<NvSciEventNotifier* const> notifiers, std::int64_t microseconds, bool* news);

/// The same with the service named, so that there may be no notifiers: then handlers are run until the time is up.
[[nodiscard]] Result<> wait_on(const NvSciEventService* service, std::span<NvSciEventNotifier* const> notifiers,
                               std::int64_t microseconds, bool* news);

}  // namespace opennvsci::event
