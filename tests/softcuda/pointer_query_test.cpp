// SPDX-License-Identifier: Apache-2.0
//
// What the device tells of an address, for every kind of memory; values and refusals as an H100's (driver-facts.md
// F51).
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <thread>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

template <typename Value>
Value query(CUpointer_attribute attribute, CUdeviceptr pointer) {
    Value value{};
    EXPECT_OK(cuPointerGetAttribute(&value, attribute, pointer)) << attribute;
    return value;
}

CUdeviceptr host_memory(unsigned flags) {
    void* pointer = nullptr;
    EXPECT_OK(cuMemHostAlloc(&pointer, 100, flags));
    return reinterpret_cast<CUdeviceptr>(pointer);
}

CUresult flags_of(CUdeviceptr pointer, unsigned& flags) {
    return cuMemHostGetFlags(&flags, reinterpret_cast<void*>(pointer));
}

// The attributes beside those of memory_test.cpp. A number that the caller gets is of 4 bytes where CUDA says boolean.
TEST_F(SoftCuda, AnswersTheOtherPointerQueries) {
    CUdeviceptr memory = 0;
    ASSERT_OK(cuMemAlloc_v2(&memory, 1000));
    const CUdeviceptr host = host_memory(0);
    for (const CUdeviceptr pointer : {memory, host}) {
        EXPECT_EQ(query<unsigned>(CU_POINTER_ATTRIBUTE_MAPPED, pointer), 1U);
        EXPECT_EQ(query<unsigned>(CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, pointer), 0U);
        EXPECT_EQ(query<unsigned>(CU_POINTER_ATTRIBUTE_IS_MANAGED, pointer), 0U);
        EXPECT_EQ(query<unsigned>(CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE, pointer), 0U);
        EXPECT_EQ(query<unsigned>(CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE, pointer), 0U);
        EXPECT_EQ(query<std::uint64_t>(CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES, pointer), 0U);
        EXPECT_EQ(query<void*>(CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE, pointer), nullptr);
        EXPECT_EQ(query<CUdeviceptr>(CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR, pointer + 9), pointer);
    }
    std::uint64_t guarded[2] = {0x7777777777777777U, 0x7777777777777777U};
    EXPECT_OK(cuPointerGetAttribute(guarded, CU_POINTER_ATTRIBUTE_MAPPED, memory));
    EXPECT_EQ(guarded[0], 0x7777777700000001U);
    for (const unsigned unknown : {0U, 5U, 22U}) {
        EXPECT_INVALID(cuPointerGetAttribute(guarded, static_cast<CUpointer_attribute>(unknown), memory)) << unknown;
    }
    int local = 0;
    for (unsigned attribute = 0; attribute < 24; ++attribute) {
        EXPECT_INVALID(cuPointerGetAttribute(guarded, static_cast<CUpointer_attribute>(attribute),
                                             reinterpret_cast<CUdeviceptr>(&local)));
    }
}

TEST_F(SoftCuda, TellsMemoryApart) {
    CUdeviceptr first = 0;
    CUdeviceptr second = 0;
    ASSERT_OK(cuMemAlloc_v2(&first, 1000));
    ASSERT_OK(cuMemAlloc_v2(&second, 1000));
    const auto id = [](CUdeviceptr pointer) {
        return query<unsigned long long>(CU_POINTER_ATTRIBUTE_BUFFER_ID, pointer);
    };
    EXPECT_EQ(id(first), id(first + 999));
    EXPECT_NE(id(first), id(second));
    const unsigned long long old = id(second);
    EXPECT_OK(cuMemFree_v2(second));
    ASSERT_OK(cuMemAlloc_v2(&second, 1000));
    EXPECT_NE(id(second), old) << "the address may be the same, the memory is not";
}

// Two mappings of one allocation are two ranges of one block of memory.
TEST_F(SoftCuda, TellsMappingFromReservation) {
    const CUmemAllocationProp properties = device_memory();
    CUmemGenericAllocationHandle handle = 0;
    CUdeviceptr reserved = 0;
    ASSERT_OK(cuMemCreate(&handle, kGranularity, &properties, 0));
    ASSERT_OK(cuMemAddressReserve(&reserved, 4 * kGranularity, 0, 0, 0));
    const CUdeviceptr mapped = reserved + kGranularity;
    const CUdeviceptr again = reserved + 2 * kGranularity;
    ASSERT_OK(cuMemMap(mapped, kGranularity, 0, handle, 0));
    ASSERT_OK(cuMemMap(again, kGranularity, 0, handle, 0));
    CUdeviceptr base = 0;
    std::size_t size = 0;
    EXPECT_INVALID(cuPointerGetAttribute(&base, CU_POINTER_ATTRIBUTE_DEVICE_POINTER, mapped))
        << "there is no access yet";
    EXPECT_EQ(cuMemGetAddressRange_v2(&base, &size, mapped), CUDA_ERROR_NOT_FOUND);
    const CUmemAccessDesc access = access_of(0, CU_MEM_ACCESS_FLAGS_PROT_READ);
    ASSERT_OK(cuMemSetAccess(mapped, kGranularity, &access, 1));
    EXPECT_EQ(query<CUdeviceptr>(CU_POINTER_ATTRIBUTE_DEVICE_POINTER, mapped + 5), mapped + 5);
    EXPECT_INVALID(cuPointerGetAttribute(&base, CU_POINTER_ATTRIBUTE_HOST_POINTER, mapped));
    EXPECT_OK(cuMemGetAddressRange_v2(&base, &size, mapped + 5));
    EXPECT_EQ(base, mapped);
    EXPECT_EQ(size, kGranularity);
    EXPECT_EQ(query<CUdeviceptr>(CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, mapped + 5), reserved);
    EXPECT_EQ(query<std::size_t>(CU_POINTER_ATTRIBUTE_RANGE_SIZE, mapped), 4 * kGranularity);
    EXPECT_EQ(query<CUdeviceptr>(CU_POINTER_ATTRIBUTE_MAPPING_BASE_ADDR, mapped + 5), mapped);
    EXPECT_EQ(query<std::size_t>(CU_POINTER_ATTRIBUTE_MAPPING_SIZE, mapped), kGranularity);
    EXPECT_EQ(query<std::uint64_t>(CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES, mapped),
              std::uint64_t{CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR});
    EXPECT_EQ(query<std::uint64_t>(CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID, mapped),
              query<std::uint64_t>(CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID, again));
    EXPECT_NE(query<unsigned long long>(CU_POINTER_ATTRIBUTE_BUFFER_ID, mapped),
              query<unsigned long long>(CU_POINTER_ATTRIBUTE_BUFFER_ID, again));
    const unsigned one = 1;
    EXPECT_EQ(cuPointerSetAttribute(&one, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, mapped), CUDA_ERROR_NOT_SUPPORTED);
    EXPECT_INVALID(cuPointerSetAttribute(&one, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, reserved));
    EXPECT_OK(cuMemUnmap(mapped, 2 * kGranularity));
    EXPECT_OK(cuMemAddressFree(reserved, 4 * kGranularity));
    EXPECT_OK(cuMemRelease(handle));
}

TEST_F(SoftCuda, SynchronousOperationsCanBeAskedFor) {
    CUdeviceptr memory = 0;
    ASSERT_OK(cuMemAlloc_v2(&memory, 1000));
    for (const unsigned wanted : {1U, 0U, 2U}) {
        EXPECT_OK(cuPointerSetAttribute(&wanted, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, memory + 8));
        EXPECT_EQ(query<unsigned>(CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, memory), wanted != 0 ? 1U : 0U);
    }
    const unsigned one = 1;
    EXPECT_OK(cuPointerSetAttribute(&one, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, host_memory(0)));
    EXPECT_INVALID(cuPointerSetAttribute(nullptr, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, memory));
    EXPECT_INVALID(cuPointerSetAttribute(&one, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, memory));
    EXPECT_INVALID(cuPointerSetAttribute(&one, static_cast<CUpointer_attribute>(99), memory));
    EXPECT_INVALID(cuPointerSetAttribute(&one, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, reinterpret_cast<CUdeviceptr>(&one)));
    EXPECT_INVALID(cuPointerSetAttribute(&one, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, 0));
    std::thread([&] { EXPECT_OK(cuPointerSetAttribute(&one, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, memory)); }).join();
}

TEST_F(SoftCuda, HostMemoryKeepsItsFlags) {
    unsigned flags = 77;
    EXPECT_OK(flags_of(host_memory(0) + 4, flags));
    EXPECT_EQ(flags, kMemHostAllocDeviceMap) << "all host memory is mapped";
    EXPECT_OK(flags_of(host_memory(kMemHostAllocPortable | kMemHostAllocWriteCombined), flags));
    EXPECT_EQ(flags, kMemHostAllocPortable | kMemHostAllocDeviceMap | kMemHostAllocWriteCombined);

    void* const own = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(own, MAP_FAILED);
    EXPECT_INVALID(cuMemHostGetFlags(&flags, own));
    ASSERT_OK(cuMemHostRegister_v2(own, 4096, kMemHostRegisterPortable));
    EXPECT_OK(cuMemHostGetFlags(&flags, own));
    EXPECT_EQ(flags, kMemHostRegisterPortable | kMemHostRegisterDeviceMap);
    EXPECT_OK(cuMemHostUnregister(own));
    munmap(own, 4096);

    CUdeviceptr memory = 0;
    ASSERT_OK(cuMemAlloc_v2(&memory, 16));
    flags = 77;
    EXPECT_INVALID(flags_of(memory, flags));
    EXPECT_INVALID(flags_of(0, flags));
    EXPECT_EQ(flags, 77U);
    EXPECT_INVALID(cuMemHostGetFlags(nullptr, own));
    std::thread([&] { EXPECT_EQ(flags_of(memory, flags), CUDA_ERROR_INVALID_CONTEXT); }).join();
}

// An answer is that of the mapping that was there, or a refusal.
TEST_F(SoftCuda, PointersAreQueriedWhileMemoryIsUnmapped) {
    constexpr int kRounds = 300;
    const CUmemAllocationProp properties = device_memory();
    CUdeviceptr pointer = 0;
    ASSERT_OK(cuMemAddressReserve(&pointer, kGranularity, 0, 0, 0));
    std::atomic<bool> stop{false};
    std::thread other([&] {
        while (!stop) {
            std::uint64_t value = 0;
            if (cuPointerGetAttribute(&value, CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES, pointer) == CUDA_SUCCESS) {
                EXPECT_EQ(value, unsigned{CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR});
            }
            if (cuPointerGetAttribute(&value, CU_POINTER_ATTRIBUTE_MEMORY_BLOCK_ID, pointer) == CUDA_SUCCESS) {
                EXPECT_NE(value, 0U);
            }
        }
    });
    for (int i = 0; i < kRounds; ++i) {
        CUmemGenericAllocationHandle handle = 0;
        EXPECT_OK(cuMemCreate(&handle, kGranularity, &properties, 0));
        EXPECT_OK(cuMemMap(pointer, kGranularity, 0, handle, 0));
        EXPECT_OK(cuMemRelease(handle));
        EXPECT_OK(cuMemUnmap(pointer, kGranularity));
    }
    stop = true;
    other.join();
    EXPECT_OK(cuMemAddressFree(pointer, kGranularity));
}

}  // namespace
}  // namespace opennvsci::softcuda_test
