// SPDX-License-Identifier: Apache-2.0
//
// ExternalSemaphore: an NvSciSync object imported into CUDA. It holds the object, so the program may free its own
// handles in any order. It may be used with streams of any context of the process. Destroying it while streams still
// use it is allowed: the timeline stays until they are done (sync/timelines.h).
#pragma once

#include <memory>
#include <span>

#include "base/cuda_abi.h"
#include "base/since.h"
#include "driver/stream_place.h"
#include "sync/object.h"
#include "sync/trace_notes.h"
#include "trace/slice.h"

namespace opennvsci::cuda {

class ExternalSemaphore {
  public:
    /// Imports `object` into the calling thread's current context. Errors: INVALID_CONTEXT; NOT_SUPPORTED if the device
    /// cannot take part.
    [[nodiscard]] static Result<ExternalSemaphore> import(std::shared_ptr<sync::Object> object);

    [[nodiscard]] const driver::Driver& driver() const noexcept { return *driver_; }
    [[nodiscard]] const sync::Object& object() const noexcept { return *object_; }
    [[nodiscard]] const Since& since() const noexcept { return since_; }

  private:
    ExternalSemaphore(const driver::Driver& driver, std::shared_ptr<sync::Object> object)
        : driver_(&driver), object_(std::move(object)) {}

    const driver::Driver* driver_;
    std::shared_ptr<sync::Object> object_;
    Since since_;
};

/// One semaphore of a call that signals or waits, with its parameters.
struct SemaphoreUse {
    const ExternalSemaphore* semaphore;
    NvSciSyncFence* storage;  ///< params.nvSciSync.fence
    unsigned flags;
    std::uint64_t value = 0;  ///< of a wait: the fence's, read by check; 0, which is always reached, if it is cleared
};

/// What a call needs of each of its semaphores. The flags are accepted and change nothing: what they let out is the
/// maintenance of caches, which a machine with discrete GPUs does not need. Order and visibility are always kept
/// (cuda-interop.md 2.10). Streams have the rights that lists asked which speak for CUDA, not those of the whole
/// process.
struct Need {
    unsigned known_flags;
    NvSciSyncAccessPerm permission;
    bool sync::Timeline::Description::*is_asked;
    const char* action;

    [[nodiscard]] bool is_met(const SemaphoreUse& use) const noexcept {
        const sync::Object& object = use.semaphore->object();
        return (use.flags & ~known_flags) == 0 && use.storage != nullptr && (object.permission() & permission) != 0 &&
               object.timeline().description().*is_asked;
    }
    /// Why not.
    [[nodiscard]] tl::unexpected<Error> refuse(const SemaphoreUse& use) const;
};

/// cuSignalExternalSemaphoresAsync. A fence is written when its signal is in the stream.
struct Signals {
    using Parameters = cu::CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS;
    static constexpr auto kDriverCall = &driver::EntryPoints::cuSignalExternalSemaphoresAsync;
    static constexpr Need kNeed{cu::kExternalSemaphoreSignalSkipNvSciBufMemSync, NvSciSyncAccessPerm_SignalOnly,
                                &sync::Timeline::Description::streams_signal, "signal"};

    [[nodiscard]] static Result<> check(const SemaphoreUse& use) {
        if (!kNeed.is_met(use)) return kNeed.refuse(use);
        return use.semaphore->object().timeline().check_streams_may_signal();
    }
    [[nodiscard]] static Result<> run(const SemaphoreUse& use, const driver::StreamPlace& stream) {
        const sync::Object& object = use.semaphore->object();
        OPENNVSCI_TRY_ASSIGN(value, object.timeline().signal(stream));
        trace::when_on([&] { sync::note_signal(object.timeline(), value); });
        object.fence(value).write(*use.storage);
        return {};
    }
};

/// cuWaitExternalSemaphoresAsync. The fences are read once, by check.
struct Waits {
    using Parameters = cu::CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS;
    static constexpr auto kDriverCall = &driver::EntryPoints::cuWaitExternalSemaphoresAsync;
    static constexpr Need kNeed{cu::kExternalSemaphoreWaitSkipNvSciBufMemSync, NvSciSyncAccessPerm_WaitOnly,
                                &sync::Timeline::Description::streams_wait, "wait"};

    [[nodiscard]] static Result<> check(SemaphoreUse& use);
    [[nodiscard]] static Result<> run(const SemaphoreUse& use, const driver::StreamPlace& stream) {
        sync::Timeline& timeline = use.semaphore->object().timeline();
        OPENNVSCI_TRY(timeline.wait(stream, use.value));
        trace::when_on([&] { sync::note_wait(timeline, use.value); });
        return {};
    }
};

/// Signals or waits, with one semaphore at least: first all that can be refused is, before anything has happened; then
/// comes `between`, which returns Result<>; then the semaphores follow in order, which can fail for want of resources
/// only. Errors: INVALID_VALUE for flags and fences, NOT_SUPPORTED without the permission, STREAM_CAPTURE_UNSUPPORTED,
/// the driver's for the stream; those of sync::Timeline, where the semaphores before the one that failed are done.
template <class Kind, class Between>
[[nodiscard]] Result<> use_semaphores(std::span<SemaphoreUse> uses, cu::CUstream stream, Between&& between) {
    for (SemaphoreUse& use : uses)
        OPENNVSCI_TRY(Kind::check(use));
    OPENNVSCI_TRY_ASSIGN(place, driver::StreamPlace::of(uses.front().semaphore->driver(), stream));
    OPENNVSCI_TRY(between());
    for (const SemaphoreUse& use : uses) {
        const trace::Slice slice(Kind::kNeed.action, {place.handle, place.id});
        OPENNVSCI_TRY(Kind::run(use, place));
    }
    return {};
}

}  // namespace opennvsci::cuda
