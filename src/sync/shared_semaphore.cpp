// SPDX-License-Identifier: Apache-2.0
#include "sync/shared_semaphore.h"

#include <algorithm>

#include "base/log.h"
#include "base/os.h"
#include "driver/relaxed_capture.h"

namespace opennvsci::sync {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

namespace {

using Seen = TimelineSemaphore::Seen;

constexpr const char* kRefused = "Vulkan refuses to signal a timeline semaphore: its device may be lost";

tl::unexpected<Error> no_pool() {
    return fail(NvSciError_InvalidState,
                "the object has no Vulkan semaphore yet: nvsciVkCreateSemaphoreSciSyncPoolNV makes it, before streams "
                "wait for what Vulkan signals",
                CUDA_ERROR_ILLEGAL_STATE);
}

tl::unexpected<Error> not_exported() {
    return fail(NvSciError_NotSupported, "the Vulkan device of the object cannot share its semaphores",
                CUDA_ERROR_NOT_SUPPORTED);
}

}  // namespace

SharedSemaphore::~SharedSemaphore() {
    for (const ContextImport& import : imports_) {
        (void)import.context->run([&]() -> Result<> {
            driver::apart(import.context->driver())->cuDestroyExternalSemaphore(import.semaphore);
            return {};
        });
    }
}

Result<std::shared_ptr<TimelineSemaphore>> SharedSemaphore::attach(std::uint64_t reached, const Make& make) {
    const std::lock_guard making(making_);  // so the payload stays; Vulkan may call the program, and takes its time
    {
        const std::lock_guard lock(mutex_);
        if (exists() && !payload_ && !semaphores_.empty()) return not_exported();
    }
    OPENNVSCI_TRY_ASSIGN(made, make(reached, payload_));
    const std::lock_guard lock(mutex_);
    semaphores_.push_back(made.semaphore);
    if (!payload_) {
        payload_ = std::move(made.payload);
        last_ = reached;
    }
    exists_.store(true, std::memory_order_seq_cst);
    return std::move(made.semaphore);
}

void SharedSemaphore::detach(const TimelineSemaphore& semaphore) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase_if(semaphores_, [&](const auto& known) { return known.get() == &semaphore; });
}

Seen SharedSemaphore::value(const TimelineSemaphore* signaling) {
    const std::lock_guard lock(mutex_);
    const auto is_it = [&](const auto& semaphore) { return semaphore.get() == signaling; };
    const bool is_one_asked = std::any_of(semaphores_.begin(), semaphores_.end(), is_it);
    if (is_raised_ || semaphores_.empty()) return {Seen::State::known, last_};
    Seen answer{Seen::State::lost, last_};
    for (const auto& semaphore : semaphores_) {
        if (is_one_asked && !is_it(semaphore)) continue;
        const Seen seen = semaphore->value();
        if (seen.state == Seen::State::known) {
            last_ = std::max(last_, seen.value);
            return {Seen::State::known, last_};
        }
        if (seen.state == Seen::State::unknown) answer.state = Seen::State::unknown;
    }
    return answer;
}

std::uint64_t SharedSemaphore::follow(std::uint64_t value) noexcept {
    const std::lock_guard lock(mutex_);
    if (is_raised_ || value <= last_ || semaphores_.empty()) return last_;
    value = std::min(value, last_ + std::min(kFurthest, UINT64_MAX - last_));
    const auto signaled = [&](const auto& semaphore) { return semaphore->signal(value); };
    if (std::any_of(semaphores_.begin(), semaphores_.end(), signaled)) {
        last_ = value;
    } else {
        log::write_bounded(log::Level::error, kRefused);
    }
    return last_;
}

// What was raised before may be less by now, and what was reached may be more than anybody has looked at: so Vulkan is
// asked before each signal.
Result<> SharedSemaphore::raise(std::uint64_t value) {
    std::vector<ContextImport> imports;
    Result<> raised;
    {
        const std::lock_guard lock(mutex_);
        is_raised_ = true;
        for (const auto& semaphore : semaphores_) {
            const Seen seen = semaphore->value();
            if (seen.state == Seen::State::lost) continue;
            const bool is_known = seen.state == Seen::State::known;
            if (is_known && (seen.value >= value || semaphore->signal(value))) return {};
            raised = fail(NvSciError_ResourceError, kRefused, CUDA_ERROR_ILLEGAL_STATE);
        }
        imports = imports_;
    }
    for (const ContextImport& import : imports) {
        if (!import.context->is_alive()) continue;
        auto signaled = raise_in(import, value);
        if (signaled) return {};
        raised = std::move(signaled);
    }
    return raised;
}

// In a stream of its own, which CUDA ends when it is done.
Result<> SharedSemaphore::raise_in(const ContextImport& import, std::uint64_t value) {
    return import.context->run([&]() -> Result<> {
        const driver::Driver& driver = import.context->driver();
        const driver::RelaxedCapture relaxed(driver);
        CUstream stream = nullptr;
        if (const CUresult made = driver.call.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING); made != CUDA_SUCCESS) {
            return driver.error(made, "cuStreamCreate");
        }
        auto signaled = signal({stream, 0, import.context}, value);
        driver.call.cuStreamDestroy(stream);
        return signaled;
    });
}

// Streams

CUexternalSemaphore SharedSemaphore::known_import(const driver::ContextWatch& context) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(imports_.begin(), imports_.end(),
                                    [&](const ContextImport& import) { return import.context == &context; });
    return found == imports_.end() ? nullptr : found->semaphore;
}

Result<> SharedSemaphore::prepare(const driver::ContextWatch& context) {
    if (known_import(context) != nullptr) return {};
    if (!exists()) return no_pool();
    const std::lock_guard making(making_);
    if (known_import(context) != nullptr) return {};
    const auto duplicate = [&]() -> Result<UniqueFd> {
        const std::lock_guard lock(mutex_);
        if (!payload_) return not_exported();
        return os::duplicate(payload_.get());
    };
    OPENNVSCI_TRY_ASSIGN(payload, duplicate());
    return context.run([&]() -> Result<> {
        CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc{};
        desc.type = CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_TIMELINE_SEMAPHORE_FD;
        desc.handle.fd = payload.get();
        CUexternalSemaphore made = nullptr;
        const CUresult result = driver::apart(context.driver())->cuImportExternalSemaphore(&made, &desc);
        if (result != CUDA_SUCCESS) {
            return context.driver().error(result, "cuImportExternalSemaphore of a Vulkan timeline semaphore");
        }
        (void)payload.release();  // the driver's now
        const std::lock_guard lock(mutex_);
        imports_.push_back({&context, made});
        return {};
    });
}

Result<> SharedSemaphore::signal(const driver::StreamPlace& stream, std::uint64_t value) {
    const CUexternalSemaphore semaphore = known_import(*stream.context);
    CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS parameters{};
    parameters.params.fence.value = value;
    const driver::Driver& driver = stream.context->driver();
    const CUresult result = driver.call.cuSignalExternalSemaphoresAsync(&semaphore, &parameters, 1, stream.handle);
    if (result != CUDA_SUCCESS) return driver.error(result, "cuSignalExternalSemaphoresAsync");
    return {};
}

Result<> SharedSemaphore::wait(const driver::StreamPlace& stream, std::uint64_t value) {
    const CUexternalSemaphore semaphore = known_import(*stream.context);
    CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS parameters{};
    parameters.params.fence.value = value;
    const driver::Driver& driver = stream.context->driver();
    const CUresult result = driver.call.cuWaitExternalSemaphoresAsync(&semaphore, &parameters, 1, stream.handle);
    if (result != CUDA_SUCCESS) return driver.error(result, "cuWaitExternalSemaphoresAsync");
    return {};
}

}  // namespace opennvsci::sync
