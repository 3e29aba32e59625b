// SPDX-License-Identifier: Apache-2.0
#include "sync/shared_semaphore.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "base/os.h"
#include "driver/relaxed_capture.h"

namespace opennvsci::sync {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

namespace {

using Seen = TimelineSemaphore::Seen;

tl::unexpected<Error> refused(int result) {
    return fail(NvSciError_ResourceError,
                fmt::format("Vulkan refuses to signal a timeline semaphore (VkResult {})", result),
                CUDA_ERROR_ILLEGAL_STATE);
}

tl::unexpected<Error> not_told() {
    return fail(NvSciError_ResourceError, "Vulkan does not say what a timeline semaphore has reached",
                CUDA_ERROR_ILLEGAL_STATE);
}

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

Result<> SharedSemaphore::attach(std::shared_ptr<TimelineSemaphore> semaphore, std::uint64_t reached) {
    const Lock making(making_);  // so the payload stays
    UniqueFd made;
    if (payload_) {
        OPENNVSCI_TRY_ASSIGN(shared, os::duplicate(payload_.get()));
        OPENNVSCI_TRY(semaphore->import(std::move(shared)));
    } else {
        const Seen seen = semaphore->value();  // of one that is new
        if (const int result = seen.value < reached ? semaphore->signal(reached) : 0; result != 0) {
            return refused(result);
        }
        if (semaphore->is_exported()) {
            OPENNVSCI_TRY_ASSIGN(exported, semaphore->payload());
            made = std::move(exported);
        }
    }
    const std::lock_guard lock(mutex_);
    if (!payload_ && !semaphores_.empty()) return not_exported();
    semaphores_.push_back(std::move(semaphore));
    if (!payload_) {
        payload_ = std::move(made);
        last_ = reached;
    }
    exists_.store(true, std::memory_order_seq_cst);
    return {};
}

void SharedSemaphore::detach(const TimelineSemaphore& semaphore) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase_if(semaphores_, [&](const auto& known) { return known.get() == &semaphore; });
}

bool SharedSemaphore::is_any_alive() const noexcept {
    const std::lock_guard lock(mutex_);
    return !std::all_of(semaphores_.begin(), semaphores_.end(), [](const auto& known) { return known->is_lost(); });
}

std::uint64_t SharedSemaphore::last() const noexcept {
    const std::lock_guard lock(mutex_);
    return last_;
}

Seen SharedSemaphore::value(std::uint64_t signaling) {
    const Lock lock(mutex_);
    catch_up();
    const auto is_it = [&](const auto& semaphore) { return semaphore->number() == signaling; };
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
    const Lock lock(mutex_);
    followed_ = std::max(followed_, value);
    catch_up();
    return last_;
}

void SharedSemaphore::catch_up() noexcept {
    if (is_raised_ || followed_ <= last_) return;
    const std::uint64_t value = std::min(followed_, last_ + std::min(kFurthest, UINT64_MAX - last_));
    int result = 0;
    for (const auto& semaphore : semaphores_) {
        if (semaphore->is_lost()) continue;
        result = semaphore->signal(value);
        if (result != 0) continue;
        last_ = value;
        return;
    }
    if (result == 0) return;  // there is none
    std::array<char, 96> text;
    const auto end = fmt::format_to_n(text.data(), text.size(),
                                      "Vulkan refuses to signal a timeline semaphore (VkResult {})", result);
    log::write_bounded(log::Level::error, {text.data(), std::min(end.size, text.size())});
}

// What was raised before may be less by now, and what was reached may be more than anybody has looked at: so Vulkan is
// asked before each signal.
Result<> SharedSemaphore::raise(std::uint64_t value) {
    std::vector<ContextImport> imports;
    Result<> raised;
    {
        const Lock lock(mutex_);
        is_raised_ = true;
        for (const auto& semaphore : semaphores_) {
            const Seen seen = semaphore->value();
            if (seen.state == Seen::State::lost) continue;
            if (seen.state == Seen::State::unknown) {
                raised = not_told();
                continue;
            }
            const int result = seen.value >= value ? 0 : semaphore->signal(value);
            if (result == 0) return {};
            raised = refused(result);
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
