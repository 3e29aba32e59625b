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

void ours(benchmark::State& state, bool cpu, bool time_the_free) {
    NvSciBufObj buffer = object(kSize, cpu);
    for (auto _ : state) {
        const Imported imported = import_and_map(buffer, kSize);
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

// The planes of a 4:2:0 picture of 1920 x 1080, as image_list() describes it.
constexpr std::uint64_t kPlaneOffsets[] = {0, 2228224, 2883584};
constexpr std::uint64_t kImageSize = 3538944;

CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC plane(std::size_t i) {
    CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC desc{};
    desc.offset = kPlaneOffsets[i];
    desc.arrayDesc = {i == 0 ? 1920U : 960U, i == 0 ? 1080U : 540U, 0, CU_AD_FORMAT_UNSIGNED_INT8, 1,
                      kArray3DSurfaceLdst};
    desc.numLevels = 1;
    return desc;
}

void our_arrays(benchmark::State& state) {
    NvSciBufAttrList list = image_list(1920, 1080);
    NvSciBufAttrList conflict = nullptr;
    NvSciBufObj object = nullptr;
    BENCH_CHECK(NvSciBufAttrListReconcileAndObjAlloc(&list, 1, &object, &conflict));
    NvSciBufAttrListFree(list);
    const auto& call = device_driver().call;
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
    desc.handle.nvSciBufObject = object;
    desc.size = kImageSize;
    for (auto _ : state) {
        CUexternalMemory memory = nullptr;
        CUmipmappedArray arrays[3] = {};
        BENCH_CHECK(nvsciCuImportExternalMemory(&memory, &desc));
        for (std::size_t i = 0; i < 3; ++i) {
            const auto window = plane(i);
            BENCH_CHECK(nvsciCuExternalMemoryGetMappedMipmappedArray(&arrays[i], memory, &window));
        }
        for (CUmipmappedArray array : arrays)
            BENCH_CHECK(call.cuMipmappedArrayDestroy(array));
        BENCH_CHECK(nvsciCuDestroyExternalMemory(memory));
    }
    NvSciBufObjFree(object);
}

void raw_arrays(benchmark::State& state) {
    const driver::Driver& driver = device_driver();
    const auto& call = driver.call;
    CUmemAllocationProp prop{};
    prop.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    prop.requestedHandleTypes = CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR;
    prop.location = {CU_MEM_LOCATION_TYPE_DEVICE, driver.devices.front().handle};
    constexpr std::size_t kAllocated = 4U << 20;
    CUmemGenericAllocationHandle handle = 0;
    int descriptor = -1;
    BENCH_CHECK(call.cuMemCreate(&handle, kAllocated, &prop, 0));
    BENCH_CHECK(call.cuMemExportToShareableHandle(&descriptor, handle, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0));
    CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
    desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD;
    desc.size = kAllocated;
    for (auto _ : state) {
        CUexternalMemory memory = nullptr;
        CUmipmappedArray arrays[3] = {};
        desc.handle.fd = ::dup(descriptor);
        BENCH_CHECK(call.cuImportExternalMemory(&memory, &desc));
        for (std::size_t i = 0; i < 3; ++i) {
            const auto window = plane(i);
            BENCH_CHECK(call.cuExternalMemoryGetMappedMipmappedArray(&arrays[i], memory, &window));
        }
        for (CUmipmappedArray array : arrays)
            BENCH_CHECK(call.cuMipmappedArrayDestroy(array));
        BENCH_CHECK(call.cuDestroyExternalMemory(memory));
    }
    ::close(descriptor);
    BENCH_CHECK(call.cuMemRelease(handle));
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
    benchmark::RegisterBenchmark("import_arrays/ours", [](auto& state) { our_arrays(state); });
    benchmark::RegisterBenchmark("import_arrays/raw", [](auto& state) { raw_arrays(state); });
}
[[maybe_unused]] const bool kRegistered = (name_benchmarks(), true);

}  // namespace
}  // namespace opennvsci::bench
