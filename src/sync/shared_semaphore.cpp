// SPDX-License-Identifier: Apache-2.0
#include "sync/shared_semaphore.h"

#include <algorithm>

#include "base/log.h"
#include "base/os.h"
#include "driver/relaxed_capture.h"

namespace opennvsci::sync {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

namespace {

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
    const std::lock_guard lock(mutex_);
    if (exists() && !payload_ && !semaphores_.empty()) return not_exported();
    semaphores_.reserve(semaphores_.size() + 1);
    const bool is_new = !payload_;
    OPENNVSCI_TRY_ASSIGN(made, make(reached, payload_));
    if (is_new) {
        payload_ = std::move(made.payload);
        last_ = reached;
    }
    semaphores_.push_back(made.semaphore);
    exists_.store(true, std::memory_order_seq_cst);
    return std::move(made.semaphore);
}

void SharedSemaphore::detach(const TimelineSemaphore& semaphore) noexcept {
    const std::lock_guard lock(mutex_);
    std::erase_if(semaphores_, [&](const auto& known) { return known.get() == &semaphore; });
}

Result<std::uint64_t> SharedSemaphore::value() {
    const std::lock_guard lock(mutex_);
    if (is_raised_ || semaphores_.empty()) return last_;
    OPENNVSCI_TRY_ASSIGN(reached, semaphores_.front()->value());
    last_ = std::max(last_, reached);
    return last_;
}

void SharedSemaphore::follow(std::uint64_t value) noexcept {
    const std::lock_guard lock(mutex_);
    if (is_raised_ || value <= last_ || semaphores_.empty()) return;
    if (semaphores_.front()->signal(value)) {
        last_ = value;
    } else {
        log::write_bounded(log::Level::error, "Vulkan refuses to signal a timeline semaphore: its device may be lost");
    }
}

void SharedSemaphore::raise(std::uint64_t value) {
    std::vector<ContextImport> imports;
    {
        const std::lock_guard lock(mutex_);
        is_raised_ = true;
        if (value <= std::max(last_, raised_to_)) return;
        raised_to_ = value;
        const auto raised = [&](const auto& semaphore) { return semaphore->signal(value); };
        if (std::any_of(semaphores_.begin(), semaphores_.end(), raised)) return;
        imports = imports_;
    }
    const auto raised = [&](const ContextImport& import) { return raise_in(import, value).has_value(); };
    (void)std::any_of(imports.begin(), imports.end(), raised);
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
