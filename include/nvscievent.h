/* SPDX-License-Identifier: Apache-2.0 */

/**
 * @file nvscievent.h
 * @brief NvSciEvent: waiting for events of several NvSci libraries in one place.
 *
 * An event service makes notifiers; a notifier stands for one source of events (an NvSciIpc endpoint, a local event);
 * a loop service is an event service that a thread can wait on. All three are structs of function pointers that the
 * program calls itself, so the order of their members is ABI. No member is ever NULL.
 *
 * Rules for everything in this file:
 *  - Events carry no data and spurious wake-ups are allowed everywhere: look at the source after a wait.
 *  - An event is latched: one that came before the wait ends the wait at once.
 *  - One thread at a time waits on a service. Handlers run inside the wait call of that thread; no wait may be started
 *    from a handler.
 *  - Times are microseconds in an int64_t; #NV_SCI_EVENT_INFINITE_WAIT waits for ever. The documentation asks for at
 *    least 2000. PROPOSED (OpenNvSci decision): every value >= 0 is accepted and 0 polls; other negative values are
 *    NvSciError_BadParameter.
 *  - Functions are called from ordinary threads only, not from signal handlers.
 *  - Output parameters have a meaning only on NvSciError_Success unless stated otherwise.
 *  - PROPOSED (OpenNvSci decision): a freed, foreign or garbage object gives NvSciError_BadParameter where the function
 *    returns NvSciError; a void function ignores it and logs one line to stderr. NULL given to a Delete member is
 *    ignored. Fetching a member through a pointer that is not a live object is an access of the program itself, before
 *    any function of the library runs, and cannot be checked; nor can a freed object be told from another one of its
 *    kind that was made later and has the same address.
 *  - PROPOSED (OpenNvSci decision): a forked child owns nothing of this. It may delete what it inherited, which ends
 *    nothing, and make services of its own; everything else that is given such an object is NvSciError_BadParameter.
 *
 * Source: DRIVE OS 6.0.10 API reference (NvSciEvent 1.4) and, for NvSciEventLoopService::WaitForAnyEvent, the
 * DriveOS 7.0.3 API reference (NvSciEvent 1.5).
 */

#ifndef INCLUDED_NVSCIEVENT_H
#define INCLUDED_NVSCIEVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nvscierror.h"

#if defined(__cplusplus)
extern "C" {
#endif

/** @addtogroup events
 *  @{ */

/** Major version of the NvSciEvent interface that this header declares. */
static const uint32_t NvSciEventMajorVersion = 1U;
/** Minor version of the NvSciEvent interface that this header declares. */
static const uint32_t NvSciEventMinorVersion = 4U;

/** Timeout value: wait for ever. */
#define NV_SCI_EVENT_INFINITE_WAIT (-1)
/** Number of handler priorities. Legal priorities are 0 ... NV_SCI_EVENT_PRIORITIES - 1; they have no effect. */
#define NV_SCI_EVENT_PRIORITIES (4)

/** Makes notifiers and local events; see struct NvSciEventService. */
typedef struct NvSciEventService NvSciEventService;
/** One source of events, as seen by a waiter; see struct NvSciEventNotifier. */
typedef struct NvSciEventNotifier NvSciEventNotifier;
/** An event service that can be waited on; see struct NvSciEventLoopService. */
typedef struct NvSciEventLoopService NvSciEventLoopService;
/** Event source of the operating system; passed between NvSci libraries only, incomplete for programs. */
typedef struct NvSciNativeEvent NvSciNativeEvent;
/** An event that threads of this process signal; see struct NvSciLocalEvent. */
typedef struct NvSciLocalEvent NvSciLocalEvent;
/** Timer event; incomplete, no function makes one. */
typedef struct NvSciTimerEvent NvSciTimerEvent;
/** Event loop; incomplete, no function makes one. */
typedef struct NvSciEventLoop NvSciEventLoop;

/**
 * An event that any thread of the process can signal. Made by NvSciEventService::CreateLocalEvent, owned by the caller.
 * Source: DRIVE OS 6.0.10 API reference.
 */
struct NvSciLocalEvent {
    /**
     * Notifier of this event; made together with it. The program deletes it, through NvSciEventNotifier::Delete, before
     * it calls Delete of the local event.
     */
    NvSciEventNotifier* eventNotifier;

    /**
     * Signals the event: wakes the thread that waits on #eventNotifier, or lets its next wait return at once.
     * PROPOSED (OpenNvSci decision): the event is one pending flag, so several signals before a wait become one.
     *
     * Thread-safe; may run concurrently with a wait and with itself.
     *
     * @param[in] thisLocalEvent The local event itself.
     * @retval NvSciError_Success The event is pending.
     * @retval NvSciError_BadParameter thisLocalEvent is NULL or not a live local event.
     * @retval NvSciError_TryItAgain A queue of the kernel is full; signal again later.
     * @retval NvSciError_ResourceError The operating system failed.
     *
     * Source: DRIVE OS 6.0.10 API reference; the last code PROPOSED (OpenNvSci decision).
     */
    NvSciError (*Signal)(NvSciLocalEvent* thisLocalEvent);

    /**
     * Frees the local event. #eventNotifier is deleted before; PROPOSED (OpenNvSci decision): the other order works
     * too, and a signal after the deletion of the notifier has no effect. NULL is ignored.
     *
     * Thread-safe, provided that nobody else uses this local event.
     *
     * @param[in] thisLocalEvent The local event itself; invalid afterwards.
     *
     * Source: DRIVE OS 6.0.10 API reference; NULL: PROPOSED (OpenNvSci decision).
     */
    void (*Delete)(NvSciLocalEvent* thisLocalEvent);
};

/**
 * Makes event sources and their notifiers. Programs get one as NvSciEventLoopService::EventService and hand it to
 * libraries (for example NvSciIpcOpenEndpointWithEventService()).
 * Source: DRIVE OS 6.0.10 API reference and published header (two members are not in the generated pages).
 */
struct NvSciEventService {
    /**
     * Makes a notifier for an event source of the operating system. For NvSci libraries, not for programs.
     * PROPOSED (OpenNvSci decision): calls from programs are refused.
     *
     * Thread-safe.
     *
     * @param[in] thisEventService The service itself.
     * @param[in] nativeEvent Description of the source.
     * @param[out] newEventNotifier The notifier; owned by the caller.
     * @retval NvSciError_BadParameter An argument is NULL or thisEventService is not a live service.
     * @retval NvSciError_NotSupported Called by a program.
     *
     * Source: published header (declaration); PROPOSED (OpenNvSci decision): the behaviour.
     */
    NvSciError (*CreateNativeEventNotifier)(NvSciEventService* thisEventService, NvSciNativeEvent* nativeEvent,
                                            NvSciEventNotifier** newEventNotifier);

    /**
     * Makes a local event together with its notifier.
     *
     * Thread-safe.
     *
     * @param[in] thisEventService The service itself. It is deleted after the event and its notifier.
     * @param[out] newLocalEvent The event; the caller deletes its notifier first, then the event.
     * @retval NvSciError_Success The event exists and is not pending.
     * @retval NvSciError_BadParameter An argument is NULL or thisEventService is not a live service.
     * @retval NvSciError_InsufficientMemory Out of memory.
     * @retval NvSciError_ResourceError The operating system failed, or a descriptor limit was reached.
     * @retval NvSciError_InvalidState The service cannot take another event.
     *
     * Source: DRIVE OS 6.0.10 API reference; conditions of the last two codes PROPOSED (OpenNvSci decision).
     */
    NvSciError (*CreateLocalEvent)(NvSciEventService* thisEventService, NvSciLocalEvent** newLocalEvent);

    /**
     * Would make a timer event; no release offers them to programs.
     *
     * Thread-safe.
     *
     * @param[in] thisEventService The service itself.
     * @param[out] newTimerEvent Not written.
     * @retval NvSciError_BadParameter An argument is NULL or thisEventService is not a live service.
     * @retval NvSciError_NotSupported Always otherwise.
     *
     * Source: published header (declaration); PROPOSED (OpenNvSci decision): the behaviour.
     */
    NvSciError (*CreateTimerEvent)(NvSciEventService* thisEventService, NvSciTimerEvent** newTimerEvent);

    /**
     * Frees the service. The last call of all. If there are notifiers or local events of it left, it returns as always;
     * they can still be signalled and deleted, but not waited for, and what the service holds goes with the last of
     * them. A wait that another thread is in ends with NvSciError_InvalidState (PROPOSED, OpenNvSci decision). For a
     * loop service call it as `loop->EventService.Delete(&loop->EventService)`. NULL is ignored.
     *
     * Thread-safe, provided that nobody else uses this service.
     *
     * @param[in] thisEventService The service itself; invalid afterwards.
     *
     * Source: DRIVE OS 6.0.10 API reference; NULL: PROPOSED (OpenNvSci decision).
     */
    void (*Delete)(NvSciEventService* thisEventService);
};

/**
 * What a waiter waits on: one source of events, bound to the service that made it. Owned by whoever asked for it.
 * Source: DRIVE OS 6.0.10 API reference.
 */
struct NvSciEventNotifier {
    /**
     * Sets, replaces or removes the handler that a wait on this notifier's service calls when an event comes. It takes
     * effect at once, also for a wait that another thread is in; a handler that is running there goes on to its end.
     * A handler of one notifier never runs concurrently with itself. PROPOSED (OpenNvSci decision): an event with a
     * handler also counts in the newEventArray of a wait.
     *
     * Thread-safe.
     *
     * @param[in] thisEventNotifier The notifier itself.
     * @param[in] callback Function called with cookie, or NULL to remove the handler. It must not wait.
     * @param[in] cookie Passed to callback, never dereferenced; may be NULL.
     * @param[in] priority 0 ... NV_SCI_EVENT_PRIORITIES - 1; ignored.
     * @retval NvSciError_Success Done.
     * @retval NvSciError_BadParameter thisEventNotifier is NULL or not a live notifier, or priority is out of range.
     * @retval NvSciError_NotPermitted The notifier belongs to a library that handles its events itself.
     * @retval NvSciError_ResourceError The operating system failed to wake the thread that waits.
     *
     * Source: DRIVE OS 6.0.10 API reference.
     */
    NvSciError (*SetHandler)(NvSciEventNotifier* thisEventNotifier, void (*callback)(void* cookie), void* cookie,
                             uint32_t priority);

    /**
     * Removes the notifier from its service and frees it. Returns at once even while the handler runs in another
     * thread; the memory is then freed when the handler has returned. A handler may delete its own notifier, and
     * others. A wait for notifiers that are all gone ends with NvSciError_InvalidState. The notifier of an endpoint is
     * deleted before the endpoint is closed. NULL is ignored.
     *
     * Thread-safe, provided that nobody else uses this notifier.
     *
     * @param[in] thisEventNotifier The notifier itself; invalid afterwards.
     *
     * Source: DRIVE OS 6.0.10 API reference; NULL: PROPOSED (OpenNvSci decision).
     */
    void (*Delete)(NvSciEventNotifier* thisEventNotifier);
};

/**
 * An event service that a thread can wait on. The wait members other than WaitForMultipleEventsExt have no argument for
 * the service: the notifiers name it, and all notifiers of one call must belong to the same service.
 *
 * Source: DRIVE OS 6.0.10 API reference and published header; WaitForAnyEvent: DriveOS 7.0.3 API reference.
 * PROPOSED (OpenNvSci decision): the struct of NvSciEvent 1.5 is used with version numbers 1.4. It is longer at its
 * end only, so programs written for 1.4 are not affected; that WaitForAnyEvent is the last member is inferred from the
 * order of the documentation.
 */
struct NvSciEventLoopService {
    /** The event service; the first member, by value, so the two pointers can be converted into each other. */
    NvSciEventService EventService;

    /**
     * Would make an event loop; no release supports it.
     *
     * Thread-safe.
     *
     * @param[in] eventLoopService The service itself.
     * @param[out] eventLoop Not written.
     * @retval NvSciError_BadParameter An argument is NULL or eventLoopService is not a live service.
     * @retval NvSciError_NotSupported Always otherwise.
     *
     * Source: published header (declaration); PROPOSED (OpenNvSci decision): the behaviour.
     */
    NvSciError (*CreateEventLoop)(NvSciEventLoopService* eventLoopService, NvSciEventLoop** eventLoop);

    /**
     * Blocks until the notifier has an event or time is up. Meanwhile runs the handlers of all notifiers of the
     * service whose events arrive.
     *
     * Thread-safe; a second thread that waits on the same service is refused.
     *
     * @param[in] eventNotifier The notifier to wait for.
     * @param[in] microseconds Longest time to wait; NV_SCI_EVENT_INFINITE_WAIT for ever.
     * @retval NvSciError_Success The notifier had an event, which is consumed.
     * @retval NvSciError_BadParameter eventNotifier is NULL or not a live notifier; microseconds is negative and not
     *         NV_SCI_EVENT_INFINITE_WAIT; infinite wait on a service made by NvSciEventLoopServiceCreateSafeX().
     * @retval NvSciError_InvalidState Called from inside a handler, the service has been deleted, or every notifier
     *         that the wait is for has been deleted meanwhile.
     * @retval NvSciError_NotSupported Another thread is waiting on this service.
     * @retval NvSciError_Timeout Time is up without an event.
     * @retval NvSciError_ResourceError The operating system failed.
     * @retval NvSciError_InterruptedCall A signal interrupted the wait.
     *
     * Source: DRIVE OS 6.0.10 API reference; the handler case of NvSciError_InvalidState PROPOSED (OpenNvSci decision).
     */
    NvSciError (*WaitForEvent)(NvSciEventNotifier* eventNotifier, int64_t microseconds);

    /**
     * Blocks until at least one notifier of a set has an event or time is up, and tells which ones had. Otherwise as
     * WaitForEvent.
     *
     * Thread-safe; a second thread that waits on the same service is refused.
     *
     * @param[in] eventNotifierArray The notifiers, all of one service. Not NULL.
     * @param[in] eventNotifierCount Number of notifiers, at least 1.
     * @param[in] microseconds Longest time to wait; NV_SCI_EVENT_INFINITE_WAIT for ever.
     * @param[out] newEventArray eventNotifierCount elements; element i tells whether notifier i had an event. PROPOSED
     *         (OpenNvSci decision): every element is written, and all are false on NvSciError_Timeout.
     * @retval NvSciError_Success At least one element is true; the events are consumed.
     * @retval NvSciError_BadParameter An array is NULL, the count is 0, an element is NULL or not a live notifier, the
     *         notifiers belong to different services, or microseconds is illegal as for WaitForEvent.
     * @retval NvSciError_InvalidState As for WaitForEvent.
     * @retval NvSciError_NotSupported Another thread is waiting on this service.
     * @retval NvSciError_Timeout Time is up without an event.
     * @retval NvSciError_ResourceError The operating system failed.
     * @retval NvSciError_InterruptedCall A signal interrupted the wait.
     *
     * Source: DRIVE OS 6.0.10 API reference.
     */
    NvSciError (*WaitForMultipleEvents)(NvSciEventNotifier* const* eventNotifierArray, size_t eventNotifierCount,
                                        int64_t microseconds, bool* newEventArray);

    /**
     * As WaitForMultipleEvents, with the service named by an argument. With no notifiers at all it only serves the
     * handlers of the service until time is up, or for ever.
     *
     * Thread-safe; a second thread that waits on the same service is refused.
     *
     * @param[in] eventService The service: `&loop->EventService`.
     * @param[in] eventNotifierArray The notifiers, all of this service; NULL for none.
     * @param[in] eventNotifierCount Number of notifiers; 0 exactly if eventNotifierArray is NULL.
     * @param[in] microseconds Longest time to wait; NV_SCI_EVENT_INFINITE_WAIT for ever.
     * @param[out] newEventArray As for WaitForMultipleEvents; NULL if eventNotifierArray is NULL.
     * @retval NvSciError_Success At least one element is true; the events are consumed.
     * @retval NvSciError_BadParameter eventService is NULL or not a live service, a notifier is NULL, not live or of
     *         another service, arrays and count do not fit together, or microseconds is illegal as for WaitForEvent.
     * @retval NvSciError_InvalidState As for WaitForEvent.
     * @retval NvSciError_NotSupported Another thread is waiting on this service.
     * @retval NvSciError_Timeout Time is up without an event of the set.
     * @retval NvSciError_ResourceError The operating system failed.
     * @retval NvSciError_InterruptedCall A signal interrupted the wait.
     *
     * Source: DRIVE OS 6.0.10 API reference.
     */
    NvSciError (*WaitForMultipleEventsExt)(NvSciEventService* eventService,
                                           NvSciEventNotifier* const* eventNotifierArray, size_t eventNotifierCount,
                                           int64_t microseconds, bool* newEventArray);

    /**
     * Returns at the first event of a set. Details are not public; PROPOSED (OpenNvSci decision): behaves exactly as
     * WaitForMultipleEvents, with the same parameters, thread rules and error codes.
     *
     * Thread-safe; a second thread that waits on the same service is refused.
     *
     * @param[in] eventNotifierArray As for WaitForMultipleEvents.
     * @param[in] eventNotifierCount As for WaitForMultipleEvents.
     * @param[in] microseconds As for WaitForMultipleEvents.
     * @param[out] newEventArray As for WaitForMultipleEvents.
     * @retval NvSciError_Success At least one element is true; the events are consumed.
     * @retval NvSciError_BadParameter As for WaitForMultipleEvents.
     * @retval NvSciError_InvalidState As for WaitForEvent.
     * @retval NvSciError_NotSupported Another thread is waiting on this service.
     * @retval NvSciError_Timeout Time is up without an event.
     * @retval NvSciError_ResourceError The operating system failed.
     * @retval NvSciError_InterruptedCall A signal interrupted the wait.
     *
     * Source: DriveOS 7.0.3 API reference (declaration); PROPOSED (OpenNvSci decision): the behaviour.
     */
    NvSciError (*WaitForAnyEvent)(NvSciEventNotifier* const* eventNotifierArray, size_t eventNotifierCount,
                                  int64_t microseconds, bool* newEventArray);
};

/**
 * Makes an event loop service. NVIDIA supports one per process.
 *
 * Thread-safe.
 *
 * @param[in] maxEventLoops Must be 1.
 * @param[out] newEventLoopService The service. The caller owns it and frees it, after all its notifiers, with
 *         `EventService.Delete(&EventService)`.
 * @retval NvSciError_Success The service exists.
 * @retval NvSciError_BadParameter maxEventLoops is not 1 (PROPOSED, OpenNvSci decision), or newEventLoopService is
 *         NULL.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_NotSupported This kind of service is not supported here.
 * @retval NvSciError_InvalidState No further service can be made now.
 * @retval NvSciError_ResourceError The operating system failed, or a descriptor limit was reached.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciEventLoopServiceCreate(size_t maxEventLoops, NvSciEventLoopService** newEventLoopService);

/**
 * Makes an event loop service, with a platform configuration.
 *
 * Thread-safe.
 *
 * @param[in] maxEventLoops Must be 1.
 * @param[in] config Platform configuration; NULL on Linux.
 * @param[out] newEventLoopService The service; owned by the caller as for NvSciEventLoopServiceCreate().
 * @retval NvSciError_Success The service exists.
 * @retval NvSciError_BadParameter maxEventLoops is not 1 or config is not NULL (both PROPOSED, OpenNvSci decision), or
 *         newEventLoopService is NULL.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_NotSupported This kind of service is not supported here.
 * @retval NvSciError_InvalidState No further service can be made now.
 * @retval NvSciError_ResourceError The operating system failed, or a descriptor limit was reached.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciEventLoopServiceCreateSafe(size_t maxEventLoops, void* config,
                                           NvSciEventLoopService** newEventLoopService);

/**
 * Makes an event loop service whose local events are cheaper on QNX. On Linux it is the service of
 * NvSciEventLoopServiceCreateSafe(), except that its waits refuse NV_SCI_EVENT_INFINITE_WAIT with
 * NvSciError_BadParameter.
 *
 * Thread-safe.
 *
 * @param[in] maxEventLoops Must be 1.
 * @param[in] config Platform configuration; NULL on Linux.
 * @param[out] newEventLoopService The service; owned by the caller as for NvSciEventLoopServiceCreate().
 * @retval NvSciError_Success The service exists.
 * @retval NvSciError_BadParameter maxEventLoops is not 1 or config is not NULL (both PROPOSED, OpenNvSci decision), or
 *         newEventLoopService is NULL.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_NotSupported This kind of service is not supported here.
 * @retval NvSciError_InvalidState No further service can be made now.
 * @retval NvSciError_ResourceError The operating system failed, or a descriptor limit was reached.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciEventLoopServiceCreateSafeX(size_t maxEventLoops, void* config,
                                            NvSciEventLoopService** newEventLoopService);

/**
 * Moves the notifier of an endpoint or of a local event to another service. Nothing may be pending on it. After moving
 * the notifier of an endpoint, call NvSciIpcGetEventSafe() until a bit of NV_SCI_IPC_EVENT_CONN_EST_ALL shows.
 *
 * Thread-safe, provided that nobody waits on the notifier.
 *
 * @param[in] oldEventService The service that the notifier belongs to.
 * @param[in] newEventService The service that it shall belong to.
 * @param[in] eventNotifier The notifier; stays owned by the caller.
 * @retval NvSciError_Success The notifier belongs to newEventService.
 * @retval NvSciError_BadParameter An argument is NULL or not live, or the notifier is not one of oldEventService.
 * @retval NvSciError_InvalidState An event is pending, somebody waits on the notifier, or its handler is running.
 * @retval NvSciError_InsufficientMemory Out of memory.
 * @retval NvSciError_NotPermitted This notifier cannot be moved.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciEventMoveNotifier(NvSciEventService* oldEventService, NvSciEventService* newEventService,
                                  NvSciEventNotifier* eventNotifier);

/**
 * Tells whether the library fits a program compiled against the given version: the major versions are equal and
 * minorVer is not greater than the library's. PROPOSED (OpenNvSci decision): that is 5, because all of 1.5 is there.
 *
 * Thread-safe.
 *
 * @param[in] majorVer NvSciEventMajorVersion of the program.
 * @param[in] minorVer NvSciEventMinorVersion of the program.
 * @param[out] isCompatible true if the library fits. false is not an error.
 * @retval NvSciError_Success isCompatible was written.
 * @retval NvSciError_BadParameter isCompatible is NULL.
 *
 * Source: DRIVE OS 6.0.10 API reference.
 */
NvSciError NvSciEventCheckVersionCompatibility(uint32_t majorVer, uint32_t minorVer, bool* isCompatible);

/** @} */

#if defined(__cplusplus)
}
#endif

#endif /* INCLUDED_NVSCIEVENT_H */
