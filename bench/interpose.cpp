// SPDX-License-Identifier: Apache-2.0
//
// What a program that never uses NvSci pays for the interposer: cuMemFree and a kernel launch as the program finds them
// by dlsym, against the driver's own functions.
#include "fixture.h"

#include <benchmark/benchmark.h>
#include <dlfcn.h>

#include <chrono>

#include "base/c_library.h"

namespace opennvsci::bench {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

constexpr const char* kEmptyKernel = R"(
.version 6.0
.target sm_50
.address_size 64
.visible .entry empty() { ret; }
)";

enum class LookUp { by_the_program, past_all_wrappers };

template <class Function>
Function find(LookUp look_up, const char* symbol) {
    void* driver = ::dlopen(device_driver().path.c_str(), RTLD_NOW | RTLD_NOLOAD);
    void* found = look_up == LookUp::by_the_program ? ::dlsym(driver, symbol) : c_library::look_up(driver, symbol);
    if (found == nullptr) std::abort();
    return reinterpret_cast<Function>(found);
}

void free_memory(benchmark::State& state, LookUp look_up) {
    const auto& call = device_driver().call;
    const auto free = find<decltype(call.cuMemFree)>(look_up, "cuMemFree_v2");
    for (auto _ : state) {
        CUdeviceptr pointer = 0;
        BENCH_CHECK(call.cuMemAlloc(&pointer, 4096));
        const auto start = std::chrono::steady_clock::now();
        BENCH_CHECK(free(pointer));
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
        state.SetIterationTime(time.count());
    }
}

void launch(benchmark::State& state, LookUp look_up) {
    const auto& call = device_driver().call;
    if (device_driver().is_software) {
        state.SkipWithError("the software device has no kernels");
        return;
    }
    const auto launch_kernel = find<decltype(call.cuLaunchKernel)>(look_up, "cuLaunchKernel");
    CUmodule module = nullptr;
    CUfunction kernel = nullptr;
    CUstream stream = nullptr;
    BENCH_CHECK(call.cuModuleLoadData(&module, kEmptyKernel));
    BENCH_CHECK(call.cuModuleGetFunction(&kernel, module, "empty"));
    BENCH_CHECK(call.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    constexpr int kLaunches = 256;  // below the depth of the queue, so that a launch never waits
    for (auto _ : state) {
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < kLaunches; ++i)
            BENCH_CHECK(launch_kernel(kernel, 1, 1, 1, 1, 1, 1, 0, stream, nullptr, nullptr));
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
        state.SetIterationTime(time.count() / kLaunches);
        BENCH_CHECK(call.cuStreamSynchronize(stream));
    }
    BENCH_CHECK(call.cuStreamDestroy(stream));
    BENCH_CHECK(call.cuModuleUnload(module));
}

// A fixed number: only a small part of each iteration is timed, so that a number found from that part would take
// minutes.
BENCHMARK_CAPTURE(free_memory, ours, LookUp::by_the_program)->UseManualTime()->Iterations(5000);
BENCHMARK_CAPTURE(free_memory, raw, LookUp::past_all_wrappers)->UseManualTime()->Iterations(5000);
BENCHMARK_CAPTURE(launch, ours, LookUp::by_the_program)->UseManualTime()->Iterations(400);
BENCHMARK_CAPTURE(launch, raw, LookUp::past_all_wrappers)->UseManualTime()->Iterations(400);

}  // namespace
}  // namespace opennvsci::bench
