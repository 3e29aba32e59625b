// SPDX-License-Identifier: Apache-2.0
//
// What stands behind services, notifiers and local events, and the lock that guards all of it. For src/event only.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/unique_fd.h"
#include "event/native_event.h"
#include "event/pool.h"
#include "event/service.h"

namespace opennvsci::event {

/// What a notifier stands for: one source of events. Everything is guarded by the lock, but for `native`.
struct Source {
    /// Of a local event.
    Source() : is_local(true) {}
    /// Of another library's.
    explicit Source(const NvSciNativeEvent& given) : native(given), is_local(false) {}

    NvSciEventNotifier* notifier = nullptr;  // for programs; null when it has been deleted
    std::shared_ptr<Service> service;        // null when the notifier has been deleted
    const NvSciNativeEvent native;           // of a local event: without an owner
    const bool is_local;

    bool is_pending = false;                   // of a local event
    void (*callback)(void* cookie) = nullptr;  // the program's handler
    void* cookie = nullptr;
    bool is_handled_now = false;  // between the drain and the end of the handler
    std::uint64_t fired_in = 0;   // the number of the last wait that found an event here
    std::uint64_t wanted_by = 0;  // the number of the last wait that was for this one

    [[nodiscard]] bool has_handler() const noexcept { return callback != nullptr || native.handler != nullptr; }
};

class Service {
  public:
    Service(const Members& given, bool infinite, std::uint64_t process, UniqueFd made)
        : members(given), allows_infinite_wait(infinite), maker(process), wake(std::move(made)) {}

    const Members members;
    const bool allows_infinite_wait;
    const std::uint64_t maker;  // the token of the process
    const UniqueFd wake;        // an eventfd, which lets a sleeping wait look again

    // Guarded by the lock.
    bool is_deleted = false;
    bool is_waited_on = false;
    std::uint64_t wait_number = 0;  // of the last wait; no two services have the same
    bool is_asleep = false;         // the wait sleeps, or is about to without another look
    std::vector<std::shared_ptr<Source>> sources;

    // Of the one thread that waits; kept so that a wait need not allocate.
    std::vector<std::shared_ptr<Source>> looked_at;
};

/// The objects that programs hold.
struct ServiceObject {
    NvSciEventLoopService members{};
    std::shared_ptr<Service> service;
    ServiceObject* next = nullptr;
    bool is_alive = false;
};
struct NotifierObject {
    NvSciEventNotifier members{};
    std::shared_ptr<Source> source;
    std::uint64_t maker = 0;
    NotifierObject* next = nullptr;
    bool is_alive = false;
};
struct LocalEventObject {
    NvSciLocalEvent members{};
    std::shared_ptr<Source> source;
    std::uint64_t maker = 0;
    LocalEventObject* next = nullptr;
    bool is_alive = false;
};

struct Objects {
    Pool<ServiceObject> services;
    Pool<NotifierObject> notifiers;
    Pool<LocalEventObject> local_events;
};

using Locked = std::unique_lock<std::mutex>;

/// Takes the lock of the process.
[[nodiscard]] Locked lock();

/// All objects; under the lock.
[[nodiscard]] Objects& objects() noexcept;

/// What the objects stand for; under the lock. Errors: BadParameter if there is no such live object of this process.
[[nodiscard]] Result<std::shared_ptr<Service>> service_at(const void* address);
[[nodiscard]] Result<std::shared_ptr<Source>> source_at(const NvSciEventNotifier* notifier);

/// Lets a wait that sleeps look again. Without the lock.
[[nodiscard]] Result<> wake(const Service& service);

}  // namespace opennvsci::event
