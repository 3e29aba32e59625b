// SPDX-License-Identifier: Apache-2.0
//
// Virtual memory management: reservations, mappings and the rights on them.
#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

class SoftCudaVmm : public SoftCuda {
  protected:
    void SetUp() override {
        SoftCuda::SetUp();
        const CUmemAllocationProp properties = device_memory();
        ASSERT_OK(cuMemCreate(&handle_, kGranularity, &properties, 0));
    }
    void TearDown() override {
        if (handle_ != 0) {
            EXPECT_OK(cuMemRelease(handle_));
        }
        SoftCuda::TearDown();
    }

    CUmemGenericAllocationHandle handle_ = 0;
};

TEST_F(SoftCuda, CreateChecksItsArguments) {
    std::size_t granularity = 0;
    CUmemAllocationProp properties = device_memory();
    EXPECT_OK(cuMemGetAllocationGranularity(&granularity, &properties, CU_MEM_ALLOC_GRANULARITY_MINIMUM));
    EXPECT_EQ(granularity, kGranularity);
    CUmemGenericAllocationHandle handle = 0;
    EXPECT_INVALID(cuMemCreate(&handle, 0, &properties, 0));
    EXPECT_INVALID(cuMemCreate(&handle, kGranularity + 4096, &properties, 0));
    EXPECT_INVALID(cuMemCreate(&handle, kGranularity, &properties, 1));
    EXPECT_INVALID(cuMemCreate(&handle, kGranularity, nullptr, 0));
    properties.location = {CU_MEM_LOCATION_TYPE_HOST, 0};
    EXPECT_INVALID(cuMemCreate(&handle, kGranularity, &properties, 0));
    properties.location = {CU_MEM_LOCATION_TYPE_DEVICE, 2};
    EXPECT_EQ(cuMemCreate(&handle, kGranularity, &properties, 0), CUDA_ERROR_INVALID_DEVICE);
    properties = device_memory();
    properties.type = CU_MEM_ALLOCATION_TYPE_INVALID;
    EXPECT_INVALID(cuMemCreate(&handle, kGranularity, &properties, 0));
    EXPECT_INVALID(cuMemRelease(0));
}

// Virtual memory management needs cuInit but no context.
// Its memory is no memory of a device to the kernel.
TEST_F(SoftCudaVmm, ThereAreNoDmaBufs) {
    int descriptor = -7;
    EXPECT_EQ(cuMemGetHandleForAddressRange(&descriptor, 4096, 4096, CU_MEM_RANGE_HANDLE_TYPE_DMA_BUF_FD, 0),
              CUDA_ERROR_NOT_SUPPORTED);
    EXPECT_INVALID(cuMemGetHandleForAddressRange(nullptr, 4096, 4096, CU_MEM_RANGE_HANDLE_TYPE_DMA_BUF_FD, 0));
    EXPECT_EQ(descriptor, -7);
}

TEST_F(SoftCuda, VmmNeedsNoContext) {
    std::thread([] {
        const CUmemAllocationProp properties = device_memory();
        CUmemGenericAllocationHandle handle = 0;
        ASSERT_OK(cuMemCreate(&handle, kGranularity, &properties, 0));
        const Mapped mapped(handle, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
        mapped.bytes()[0] = 1;
        EXPECT_OK(cuMemRelease(handle));
    }).join();
}

TEST_F(SoftCuda, ReservesAddresses) {
    CUdeviceptr pointer = 0;
    EXPECT_INVALID(cuMemAddressReserve(&pointer, 0, 0, 0, 0));
    EXPECT_INVALID(cuMemAddressReserve(&pointer, 4096, 0, 0, 0));
    EXPECT_INVALID(cuMemAddressReserve(&pointer, kGranularity, 3, 0, 0));
    EXPECT_INVALID(cuMemAddressReserve(&pointer, kGranularity, 0, 0, 1));
    EXPECT_EQ(cuMemAddressReserve(&pointer, std::size_t{1} << 60, 0, 0, 0), CUDA_ERROR_OUT_OF_MEMORY);
    EXPECT_EQ(cuMemAddressReserve(&pointer, kGranularity, std::size_t{1} << 63, 0, 0), CUDA_ERROR_OUT_OF_MEMORY);
    ASSERT_OK(cuMemAddressReserve(&pointer, 4 * kGranularity, 1 << 26, 0, 0));
    EXPECT_EQ(pointer % (1 << 26), 0U);
    EXPECT_INVALID(cuMemAddressFree(pointer, kGranularity));
    EXPECT_INVALID(cuMemAddressFree(pointer + kGranularity, 3 * kGranularity));
    EXPECT_OK(cuMemAddressFree(pointer, 4 * kGranularity));
    EXPECT_INVALID(cuMemAddressFree(pointer, 4 * kGranularity));
    const CUdeviceptr hint = pointer;
    ASSERT_OK(cuMemAddressReserve(&pointer, kGranularity, 0, hint, 0));
    EXPECT_EQ(pointer, hint);
    EXPECT_OK(cuMemAddressFree(pointer, kGranularity));
}

TEST_F(SoftCudaVmm, MapChecksItsPlace) {
    CUdeviceptr base = 0;
    ASSERT_OK(cuMemAddressReserve(&base, 4 * kGranularity, 0, 0, 0));
    EXPECT_EQ(cuMemMap(base, kGranularity, 4096, handle_, 0), CUDA_ERROR_NOT_SUPPORTED);
    EXPECT_INVALID(cuMemMap(base, kGranularity / 2, 0, handle_, 0));
    EXPECT_INVALID(cuMemMap(base + 4096, kGranularity, 0, handle_, 0));
    EXPECT_INVALID(cuMemMap(base + 4 * kGranularity, kGranularity, 0, handle_, 0));
    EXPECT_INVALID(cuMemMap(base, kGranularity, 0, handle_ + 1, 0));
    EXPECT_INVALID(cuMemMap(base, kGranularity, 0, handle_, 1));
    EXPECT_OK(cuMemMap(base + kGranularity, kGranularity, 0, handle_, 0));
    EXPECT_INVALID(cuMemMap(base + kGranularity, kGranularity, 0, handle_, 0));
    EXPECT_OK(cuMemMap(base, kGranularity, 0, handle_, 0));
    EXPECT_INVALID(cuMemAddressFree(base, 4 * kGranularity));
    EXPECT_INVALID(cuMemUnmap(base, kGranularity / 2));
    EXPECT_INVALID(cuMemUnmap(base, 3 * kGranularity));
    EXPECT_INVALID(cuMemFree_v2(base));
    EXPECT_OK(cuMemUnmap(base, 2 * kGranularity));
    EXPECT_INVALID(cuMemUnmap(base, kGranularity));
    EXPECT_OK(cuMemAddressFree(base, 4 * kGranularity));
}

TEST_F(SoftCudaVmm, OneCopyMaySpanAdjacentMappings) {
    CUdeviceptr base = 0;
    ASSERT_OK(cuMemAddressReserve(&base, 2 * kGranularity, 0, 0, 0));
    ASSERT_OK(cuMemMap(base, kGranularity, 0, handle_, 0));
    ASSERT_OK(cuMemMap(base + kGranularity, kGranularity, 0, handle_, 0));
    const CUmemAccessDesc access = access_of(0, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
    EXPECT_INVALID(cuMemSetAccess(base, kGranularity + 4096, &access, 1));
    EXPECT_OK(cuMemSetAccess(base, 2 * kGranularity, &access, 1));
    EXPECT_OK(cuMemsetD8_v2(base + kGranularity - 4, 7, 8));
    EXPECT_INVALID(cuMemsetD8_v2(base + 2 * kGranularity - 4, 7, 8));
    // Both are the same memory.
    EXPECT_EQ(*reinterpret_cast<unsigned char*>(base), 7);
    EXPECT_EQ(*reinterpret_cast<unsigned char*>(base + 2 * kGranularity - 1), 7);
    EXPECT_OK(cuMemUnmap(base, 2 * kGranularity));
    EXPECT_OK(cuMemAddressFree(base, 2 * kGranularity));
}

TEST_F(SoftCudaVmm, CopyIntoReadOnlyMappingIsRefused) {
    const Mapped writable(handle_, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
    const Mapped read_only(handle_, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READ);
    EXPECT_OK(cuMemsetD8_v2(writable.pointer(), 0x33, 4096));
    std::array<unsigned char, 16> host{};
    const CUdeviceptr target = read_only.pointer();
    EXPECT_INVALID(cuMemcpyHtoD_v2(target, host.data(), host.size()));
    EXPECT_INVALID(cuMemcpyHtoDAsync_v2(target, host.data(), host.size(), nullptr));
    EXPECT_INVALID(cuMemcpyDtoD_v2(target, writable.pointer(), 16));
    EXPECT_INVALID(cuMemsetD8_v2(target, 0, 16));
    EXPECT_INVALID(cuMemsetD32Async(target, 0, 4, nullptr));
    EXPECT_OK(cuMemcpyDtoH_v2(host.data(), target, host.size()));
    for (const unsigned char byte : host)
        EXPECT_EQ(byte, 0x33);
    unsigned flags = 0;
    EXPECT_OK(cuPointerGetAttribute(&flags, CU_POINTER_ATTRIBUTE_ACCESS_FLAGS, target));
    EXPECT_EQ(flags, CU_MEM_ACCESS_FLAGS_PROT_READ);
}

using SoftCudaVmmDeathTest = SoftCudaVmm;

TEST_F(SoftCudaVmmDeathTest, DirectStoreIntoReadOnlyMappingFaults) {
    const Mapped read_only(handle_, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READ);
    EXPECT_EQ(read_only.bytes()[0], 0);
    EXPECT_DEATH(read_only.bytes()[0] = 1, "");
}

TEST_F(SoftCudaVmmDeathTest, MappingWithoutAccessFaults) {
    CUdeviceptr base = 0;
    ASSERT_OK(cuMemAddressReserve(&base, kGranularity, 0, 0, 0));
    ASSERT_OK(cuMemMap(base, kGranularity, 0, handle_, 0));
    EXPECT_INVALID(cuMemsetD8_v2(base, 1, 1));
    EXPECT_DEATH((void)*reinterpret_cast<volatile char*>(base), "");
    EXPECT_OK(cuMemUnmap(base, kGranularity));
    EXPECT_DEATH((void)*reinterpret_cast<volatile char*>(base), "");
    EXPECT_OK(cuMemAddressFree(base, kGranularity));
}

TEST_F(SoftCudaVmm, RightsArePerDevice) {
    const Mapped mapped(handle_, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READ, 0);
    CUmemAccessDesc second = access_of(1, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
    EXPECT_OK(cuMemSetAccess(mapped.pointer(), kGranularity, &second, 1));
    mapped.bytes()[0] = 1;  // the CPU has the strongest right of any device
    EXPECT_INVALID(cuMemsetD8_v2(mapped.pointer(), 5, 1));
    CUcontext other = nullptr;
    ASSERT_OK(cuCtxCreate_v2(&other, 0, 1));
    EXPECT_OK(cuMemsetD8_v2(mapped.pointer(), 5, 1));
    EXPECT_OK(cuCtxDestroy_v2(other));

    unsigned long long flags = 99;
    CUmemLocation location{CU_MEM_LOCATION_TYPE_DEVICE, 0};
    EXPECT_OK(cuMemGetAccess(&flags, &location, mapped.pointer()));
    EXPECT_EQ(flags, 1U);
    location.id = 1;
    EXPECT_OK(cuMemGetAccess(&flags, &location, mapped.pointer() + 4096));
    EXPECT_EQ(flags, 3U);
    location.id = 5;
    EXPECT_EQ(cuMemGetAccess(&flags, &location, mapped.pointer()), CUDA_ERROR_INVALID_DEVICE);
    location.id = 0;
    EXPECT_INVALID(cuMemGetAccess(&flags, &location, mapped.pointer() + kGranularity));
}

TEST_F(SoftCudaVmm, SetAccessChecksAllBeforeItChangesAnything) {
    const Mapped mapped(handle_, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READ);
    CUmemAccessDesc access[2] = {access_of(0, CU_MEM_ACCESS_FLAGS_PROT_READWRITE),
                                 access_of(9, CU_MEM_ACCESS_FLAGS_PROT_READ)};
    EXPECT_EQ(cuMemSetAccess(mapped.pointer(), kGranularity, access, 2), CUDA_ERROR_INVALID_DEVICE);
    EXPECT_INVALID(cuMemsetD8_v2(mapped.pointer(), 1, 1));
    access[1] = {{CU_MEM_LOCATION_TYPE_HOST, 0}, CU_MEM_ACCESS_FLAGS_PROT_READ};
    EXPECT_EQ(cuMemSetAccess(mapped.pointer(), kGranularity, access, 2), CUDA_ERROR_NOT_SUPPORTED);
    access[1] = {{CU_MEM_LOCATION_TYPE_HOST_NUMA, 0}, CU_MEM_ACCESS_FLAGS_PROT_READ};
    EXPECT_INVALID(cuMemSetAccess(mapped.pointer(), kGranularity, access, 2));
    access[1] = access_of(0, static_cast<CUmemAccess_flags>(2));
    EXPECT_INVALID(cuMemSetAccess(mapped.pointer(), kGranularity, access, 2));
    EXPECT_INVALID(cuMemSetAccess(mapped.pointer(), kGranularity, access, 0));
    EXPECT_INVALID(cuMemSetAccess(mapped.pointer() + kGranularity, kGranularity, access, 1));
    EXPECT_INVALID(cuMemsetD8_v2(mapped.pointer(), 1, 1));
}

TEST_F(SoftCuda, HostNumaMemoryTakesHostAccess) {
    CUmemAllocationProp properties = host_numa_memory();
    properties.allocFlags.compressionType = CU_MEM_ALLOCATION_COMP_GENERIC;
    CUmemGenericAllocationHandle handle = 0;
    ASSERT_OK(cuMemCreate(&handle, kGranularity, &properties, 0));
    EXPECT_OK(cuMemGetAllocationPropertiesFromHandle(&properties, handle));
    EXPECT_EQ(properties.location.type, CU_MEM_LOCATION_TYPE_HOST_NUMA);
    EXPECT_EQ(properties.allocFlags.compressionType, CU_MEM_ALLOCATION_COMP_NONE);
    {
        const Mapped mapped(handle, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READ);
        const CUmemAccessDesc host{{CU_MEM_LOCATION_TYPE_HOST_NUMA, 0}, CU_MEM_ACCESS_FLAGS_PROT_READWRITE};
        EXPECT_OK(cuMemSetAccess(mapped.pointer(), kGranularity, &host, 1));
        mapped.bytes()[5] = 6;
        EXPECT_INVALID(cuMemsetD8_v2(mapped.pointer(), 1, 1));
    }
    EXPECT_OK(cuMemRelease(handle));
}

// Unmapping and weakening wait for the copies that use the mapping, and block nobody else meanwhile.
TEST_F(SoftCudaVmm, UnmapWaitsForCopiesOfThisMapping) {
    CUdeviceptr busy = 0;
    ASSERT_OK(cuMemAddressReserve(&busy, kGranularity, 0, 0, 0));
    ASSERT_OK(cuMemMap(busy, kGranularity, 0, handle_, 0));
    const CUmemAccessDesc write = access_of(0, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
    const CUmemAccessDesc read = access_of(0, CU_MEM_ACCESS_FLAGS_PROT_READ);
    ASSERT_OK(cuMemSetAccess(busy, kGranularity, &write, 1));
    const CUstream stream = make_stream();
    Gate gate;
    gate.hold(stream);
    EXPECT_OK(cuMemsetD8Async(busy, 0x44, kGranularity, stream));
    std::atomic<int> steps{0};
    std::thread other([&] {
        EXPECT_OK(cuMemSetAccess(busy, kGranularity, &read, 1));
        ++steps;
        EXPECT_OK(cuMemUnmap(busy, kGranularity));
        ++steps;
    });
    {
        const Mapped unrelated(handle_, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        EXPECT_EQ(steps, 0);
        gate.open();
        other.join();
        EXPECT_EQ(unrelated.bytes()[kGranularity - 1], 0x44);
    }
    EXPECT_OK(cuMemAddressFree(busy, kGranularity));
}

TEST_F(SoftCudaVmm, MemoryLivesInItsMapping) {
    const Mapped mapped(handle_, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
    EXPECT_OK(cuMemRelease(handle_));
    EXPECT_INVALID(cuMemRelease(handle_));
    handle_ = 0;
    EXPECT_OK(cuMemsetD8_v2(mapped.pointer(), 0x77, kGranularity));
    EXPECT_EQ(mapped.bytes()[kGranularity - 1], 0x77);
}

}  // namespace
}  // namespace opennvsci::softcuda_test
