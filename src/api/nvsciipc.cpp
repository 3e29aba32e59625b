// SPDX-License-Identifier: Apache-2.0
#include "nvsciipc.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "api/handles.h"
#include "base/log.h"
#include "event/service.h"
#include "ipc/configuration.h"

using namespace opennvsci;  // NOLINT(google-build-using-namespace): extern "C" functions stand outside
using api::null_argument;

namespace {

using ipc::Endpoint;

static_assert(NvSciIpcMajorVersion == OPENNVSCI_NVSCIIPC_VERSION_MAJOR &&
              NvSciIpcMinorVersion == OPENNVSCI_NVSCIIPC_VERSION_MINOR);

// What NvSciIpcInit made and NvSciIpcDeinit ends.
struct Library {
    std::mutex mutex;
    std::atomic<std::uint32_t> count{0};  // of calls of NvSciIpcInit; changed under the lock
    std::shared_ptr<const ipc::Configuration> configuration;
    std::vector<std::uint64_t> handles;  // of open endpoints
};

// Never destroyed: programs close endpoints in static destructors.
Library& library() {
    static Library& made = *new Library;
    return made;
}

// Before there are threads: a fork in the middle of the first call would leave the child waiting for its end.
[[gnu::constructor]] void make_library() {
    process::guard_across_fork(library().mutex);
}

Result<> require_initialized() {
    if (library().count.load(std::memory_order_acquire) > 0) [[likely]]
        return {};
    return fail(NvSciError_NotInitialized, "NvSciIpcInit has not succeeded in this process");
}

/// Runs `body` with the endpoint behind `handle`.
template <class Body>
Result<> on_endpoint(NvSciIpcEndpoint handle, Body&& body) {
    OPENNVSCI_TRY(require_initialized());
    auto endpoint = api::endpoints().acquire(handle);
    if (!endpoint) [[unlikely]]
        return api::not_alive(HandleKind::ipc_endpoint, handle, "handle");
    return body(**endpoint);
}

/// The same as the body of a function.
template <class Body>
NvSciError with_endpoint(const char* function, NvSciIpcEndpoint handle, Body&& body) {
    return api::call(function, [&] { return on_endpoint(handle, body); });
}

/// Runs `body`, which returns Result<Transfer>, with the endpoint behind `handle`; `not_now` says what a queue was that
/// was not ready.
template <class Body>
NvSciError transfer(const char* function, NvSciIpcEndpoint handle, const char* not_now, Body&& body) {
    bool is_ready = true;
    const NvSciError code = with_endpoint(function, handle, [&](Endpoint& endpoint) -> Result<> {
        OPENNVSCI_TRY_ASSIGN(became, body(endpoint));
        if (became == ipc::Transfer::unconnected) return ipc::not_connected();
        is_ready = became == ipc::Transfer::done;
        return {};
    });
    return is_ready ? code : api::remember_expected(function, NvSciError_InsufficientMemory, not_now);
}
constexpr const char* kNothingToRead = "the queue is empty: there is no frame to read";
constexpr const char* kNoRoom = "the queue is full: the peer has not read the frames that were written";

Result<std::string> checked_name(const char* endpoint) {
    if (endpoint == nullptr) return null_argument("endpoint");
    const std::size_t length = ::strnlen(endpoint, ipc::kLongestName + 1);
    if (length == 0 || length > ipc::kLongestName) {
        return fail(NvSciError_BadParameter, fmt::format("the name of an endpoint has 1 to {} characters, this one {}",
                                                         ipc::kLongestName, length == 0 ? "none" : "more"));
    }
    return std::string(endpoint, length);
}

/// Opens an endpoint, of an event service or of none.
Result<> open(const char* name, NvSciIpcEndpoint* handle, std::shared_ptr<event::Service> service) {
    OPENNVSCI_TRY_ASSIGN(wanted, checked_name(name));
    trace::when_on([&] { trace::note_text("endpoint", wanted); });
    std::shared_ptr<const ipc::Configuration> configuration;
    {
        const std::lock_guard lock(library().mutex);
        configuration = library().configuration;
    }
    if (configuration == nullptr) return require_initialized();
    OPENNVSCI_TRY_ASSIGN(end, configuration->find(wanted));
    OPENNVSCI_TRY_ASSIGN(endpoint, Endpoint::open(std::move(end)));
    endpoint->set_service(std::move(service));
    const std::uint64_t made = api::endpoints().insert(std::move(endpoint));
    if (made == 0) return fail(NvSciError_InvalidState, "too many live endpoints");
    try {
        const std::lock_guard lock(library().mutex);
        library().handles.push_back(made);
    } catch (...) {
        api::endpoints().close(made);
        throw;
    }
    trace::when_on([&] { trace::note_address("handle", made); });
    *handle = made;
    return {};
}

/// Closes an endpoint; false if the handle is not alive. Calls of other threads may still hold what stands behind it.
bool close_endpoint(std::uint64_t handle) {
    const auto endpoint = api::endpoints().acquire(handle);
    if (!api::endpoints().close(handle)) return false;
    if (endpoint) (*endpoint)->close();
    return true;
}

Result<> close(NvSciIpcEndpoint handle) {
    OPENNVSCI_TRY(require_initialized());
    trace::when_on([&] { trace::note_address("handle", handle); });
    if (!close_endpoint(handle)) return api::not_alive(HandleKind::ipc_endpoint, handle, "handle");
    const std::lock_guard lock(library().mutex);
    std::erase(library().handles, handle);
    return {};
}

/// `size` as the length of a message.
template <class Size>
Result<std::uint32_t> message_size(const Endpoint& endpoint, Size size) {
    if (size >= 1 && size <= endpoint.shape().frame_size) [[likely]]
        return static_cast<std::uint32_t>(size);
    return fail(NvSciError_BadParameter, fmt::format("size is {}, and must be 1 to {} on endpoint {}", size,
                                                     endpoint.shape().frame_size, endpoint.name()));
}

template <class Size, class Count>
NvSciError read(const char* function, NvSciIpcEndpoint handle, void* buf, Size size, Count* bytes) {
    return transfer(function, handle, kNothingToRead, [&](Endpoint& endpoint) -> Result<ipc::Transfer> {
        if (buf == nullptr) return null_argument("buf");
        if (bytes == nullptr) return null_argument("bytes");
        OPENNVSCI_TRY_ASSIGN(count, message_size(endpoint, size));
        auto became = endpoint.read({static_cast<std::byte*>(buf), count});
        if (became && *became == ipc::Transfer::done) *bytes = static_cast<Count>(count);
        return became;
    });
}

template <class Size, class Count>
NvSciError write(const char* function, NvSciIpcEndpoint handle, const void* buf, Size size, Count* bytes) {
    return transfer(function, handle, kNoRoom, [&](Endpoint& endpoint) -> Result<ipc::Transfer> {
        if (buf == nullptr) return null_argument("buf");
        if (bytes == nullptr) return null_argument("bytes");
        OPENNVSCI_TRY_ASSIGN(count, message_size(endpoint, size));
        auto became = endpoint.write({static_cast<const std::byte*>(buf), count});
        if (became && *became == ipc::Transfer::done) *bytes = static_cast<Count>(count);
        return became;
    });
}

NvSciError events(const char* function, NvSciIpcEndpoint handle, uint32_t* events) {
    return with_endpoint(function, handle, [&](Endpoint& endpoint) -> Result<> {
        if (events == nullptr) return null_argument("events");
        OPENNVSCI_TRY_ASSIGN(bits, endpoint.events());
        *events = bits;
        return {};
    });
}

}  // namespace

// The library

NvSciError NvSciIpcInit(void) {
    return api::call(__func__, [&]() -> Result<> {
        log::tell_unknown_level();
        trace::tell_failure();
        Library& state = library();
        {
            const std::lock_guard lock(state.mutex);
            if (state.count > 0) {
                ++state.count;
                return {};
            }
        }
        // A file is read, which may take its time, so not under the lock.
        OPENNVSCI_TRY_ASSIGN(loaded, ipc::Configuration::load());
        auto configuration = std::make_shared<const ipc::Configuration>(std::move(loaded));
        const std::lock_guard lock(state.mutex);
        if (state.count++ == 0) state.configuration = std::move(configuration);
        return {};
    });
}

void NvSciIpcDeinit(void) {
    api::void_call(__func__, [&]() -> Result<> {
        Library& state = library();
        std::vector<std::uint64_t> left;
        {
            const std::lock_guard lock(state.mutex);
            if (state.count == 0 || --state.count > 0) return {};
            state.configuration.reset();
            left.swap(state.handles);
        }
        for (const std::uint64_t handle : left)
            close_endpoint(handle);
        return {};
    });
}

NvSciError NvSciIpcCheckVersionCompatibility(uint32_t majorVer, uint32_t minorVer, bool* isCompatible) {
    return api::call(__func__, [&]() -> Result<> {
        if (isCompatible == nullptr) return null_argument("isCompatible");
        *isCompatible = majorVer == NvSciIpcMajorVersion && minorVer <= NvSciIpcMinorVersion;
        return {};
    });
}

// Endpoints

NvSciError NvSciIpcOpenEndpoint(const char* endpoint, NvSciIpcEndpoint* handle) {
    return api::call(__func__, [&]() -> Result<> {
        if (handle == nullptr) return null_argument("handle");
        *handle = 0;
        OPENNVSCI_TRY(require_initialized());
        return open(endpoint, handle, nullptr);
    });
}

NvSciError NvSciIpcOpenEndpointWithEventService(const char* endpoint, NvSciIpcEndpoint* handle,
                                                NvSciEventService* eventService) {
    return api::call(__func__, [&]() -> Result<> {
        if (handle == nullptr) return null_argument("handle");
        *handle = 0;
        OPENNVSCI_TRY(require_initialized());
        if (eventService == nullptr) return null_argument("eventService");
        OPENNVSCI_TRY_ASSIGN(service, event::find_service(eventService));
        return open(endpoint, handle, std::move(service));
    });
}

NvSciError NvSciIpcGetEventNotifier(NvSciIpcEndpoint handle, NvSciEventNotifier** eventNotifier) {
    return api::call(__func__, [&]() -> Result<> {
        OPENNVSCI_TRY(require_initialized());
        const auto endpoint = api::endpoints().acquire(handle);
        if (!endpoint) return api::not_alive(HandleKind::ipc_endpoint, handle, "handle");
        if (eventNotifier == nullptr) return null_argument("eventNotifier");
        if ((*endpoint)->service() == nullptr) {
            return fail(NvSciError_InvalidState,
                        fmt::format("endpoint {} was opened without an event service", (*endpoint)->name()));
        }
        OPENNVSCI_TRY_ASSIGN(made, Endpoint::create_notifier(*endpoint));
        *eventNotifier = made;
        return {};
    });
}

NvSciError NvSciIpcCloseEndpointSafe(NvSciIpcEndpoint handle, bool /*clear*/) {
    return api::call(__func__, [&] { return close(handle); });
}

void NvSciIpcCloseEndpoint(NvSciIpcEndpoint handle) {
    if (handle == 0) return;
    api::void_call(__func__, [&] { return close(handle); });
}

NvSciError NvSciIpcResetEndpointSafe(NvSciIpcEndpoint handle) {
    return with_endpoint(__func__, handle, [](Endpoint& endpoint) { return endpoint.reset(); });
}

void NvSciIpcResetEndpoint(NvSciIpcEndpoint handle) {
    api::void_call(__func__, [&] { return on_endpoint(handle, [](Endpoint& endpoint) { return endpoint.reset(); }); });
}

NvSciError NvSciIpcGetEndpointInfo(NvSciIpcEndpoint handle, NvSciIpcEndpointInfo* info) {
    return with_endpoint(__func__, handle, [&](Endpoint& endpoint) -> Result<> {
        if (info == nullptr) return null_argument("info");
        *info = {endpoint.shape().frames, endpoint.shape().frame_size};
        return {};
    });
}

// Frames

NvSciError NvSciIpcRead(NvSciIpcEndpoint handle, void* buf, size_t size, int32_t* bytes) {
    return read(__func__, handle, buf, size, bytes);
}

NvSciError NvSciIpcReadSafe(NvSciIpcEndpoint handle, void* buf, uint32_t size, uint32_t* bytes) {
    return read(__func__, handle, buf, size, bytes);
}

NvSciError NvSciIpcReadGetNextFrame(NvSciIpcEndpoint handle, const volatile void** buf) {
    return with_endpoint(__func__, handle, [&](Endpoint& endpoint) -> Result<> {
        if (buf == nullptr) return null_argument("buf");
        OPENNVSCI_TRY_ASSIGN(frame, endpoint.next_to_read());
        *buf = frame;
        return {};
    });
}

NvSciError NvSciIpcReadAdvance(NvSciIpcEndpoint handle) {
    return with_endpoint(__func__, handle, [](Endpoint& endpoint) { return endpoint.release_read(); });
}

NvSciError NvSciIpcWrite(NvSciIpcEndpoint handle, const void* buf, size_t size, int32_t* bytes) {
    return write(__func__, handle, buf, size, bytes);
}

NvSciError NvSciIpcWriteSafe(NvSciIpcEndpoint handle, const void* buf, uint32_t size, uint32_t* bytes) {
    return write(__func__, handle, buf, size, bytes);
}

NvSciError NvSciIpcWriteGetNextFrame(NvSciIpcEndpoint handle, volatile void** buf) {
    return with_endpoint(__func__, handle, [&](Endpoint& endpoint) -> Result<> {
        if (buf == nullptr) return null_argument("buf");
        OPENNVSCI_TRY_ASSIGN(frame, endpoint.next_to_write());
        *buf = frame;
        return {};
    });
}

NvSciError NvSciIpcWriteAdvance(NvSciIpcEndpoint handle) {
    return with_endpoint(__func__, handle, [](Endpoint& endpoint) { return endpoint.post_written(); });
}

// Events

NvSciError NvSciIpcGetLinuxEventFd(NvSciIpcEndpoint handle, int32_t* fd) {
    return with_endpoint(__func__, handle, [&](Endpoint& endpoint) -> Result<> {
        if (fd == nullptr) return null_argument("fd");
        OPENNVSCI_TRY_ASSIGN(descriptor, endpoint.event_descriptor());
        *fd = descriptor;
        return {};
    });
}

NvSciError NvSciIpcGetEvent(NvSciIpcEndpoint handle, uint32_t* events) {
    return ::events(__func__, handle, events);
}

NvSciError NvSciIpcGetEventSafe(NvSciIpcEndpoint handle, uint32_t* events) {
    return ::events(__func__, handle, events);
}

NvSciError NvSciIpcGetAsyncErrors(NvSciIpcEndpoint handle, uint32_t* errors) {
    return with_endpoint(__func__, handle, [&](Endpoint& endpoint) -> Result<> {
        if (errors == nullptr) return null_argument("errors");
        return fail(NvSciError_NotSupported,
                    fmt::format("endpoint {} joins processes of one machine, which has no asynchronous errors",
                                endpoint.name()));
    });
}

NvSciError NvSciIpcEnableNotification(NvSciIpcEndpoint handle, bool flag) {
    return with_endpoint(__func__, handle, [&](Endpoint& endpoint) { return endpoint.set_notification(flag); });
}
