// SPDX-License-Identifier: Apache-2.0
#include "driver_hooks.h"

#include <array>
#include <atomic>
#include <cstdlib>
#include <string_view>
#include <type_traits>

#include "failure_point.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

enum Index : int {
#define OPENNVSCI_INDEX(name, symbol, version, presence, parameters) kIndex_##name,
    OPENNVSCI_CUDA_ENTRY_POINTS(OPENNVSCI_INDEX)
#undef OPENNVSCI_INDEX
        kCount
};

constexpr std::array<std::string_view, kCount> kNames{
#define OPENNVSCI_NAME(name, symbol, version, presence, parameters) #name,
    OPENNVSCI_CUDA_ENTRY_POINTS(OPENNVSCI_NAME)
#undef OPENNVSCI_NAME
};

// Which calls make an object, and which release it.
struct Pair {
    const char* what;
    Index make;
    Index release;
    Index make_too = kCount;  // the other call that makes one
};
constexpr std::array kPairs{
    Pair{"memory handles", kIndex_cuMemCreate, kIndex_cuMemRelease, kIndex_cuMemImportFromShareableHandle},
    Pair{"address reservations", kIndex_cuMemAddressReserve, kIndex_cuMemAddressFree},
    Pair{"mappings", kIndex_cuMemMap, kIndex_cuMemUnmap},
    Pair{"host registrations", kIndex_cuMemHostRegister, kIndex_cuMemHostUnregister},
    Pair{"streams", kIndex_cuStreamCreate, kIndex_cuStreamDestroy},
    Pair{"events", kIndex_cuEventCreate, kIndex_cuEventDestroy},
    Pair{"retained contexts", kIndex_cuDevicePrimaryCtxRetain, kIndex_cuDevicePrimaryCtxRelease},
    Pair{"pushed contexts", kIndex_cuCtxPushCurrent, kIndex_cuCtxPopCurrent},
    Pair{"arrays", kIndex_cuArray3DCreate, kIndex_cuArrayDestroy},
    Pair{"mapped arrays", kIndex_cuExternalMemoryGetMappedMipmappedArray, kIndex_cuMipmappedArrayDestroy},
    Pair{"external memories", kIndex_cuImportExternalMemory, kIndex_cuDestroyExternalMemory},
    Pair{"external semaphores", kIndex_cuImportExternalSemaphore, kIndex_cuDestroyExternalSemaphore},
};

std::array<std::atomic<long>, kCount + 1> g_successes{};  // of kCount: none

// Taking down cannot be refused in a way that a caller could repair, and texts of errors are not work.
constexpr bool may_be_failed(int index) {
    for (const Pair& pair : kPairs) {
        if (index == pair.release) return false;
    }
    if (index == kIndex_cuMemFree || index == kIndex_cuMemFreeHost) return false;
    // Nor can giving the thread its capture mode back.
    if (index == kIndex_cuThreadExchangeStreamCaptureMode) return false;
    return index != kIndex_cuGetErrorName && index != kIndex_cuGetErrorString;
}

// Calls that a driver may keep waiting for room in the stream.
constexpr std::array kSubmits{kIndex_cuStreamWaitValue32,
                              kIndex_cuStreamWaitValue64,
                              kIndex_cuStreamWriteValue32,
                              kIndex_cuStreamWriteValue64,
                              kIndex_cuStreamBatchMemOp,
                              kIndex_cuStreamWaitEvent,
                              kIndex_cuEventRecord,
                              kIndex_cuLaunchHostFunc,
                              kIndex_cuLaunchKernel,
                              kIndex_cuSignalExternalSemaphoresAsync,
                              kIndex_cuWaitExternalSemaphoresAsync};

constexpr bool submits(int index) {
    for (const Index known : kSubmits) {
        if (known == index) return true;
    }
    return false;
}

/// The argument that is a stream.
template <class... Arguments>
CUstream stream_among(Arguments... arguments) {
    CUstream found = nullptr;
    const auto look_at = [&](auto argument) {
        if constexpr (std::is_same_v<decltype(argument), CUstream>) found = argument;
    };
    (look_at(arguments), ...);
    return found;
}

std::atomic<StuckCalls*> g_stuck{nullptr};

template <int kWhich, class... Arguments>
struct Thunk {
    static inline CUresult (*real)(Arguments...) = nullptr;
    static CUresult call(Arguments... arguments) {
        if (may_be_failed(kWhich) && FailurePoint::should_fail()) return CUDA_ERROR_OUT_OF_MEMORY;
        if constexpr (submits(kWhich)) StuckCalls::pass(kNames[kWhich], stream_among(arguments...));
        const CUresult result = real(arguments...);
        // A registration that is already gone went with its context.
        if (result == CUDA_SUCCESS ||
            (kWhich == kIndex_cuMemHostUnregister && result == CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED)) {
            g_successes[kWhich].fetch_add(1, std::memory_order_relaxed);
        }
        return result;
    }
};

template <int kWhich, class... Arguments>
void hook(CUresult (*&entry)(Arguments...)) {
    if (entry == nullptr) return;
    Thunk<kWhich, Arguments...>::real = entry;
    entry = &Thunk<kWhich, Arguments...>::call;
}

}  // namespace

DriverHooks::DriverHooks() {
    driver::Driver* driver = driver::instance_for_testing();
    if (driver == nullptr) std::abort();
    real_ = driver->call;
#define OPENNVSCI_HOOK(name, symbol, version, presence, parameters) hook<kIndex_##name>(driver->call.name);
    OPENNVSCI_CUDA_ENTRY_POINTS(OPENNVSCI_HOOK)
#undef OPENNVSCI_HOOK
}

DriverHooks& DriverHooks::instance() {
    static DriverHooks& hooks = *new DriverHooks;
    return hooks;
}

std::map<std::string, long> DriverHooks::live_objects() const {
    std::map<std::string, long> live;
    for (const Pair& pair : kPairs)
        live[pair.what] = g_successes[pair.make] + g_successes[pair.make_too] - g_successes[pair.release];
    return live;
}

StuckCalls::StuckCalls(CUstream stream, std::string_view entry_point) : stream_(stream), entry_point_(entry_point) {
    g_stuck.store(this);
}

StuckCalls::~StuckCalls() {
    release();
    g_stuck.store(nullptr);
}

int StuckCalls::count() const {
    const std::lock_guard lock(mutex_);
    return count_;
}

void StuckCalls::release() {
    const std::lock_guard lock(mutex_);
    is_released_ = true;
    changed_.notify_all();
}

void StuckCalls::pass(std::string_view entry_point, CUstream stream) {
    StuckCalls* const stuck = g_stuck.load();
    if (stuck == nullptr || stream != stuck->stream_) return;
    if (!stuck->entry_point_.empty() && stuck->entry_point_ != entry_point) return;
    std::unique_lock lock(stuck->mutex_);
    if (stuck->is_released_) return;
    ++stuck->count_;
    stuck->changed_.wait(lock, [&] { return stuck->is_released_; });
}

}  // namespace opennvsci::test
