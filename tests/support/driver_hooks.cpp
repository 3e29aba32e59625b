// SPDX-License-Identifier: Apache-2.0
#include "driver_hooks.h"

#include <array>
#include <atomic>
#include <cstdlib>
#include <string_view>

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
};
constexpr std::array kPairs{
    Pair{"memory handles", kIndex_cuMemCreate, kIndex_cuMemRelease},
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
};

std::array<std::atomic<long>, kCount> g_successes{};

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

template <int kWhich, class... Arguments>
struct Thunk {
    static inline CUresult (*real)(Arguments...) = nullptr;
    static CUresult call(Arguments... arguments) {
        if (may_be_failed(kWhich) && FailurePoint::should_fail()) return CUDA_ERROR_OUT_OF_MEMORY;
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
        live[pair.what] = g_successes[pair.make] - g_successes[pair.release];
    return live;
}

}  // namespace opennvsci::test
