// SPDX-License-Identifier: Apache-2.0
//
// Import, map and free of one 8 MiB object, against the driver calls that do the same without any bookkeeping.
#include "fixture.h"

#include <benchmark/benchmark.h>
#include <sys/mman.h>
#include <unistd.h>

namespace opennvsci::bench {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

constexpr std::size_t kSize = 8 << 20;

struct Imported {
    CUexternalMemory memory = nullptr;
    CUdeviceptr pointer = 0;
};

Imported import_and_map(NvSciBufObj object) {
    Imported imported;
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC handle{};
    handle.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
    handle.handle.nvSciBufObject = object;
    handle.size = kSize;
    BENCH_CHECK(nvsciCuImportExternalMemory(&imported.memory, &handle));
    const CUDA_EXTERNAL_MEMORY_BUFFER_DESC window{0, kSize, 0, {}};
    BENCH_CHECK(nvsciCuExternalMemoryGetMappedBuffer(&imported.pointer, imported.memory, &window));
    return imported;
}

void release(const Imported& imported) {
    BENCH_CHECK(nvsciCuMemFree(imported.pointer));
    BENCH_CHECK(nvsciCuDestroyExternalMemory(imported.memory));
}

void ours(benchmark::State& state, bool cpu, bool time_the_free) {
    NvSciBufObj buffer = object(kSize, cpu);
    for (auto _ : state) {
        const Imported imported = import_and_map(buffer);
        if (!time_the_free) state.PauseTiming();
        release(imported);
        if (!time_the_free) state.ResumeTiming();
    }
    NvSciBufObjFree(buffer);
}

void raw_video(benchmark::State& state, bool time_the_free) {
    const auto& call = device_driver().call;
    CUmemAllocationProp prop{};
    prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    prop.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
    prop.location = {CU_MEM_LOCATION_TYPE_DEVICE, device_driver().devices.front().handle};
    const CUmemAccessDesc access{prop.location, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
    CUmemGenericAllocationHandle memory = 0;
    BENCH_CHECK(call.cuMemCreate(&memory, kSize, &prop, 0));
    for (auto _ : state) {
        CUdeviceptr pointer = 0;
        BENCH_CHECK(call.cuMemAddressReserve(&pointer, kSize, 0, 0, 0));
        BENCH_CHECK(call.cuMemMap(pointer, kSize, 0, memory, 0));
        BENCH_CHECK(call.cuMemSetAccess(pointer, kSize, &access, 1));
        if (!time_the_free) state.PauseTiming();
        if (time_the_free) BENCH_CHECK(call.cuCtxSynchronize());  // cuMemFree's contract
        BENCH_CHECK(call.cuMemUnmap(pointer, kSize));
        BENCH_CHECK(call.cuMemAddressFree(pointer, kSize));
        if (!time_the_free) state.ResumeTiming();
    }
    BENCH_CHECK(call.cuMemRelease(memory));
}

void raw_host(benchmark::State& state) {
    const auto& call = device_driver().call;
    const int fd = ::memfd_create("bench", MFD_CLOEXEC);
    if (fd < 0 || ::ftruncate(fd, kSize) != 0) std::abort();
    void* memory = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    for (auto _ : state) {
        CUdeviceptr pointer = 0;
        BENCH_CHECK(call.cuMemHostRegister(memory, kSize, kMemHostRegisterPortable | kMemHostRegisterDeviceMap));
        BENCH_CHECK(call.cuMemHostGetDevicePointer(&pointer, memory, 0));
        BENCH_CHECK(call.cuCtxSynchronize());
        BENCH_CHECK(call.cuMemHostUnregister(memory));
    }
    ::munmap(memory, kSize);
    ::close(fd);
}

void name_benchmarks() {
    benchmark::RegisterBenchmark("import_map/ours", [](auto& state) { ours(state, false, false); });
    benchmark::RegisterBenchmark("import_map/raw", [](auto& state) { raw_video(state, false); });
    benchmark::RegisterBenchmark("import_map_free/ours", [](auto& state) { ours(state, false, true); });
    benchmark::RegisterBenchmark("import_map_free/raw", [](auto& state) { raw_video(state, true); });
    benchmark::RegisterBenchmark("import_map_free_host/ours", [](auto& state) { ours(state, true, true); });
    benchmark::RegisterBenchmark("import_map_free_host/raw", [](auto& state) { raw_host(state); });
}
[[maybe_unused]] const bool kRegistered = (name_benchmarks(), true);

}  // namespace
}  // namespace opennvsci::bench
