// SPDX-License-Identifier: Apache-2.0
#include "cuda/external_semaphore.h"

#include <fmt/format.h>

namespace opennvsci::cuda {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

namespace {

Result<> require_permission(const ExternalSemaphore& semaphore, NvSciSyncAccessPerm needed, const char* what) {
    if ((semaphore.object().permission() & needed) != 0) return {};
    return fail(NvSciError_NotPermitted, fmt::format("the object's list (ActualPerm) does not permit to {}", what),
                CUDA_ERROR_NOT_SUPPORTED);
}

// The flags are accepted and change nothing: what they let out is the maintenance of caches, which a machine with
// discrete GPUs does not need. Order and visibility are always kept (reference 2.10).
Result<> check_flags(unsigned flags, unsigned known) {
    if ((flags & ~known) == 0) return {};
    return fail(NvSciError_BadParameter, fmt::format("flags are {:#x}, and must be 0 or {:#x}", flags, known));
}

Result<const sync::Fence> read_fence(const SemaphoreWait& wait) {
    OPENNVSCI_TRY_ASSIGN(fence,
                         sync::Fence::read(*static_cast<NvSciSyncFence*>(wait.parameters->params.nvSciSync.fence)));
    const sync::Fence own = wait.semaphore->object().fence(0);
    if (fence.is_cleared() || fence.timeline == own.timeline) return fence;
    return fail(NvSciError_BadParameter, "the fence belongs to another object than the semaphore");
}

Result<driver::StreamPlace> place_of(CUstream stream) {
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    return driver::StreamPlace::of(*driver, stream);
}

}  // namespace

Result<ExternalSemaphore> ExternalSemaphore::import(std::shared_ptr<sync::Object> object) {
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    OPENNVSCI_TRY_ASSIGN(context, driver::ContextWatch::of_current(*driver));
    OPENNVSCI_TRY(object->timeline().prepare(context));
    return ExternalSemaphore(std::move(object));
}

Result<driver::StreamPlace> check_signals(std::span<const SemaphoreSignal> signals, CUstream stream) {
    for (const SemaphoreSignal& signal : signals) {
        OPENNVSCI_TRY(check_flags(signal.parameters->flags, kExternalSemaphoreSignalSkipNvSciBufMemSync));
        if (signal.parameters->params.nvSciSync.fence == nullptr) {
            return fail(NvSciError_BadParameter, "params.nvSciSync.fence is NULL");
        }
        OPENNVSCI_TRY(require_permission(*signal.semaphore, NvSciSyncAccessPerm_SignalOnly, "signal"));
    }
    return place_of(stream);
}

Result<driver::StreamPlace> check_waits(std::span<const SemaphoreWait> waits, CUstream stream) {
    for (const SemaphoreWait& wait : waits) {
        OPENNVSCI_TRY(check_flags(wait.parameters->flags, kExternalSemaphoreWaitSkipNvSciBufMemSync));
        if (wait.parameters->params.nvSciSync.fence == nullptr) {
            return fail(NvSciError_BadParameter, "params.nvSciSync.fence is NULL");
        }
        OPENNVSCI_TRY(require_permission(*wait.semaphore, NvSciSyncAccessPerm_WaitOnly, "wait"));
        OPENNVSCI_TRY(read_fence(wait));
    }
    return place_of(stream);
}

Result<> signal(std::span<const SemaphoreSignal> signals, const driver::StreamPlace& stream) {
    for (const SemaphoreSignal& signal : signals) {
        const sync::Object& object = signal.semaphore->object();
        OPENNVSCI_TRY_ASSIGN(value, object.timeline().signal(stream));
        object.fence(value).write(*static_cast<NvSciSyncFence*>(signal.parameters->params.nvSciSync.fence));
    }
    return {};
}

Result<> wait(std::span<const SemaphoreWait> waits, const driver::StreamPlace& stream) {
    for (const SemaphoreWait& wait : waits) {
        OPENNVSCI_TRY_ASSIGN(fence, read_fence(wait));
        if (!fence.is_cleared()) OPENNVSCI_TRY(wait.semaphore->object().timeline().wait(stream, fence.value));
    }
    return {};
}

}  // namespace opennvsci::cuda
