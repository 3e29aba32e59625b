// SPDX-License-Identifier: Apache-2.0
#include "driver/kept_contexts.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

#include "base/process.h"

namespace opennvsci::driver {
namespace {

// One reference to the primary context of a device. A program that resets the device ends the context and leaves the
// references as they are (driver-facts.md F44): the one that is given back is still this.
struct Kept {
    const Driver* driver;
    const Device* device;
    std::uint64_t owner;  // the process that made it; a forked child leaves it alone
};

struct State {
    std::mutex mutex;  // of what follows
    std::size_t uses = 0;
    std::vector<Kept> kept;  // one a device at most
};

// Never destroyed: modules may be closed while the process ends.
State& state() {
    static auto* const made = [] {
        auto* const state = new State;
        process::guard_across_fork(state->mutex);
        return state;
    }();
    return *made;
}

}  // namespace

KeptContexts::Use::Use() {
    const std::lock_guard lock(state().mutex);
    ++state().uses;
}

// Making and ending a context takes the driver long, so the lock is not held meanwhile.
KeptContexts::Use::~Use() {
    std::vector<Kept> ended;
    {
        const std::lock_guard lock(state().mutex);
        if (--state().uses == 0) ended.swap(state().kept);
    }
    for (const Kept& kept : ended) {
        if (kept.owner == process::token()) kept.driver->call.cuDevicePrimaryCtxRelease(kept.device->handle);
    }
}

// If there is no memory to keep it, the next call makes one anew.
void KeptContexts::keep(const Driver& driver, const Device& device) noexcept try {
    const auto is_of_device = [&](const Kept& kept) { return kept.device == &device; };
    std::vector<Kept>& all = state().kept;
    {
        const std::lock_guard lock(state().mutex);
        if (state().uses == 0 || std::any_of(all.begin(), all.end(), is_of_device)) return;
        all.push_back({&driver, &device, process::token()});
    }
    CUcontext retained = nullptr;
    if (driver.call.cuDevicePrimaryCtxRetain(&retained, device.handle) == CUDA_SUCCESS) return;
    const std::lock_guard lock(state().mutex);
    std::erase_if(all, is_of_device);
} catch (const std::bad_alloc&) {
}

}  // namespace opennvsci::driver
