// SPDX-License-Identifier: Apache-2.0
//
// What a program that never uses NvSci pays for the interposer: cuMemFree and a kernel launch as the program finds them
// by dlsym, against the driver's own functions.
#include "fixture.h"

#include <benchmark/benchmark.h>
#include <dlfcn.h>

#include <array>
#include <cstdlib>

#include "base/c_library.h"
#include "turns.h"

namespace opennvsci::bench {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

constexpr const char* kEmptyKernel = R"(
.version 6.0
.target sm_50
.address_size 64
.visible .entry empty() { ret; }
)";

// A driver's function as the program finds it, and past all wrappers.
template <class Function>
struct Found {
    explicit Found(const char* symbol) {
        void* driver = ::dlopen(device_driver().path.c_str(), RTLD_NOW | RTLD_NOLOAD);
        ours = reinterpret_cast<Function>(::dlsym(driver, symbol));
        raw = reinterpret_cast<Function>(c_library::look_up(driver, symbol));
        if (ours == nullptr || raw == nullptr) std::abort();
    }
    Function ours;
    Function raw;
};

void free_memory(benchmark::State& state) {
    const auto& call = device_driver().call;
    const Found<decltype(call.cuMemFree)> free("cuMemFree_v2");
    constexpr int kFrees = 200;
    CUdeviceptr kept = 0;  // or the last free gives the driver's granule back, which is what the time would be of
    BENCH_CHECK(call.cuMemAlloc(&kept, 4096));
    const auto time_of = [&](auto function) {
        std::array<CUdeviceptr, kFrees> pointers{};
        for (CUdeviceptr& pointer : pointers)
            BENCH_CHECK(call.cuMemAlloc(&pointer, 4096));
        const auto start = Clock::now();
        for (const CUdeviceptr pointer : pointers)
            BENCH_CHECK(function(pointer));
        return Clock::now() - start;
    };
    take_turns(state, kFrees,
               {{"ours", [&] { return time_of(free.ours); }}, {"raw", [&] { return time_of(free.raw); }}});
    BENCH_CHECK(call.cuMemFree(kept));
}

void launch(benchmark::State& state) {
    const auto& call = device_driver().call;
    if (device_driver().is_software) {
        state.SkipWithError("the software device has no kernels");
        return;
    }
    const Found<decltype(call.cuLaunchKernel)> launch_kernel("cuLaunchKernel");
    CUmodule module = nullptr;
    CUfunction kernel = nullptr;
    CUstream stream = nullptr;
    BENCH_CHECK(call.cuModuleLoadData(&module, kEmptyKernel));
    BENCH_CHECK(call.cuModuleGetFunction(&kernel, module, "empty"));
    BENCH_CHECK(call.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    constexpr int kLaunches = 256;  // below the depth of the queue, so that a launch never waits
    const auto time_of = [&](auto function) {
        const auto start = Clock::now();
        for (int i = 0; i < kLaunches; ++i)
            BENCH_CHECK(function(kernel, 1, 1, 1, 1, 1, 1, 0, stream, nullptr, nullptr));
        const auto time = Clock::now() - start;
        BENCH_CHECK(call.cuStreamSynchronize(stream));
        return time;
    };
    take_turns(
        state, kLaunches,
        {{"ours", [&] { return time_of(launch_kernel.ours); }}, {"raw", [&] { return time_of(launch_kernel.raw); }}});
    BENCH_CHECK(call.cuStreamDestroy(stream));
    BENCH_CHECK(call.cuModuleUnload(module));
}

// A fixed number: only a part of each iteration is timed, so that a number found from that part would take long.
BENCHMARK(free_memory)->UseManualTime()->Iterations(50);
BENCHMARK(launch)->UseManualTime()->Iterations(200);

}  // namespace
}  // namespace opennvsci::bench
