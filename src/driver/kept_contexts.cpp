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
};

struct State {
    std::mutex mutex;         // of what follows
    std::uint64_t owner = 0;  // the process that it belongs to
    std::size_t uses = 0;
    std::vector<Kept> kept;  // one a device at most
};

// Never destroyed: modules may be closed while the process ends.
State& state() {
    static State& only = *new State;
    return only;
}

// Before there are threads: a fork in the middle of the first call would leave the child waiting for its end.
[[gnu::constructor]] void make_state() {
    process::guard_across_fork(state().mutex);
}

// The state of this process, under its lock: in a forked child that of the parent is left behind.
State& own_state() {
    State& all = state();
    if (all.owner != process::token()) {
        all.owner = process::token();
        all.uses = 0;
        all.kept.clear();
    }
    return all;
}

}  // namespace

LibraryUse::LibraryUse() : owner_(process::token()) {
    const std::lock_guard lock(state().mutex);
    ++own_state().uses;
}

// Making and ending a context takes the driver long, so the lock is not held meanwhile.
LibraryUse::~LibraryUse() {
    if (owner_ != process::token()) return;
    std::vector<Kept> ended;
    {
        const std::lock_guard lock(state().mutex);
        if (--own_state().uses == 0) ended.swap(own_state().kept);
    }
    for (const Kept& kept : ended)
        kept.driver->call.cuDevicePrimaryCtxRelease(kept.device->handle);
}

// If there is no memory to keep it, the next call makes one anew.
void keep_primary_context(const Driver& driver, const Device& device) noexcept try {
    const auto is_of_device = [&](const Kept& kept) { return kept.device == &device; };
    {
        const std::lock_guard lock(state().mutex);
        State& own = own_state();
        if (own.uses == 0 || std::any_of(own.kept.begin(), own.kept.end(), is_of_device)) return;
        own.kept.push_back({&driver, &device});
    }
    CUcontext retained = nullptr;
    if (driver.call.cuDevicePrimaryCtxRetain(&retained, device.handle) == CUDA_SUCCESS) return;
    const std::lock_guard lock(state().mutex);
    std::erase_if(own_state().kept, is_of_device);
} catch (const std::bad_alloc&) {
}

}  // namespace opennvsci::driver
