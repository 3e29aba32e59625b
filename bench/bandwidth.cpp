// SPDX-License-Identifier: Apache-2.0
//
// A kernel that reads and writes every word of a buffer, through an imported mapping and through plain device memory.
// Needs a GPU: the software device runs no kernels.
#include "fixture.h"

#include <benchmark/benchmark.h>

namespace opennvsci::bench {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

constexpr std::size_t kSize = std::size_t{2} << 30;  // far more than the cache of the device
constexpr unsigned kThreads = 256;

// increment(uint4* data): each thread adds 1 to the four words of one 16-byte element.
constexpr const char* kPtx = R"(
.version 6.0
.target sm_50
.address_size 64
.visible .entry increment(.param .u64 data)
{
    .reg .u64 %p, %offset;
    .reg .u32 %block, %size, %thread, %a, %b, %c, %d;
    ld.param.u64 %p, [data];
    mov.u32 %block, %ctaid.x;
    mov.u32 %size, %ntid.x;
    mov.u32 %thread, %tid.x;
    mad.lo.u32 %thread, %block, %size, %thread;
    mul.wide.u32 %offset, %thread, 16;
    add.u64 %p, %p, %offset;
    ld.global.v4.u32 {%a, %b, %c, %d}, [%p];
    add.u32 %a, %a, 1;
    add.u32 %b, %b, 1;
    add.u32 %c, %c, 1;
    add.u32 %d, %d, 1;
    st.global.v4.u32 [%p], {%a, %b, %c, %d};
    ret;
}
)";

void run_kernel(benchmark::State& state, CUdeviceptr data) {
    const auto& call = device_driver().call;
    CUmodule loaded = nullptr;
    CUfunction kernel = nullptr;
    CUevent start = nullptr;
    CUevent end = nullptr;
    BENCH_CHECK(call.cuModuleLoadData(&loaded, kPtx));
    BENCH_CHECK(call.cuModuleGetFunction(&kernel, loaded, "increment"));
    BENCH_CHECK(call.cuEventCreate(&start, CU_EVENT_DEFAULT));
    BENCH_CHECK(call.cuEventCreate(&end, CU_EVENT_DEFAULT));
    void* parameters[] = {&data};
    for (auto _ : state) {
        BENCH_CHECK(call.cuEventRecord(start, nullptr));
        BENCH_CHECK(
            call.cuLaunchKernel(kernel, kSize / 16 / kThreads, 1, 1, kThreads, 1, 1, 0, nullptr, parameters, nullptr));
        BENCH_CHECK(call.cuEventRecord(end, nullptr));
        BENCH_CHECK(call.cuEventSynchronize(end));
        float milliseconds = 0;
        BENCH_CHECK(call.cuEventElapsedTime(&milliseconds, start, end));
        state.SetIterationTime(milliseconds / 1000.0);
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * 2 * kSize));
    BENCH_CHECK(call.cuEventDestroy(start));
    BENCH_CHECK(call.cuEventDestroy(end));
    BENCH_CHECK(call.cuModuleUnload(loaded));
}

bool skip_without_gpu(benchmark::State& state) {
    if (!device_driver().is_software) return false;
    state.SkipWithError("skipped: needs a GPU");
    return true;
}

void ours(benchmark::State& state) {
    if (skip_without_gpu(state)) return;
    NvSciBufObj buffer = object(kSize, false);
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC handle{};
    handle.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
    handle.handle.nvSciBufObject = buffer;
    handle.size = kSize;
    CUexternalMemory memory = nullptr;
    CUdeviceptr pointer = 0;
    const CUDA_EXTERNAL_MEMORY_BUFFER_DESC window{0, kSize, 0, {}};
    BENCH_CHECK(nvsciCuImportExternalMemory(&memory, &handle));
    BENCH_CHECK(nvsciCuExternalMemoryGetMappedBuffer(&pointer, memory, &window));
    run_kernel(state, pointer);
    BENCH_CHECK(nvsciCuMemFree(pointer));
    BENCH_CHECK(nvsciCuDestroyExternalMemory(memory));
    NvSciBufObjFree(buffer);
}

void raw(benchmark::State& state) {
    if (skip_without_gpu(state)) return;
    const auto& call = device_driver().call;
    CUdeviceptr pointer = 0;
    BENCH_CHECK(call.cuMemAlloc(&pointer, kSize));
    BENCH_CHECK(call.cuMemsetD8(pointer, 0, kSize));
    run_kernel(state, pointer);
    BENCH_CHECK(call.cuMemFree(pointer));
}

void name_benchmarks() {
    benchmark::RegisterBenchmark("bandwidth/ours", ours)->UseManualTime()->Unit(benchmark::kMicrosecond);
    benchmark::RegisterBenchmark("bandwidth/raw", raw)->UseManualTime()->Unit(benchmark::kMicrosecond);
}
[[maybe_unused]] const bool kRegistered = (name_benchmarks(), true);

}  // namespace
}  // namespace opennvsci::bench
