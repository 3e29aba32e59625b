// SPDX-License-Identifier: Apache-2.0
#include "driver/context_watch.h"

#include <mutex>
#include <unordered_map>

#include "base/process.h"

namespace opennvsci::driver {
namespace {

struct Watches {
    std::mutex mutex;
    std::unordered_map<unsigned long long, std::unique_ptr<const ContextWatch>> by_id;
};

Watches& watches() {
    static Watches& all = *new Watches;
    return all;
}

// Before there are threads: a fork in the middle of the first call would leave the child waiting for its end.
[[gnu::constructor]] void make_watches() {
    process::guard_across_fork(watches().mutex);
}

}  // namespace

Result<const ContextWatch*> ContextWatch::of_current(const Driver& driver) {
    OPENNVSCI_TRY_ASSIGN(context, driver.current_context());
    Watches& all = watches();
    const std::lock_guard lock(all.mutex);
    if (const auto found = all.by_id.find(context.id); found != all.by_id.end()) return found->second.get();
    OPENNVSCI_TRY_ASSIGN(device, driver.current_device());
    std::unique_ptr<const ContextWatch> made(new ContextWatch(driver, *device, context));
    return all.by_id.emplace(context.id, std::move(made)).first->second.get();
}

Result<const ContextWatch*> ContextWatch::of_stream(const Driver& driver, CUstream stream) {
    CUcontext context = nullptr;
    CUcontext current = nullptr;
    if (const CUresult result = driver.call.cuStreamGetCtx(stream, &context); result != CUDA_SUCCESS) {
        return driver.error(result, "cuStreamGetCtx");
    }
    driver.call.cuCtxGetCurrent(&current);
    if (current == context) return of_current(driver);
    // The context of a live stream is alive, so it may be made current.
    if (const CUresult result = driver.call.cuCtxPushCurrent(context); result != CUDA_SUCCESS) {
        return driver.error(result, "cuCtxPushCurrent");
    }
    auto watch = of_current(driver);
    driver.call.cuCtxPopCurrent(&current);
    return watch;
}

tl::unexpected<Error> ContextWatch::gone() {
    return fail(NvSciError_InvalidState,
                "the context that the object was imported in was destroyed, and all that was mapped in it with it; "
                "import the object anew",
                CUDA_ERROR_INVALID_CONTEXT);
}

}  // namespace opennvsci::driver
