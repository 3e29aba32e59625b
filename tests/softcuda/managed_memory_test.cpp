// SPDX-License-Identifier: Apache-2.0
//
// Managed memory: allocation, use from both sides, and what may be said about its place (driver-facts.md F52).
#include <array>
#include <cstring>
#include <thread>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

constexpr CUmemLocation kDevice{CU_MEM_LOCATION_TYPE_DEVICE, 0};
constexpr CUmemLocation kHost{CU_MEM_LOCATION_TYPE_HOST, 0};
constexpr CUmemLocation kHostNuma{CU_MEM_LOCATION_TYPE_HOST_NUMA, 0};
constexpr CUmemLocation kNoNode{CU_MEM_LOCATION_TYPE_HOST_NUMA, 1};
constexpr CUmemLocation kNearestNode{CU_MEM_LOCATION_TYPE_HOST_NUMA_CURRENT, 9};
constexpr CUmemLocation kNoDevice{CU_MEM_LOCATION_TYPE_DEVICE, 99};
constexpr CUmemLocation kNowhere{CU_MEM_LOCATION_TYPE_INVALID, 0};
constexpr std::size_t kManagedSize = 4096;

class SoftCudaManaged : public SoftCuda {
  protected:
    void SetUp() override {
        SoftCuda::SetUp();
        ASSERT_OK(cuMemAllocManaged(&managed_, kManagedSize, CU_MEM_ATTACH_GLOBAL));
        ASSERT_OK(cuMemAlloc_v2(&plain_, kManagedSize));
        stream_ = make_stream(CU_STREAM_NON_BLOCKING);
    }

    CUdeviceptr managed_ = 0;
    CUdeviceptr plain_ = 0;
    CUstream stream_ = nullptr;
};

TEST_F(SoftCudaManaged, IsAllocatedAndFreed) {
    CUdeviceptr memory = 0;
    ASSERT_OK(cuMemAllocManaged(&memory, 16, CU_MEM_ATTACH_HOST));
    EXPECT_INVALID(cuMemFree_v2(memory + 8));
    EXPECT_INVALID(cuMemFreeHost(reinterpret_cast<void*>(memory)));
    EXPECT_INVALID(cuMemHostRegister_v2(reinterpret_cast<void*>(memory), 16, 0));
    EXPECT_OK(cuMemFree_v2(memory));
    EXPECT_INVALID(cuMemFree_v2(memory));
    for (const unsigned flags : {0U, 3U, unsigned{CU_MEM_ATTACH_SINGLE}, 5U, 8U})
        EXPECT_INVALID(cuMemAllocManaged(&memory, 16, flags)) << flags;
    EXPECT_INVALID(cuMemAllocManaged(&memory, 0, CU_MEM_ATTACH_GLOBAL));
    EXPECT_INVALID(cuMemAllocManaged(nullptr, 16, CU_MEM_ATTACH_GLOBAL));
    EXPECT_EQ(cuMemAllocManaged(&memory, SIZE_MAX, CU_MEM_ATTACH_GLOBAL), CUDA_ERROR_OUT_OF_MEMORY);
    std::thread([&] {
        EXPECT_EQ(cuMemAllocManaged(&memory, 16, CU_MEM_ATTACH_GLOBAL), CUDA_ERROR_INVALID_CONTEXT);
    }).join();
}

TEST_F(SoftCudaManaged, MayBeMoreThanTheDeviceHas) {
    std::size_t before = 0;
    std::size_t after = 0;
    std::size_t total = 0;
    CUdeviceptr memory = 0;
    ASSERT_OK(cuMemGetInfo_v2(&before, &total));
    ASSERT_OK(cuMemAllocManaged(&memory, 2 * kDeviceMemory, CU_MEM_ATTACH_GLOBAL));
    ASSERT_OK(cuMemGetInfo_v2(&after, &total));
    EXPECT_EQ(after, before);
    EXPECT_OK(cuMemFree_v2(memory));
}

TEST_F(SoftCudaManaged, IsUsedFromBothSides) {
    auto* const bytes = reinterpret_cast<unsigned char*>(managed_);
    std::memset(bytes, 7, kManagedSize);
    EXPECT_OK(cuMemcpyDtoD_v2(plain_, managed_, kManagedSize));
    EXPECT_OK(cuMemsetD8_v2(managed_, 9, 16));
    EXPECT_EQ(bytes[15], 9);
    EXPECT_EQ(bytes[16], 7);
    std::array<unsigned char, kManagedSize> back{};
    EXPECT_OK(cuMemcpyDtoH_v2(back.data(), plain_, kManagedSize));
    EXPECT_EQ(back[0], 7);
    EXPECT_OK(cuMemcpyHtoD_v2(plain_, bytes, 16));  // as host memory too
    EXPECT_OK(cuMemcpyDtoH_v2(back.data(), plain_, 16));
    EXPECT_EQ(back[0], 9);
    EXPECT_INVALID(cuMemcpyDtoD_v2(plain_, managed_ + 1, kManagedSize));
}

TEST_F(SoftCudaManaged, TellsWhatItIs) {
    unsigned number = 77;
    void* host = nullptr;
    CUdeviceptr device_pointer = 0;
    EXPECT_OK(cuPointerGetAttribute(&number, CU_POINTER_ATTRIBUTE_IS_MANAGED, managed_ + 8));
    EXPECT_EQ(number, 1U);
    EXPECT_OK(cuPointerGetAttribute(&number, CU_POINTER_ATTRIBUTE_IS_MANAGED, plain_));
    EXPECT_EQ(number, 0U);
    EXPECT_OK(cuPointerGetAttribute(&number, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, managed_));
    EXPECT_EQ(number, unsigned{CU_MEMORYTYPE_DEVICE});
    EXPECT_OK(cuPointerGetAttribute(&host, CU_POINTER_ATTRIBUTE_HOST_POINTER, managed_ + 8));
    EXPECT_EQ(reinterpret_cast<CUdeviceptr>(host), managed_ + 8);
    EXPECT_OK(cuMemHostGetFlags(&number, reinterpret_cast<void*>(managed_ + 8)));
    EXPECT_EQ(number, kMemHostAllocDeviceMap);
    EXPECT_INVALID(cuMemHostGetDevicePointer_v2(&device_pointer, reinterpret_cast<void*>(managed_), 0));
}

TEST_F(SoftCudaManaged, PrefetchesAreWorkOfTheStream) {
    for (const CUmemLocation place : {kDevice, kHost, kHostNuma, kNearestNode})
        EXPECT_OK(cuMemPrefetchAsync_v2(managed_, kManagedSize, place, 0, stream_)) << place.type;
    EXPECT_OK(cuMemPrefetchAsync_v2(managed_ + 100, 10, kDevice, 0, nullptr));
    EXPECT_OK(cuMemPrefetchAsync(managed_, kManagedSize, 1, stream_));
    EXPECT_OK(cuMemPrefetchAsync(managed_, kManagedSize, kDeviceCpu, stream_));
    Gate gate;
    gate.hold(stream_);
    EXPECT_OK(cuMemPrefetchAsync(managed_, kManagedSize, 0, stream_));
    EXPECT_EQ(cuStreamQuery(stream_), CUDA_ERROR_NOT_READY);
    gate.open();
    EXPECT_OK(cuStreamSynchronize(stream_));

    EXPECT_EQ(cuMemPrefetchAsync_v2(managed_, kManagedSize, kNoDevice, 0, stream_), CUDA_ERROR_INVALID_DEVICE);
    EXPECT_EQ(cuMemPrefetchAsync(managed_, kManagedSize, kDeviceInvalid, stream_), CUDA_ERROR_INVALID_DEVICE);
    EXPECT_INVALID(cuMemPrefetchAsync_v2(managed_, kManagedSize, kNowhere, 0, stream_));
    EXPECT_INVALID(cuMemPrefetchAsync_v2(managed_, kManagedSize, kNoNode, 0, stream_));
    EXPECT_INVALID(cuMemPrefetchAsync_v2(0, kManagedSize, kNoDevice, 0, stream_)) << "the memory is looked at first";
    EXPECT_INVALID(cuMemPrefetchAsync_v2(managed_, kManagedSize, {static_cast<CUmemLocationType>(9), 0}, 0, stream_));
    EXPECT_INVALID(cuMemPrefetchAsync_v2(managed_, kManagedSize, kDevice, 1, stream_));
    EXPECT_INVALID(cuMemPrefetchAsync_v2(managed_, 0, kDevice, 0, stream_));
    EXPECT_INVALID(cuMemPrefetchAsync_v2(managed_ + 8, kManagedSize, kDevice, 0, stream_));
    EXPECT_INVALID(cuMemPrefetchAsync_v2(managed_ + 8, SIZE_MAX, kDevice, 0, stream_));
    EXPECT_INVALID(cuMemPrefetchAsync_v2(plain_, kManagedSize, kDevice, 0, stream_));
    EXPECT_INVALID(cuMemPrefetchAsync_v2(0, 16, kDevice, 0, stream_));
    EXPECT_EQ(cuMemPrefetchAsync(managed_, kManagedSize, 0, reinterpret_cast<CUstream>(this)),
              CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(SoftCudaManaged, AdviceIsChecked) {
    struct Row {
        CUmem_advise advice;
        CUresult on_device, on_host, on_numa, on_no_device, on_no_node;
    };
    constexpr CUresult kOk = CUDA_SUCCESS;
    constexpr CUresult kBad = CUDA_ERROR_INVALID_VALUE;
    for (const Row& row : {Row{CU_MEM_ADVISE_SET_READ_MOSTLY, kOk, kOk, kOk, kOk, kOk},
                           Row{CU_MEM_ADVISE_UNSET_READ_MOSTLY, kOk, kOk, kOk, kOk, kOk},
                           Row{CU_MEM_ADVISE_SET_PREFERRED_LOCATION, kOk, kOk, kOk, kBad, kBad},
                           Row{CU_MEM_ADVISE_UNSET_PREFERRED_LOCATION, kOk, kOk, kOk, kOk, kOk},
                           Row{CU_MEM_ADVISE_SET_ACCESSED_BY, kOk, kOk, kBad, kBad, kBad},
                           Row{CU_MEM_ADVISE_UNSET_ACCESSED_BY, kOk, kOk, kBad, kBad, kBad},
                           Row{static_cast<CUmem_advise>(0), kBad, kBad, kBad, kBad, kBad},
                           Row{static_cast<CUmem_advise>(7), kBad, kBad, kBad, kBad, kBad}}) {
        EXPECT_EQ(cuMemAdvise_v2(managed_, kManagedSize, row.advice, kDevice), row.on_device) << row.advice;
        EXPECT_EQ(cuMemAdvise_v2(managed_, kManagedSize, row.advice, kHost), row.on_host) << row.advice;
        EXPECT_EQ(cuMemAdvise_v2(managed_, kManagedSize, row.advice, kHostNuma), row.on_numa) << row.advice;
        EXPECT_EQ(cuMemAdvise_v2(managed_, kManagedSize, row.advice, kNearestNode), row.on_numa) << row.advice;
        EXPECT_EQ(cuMemAdvise_v2(managed_, kManagedSize, row.advice, kNoNode), row.on_no_node) << row.advice;
        EXPECT_EQ(cuMemAdvise_v2(managed_, kManagedSize, row.advice, kNoDevice), row.on_no_device) << row.advice;
        EXPECT_INVALID(cuMemAdvise_v2(managed_, kManagedSize, row.advice, kNowhere)) << row.advice;
        EXPECT_EQ(cuMemAdvise(managed_, kManagedSize, row.advice, 0), row.on_device) << row.advice;
        EXPECT_EQ(cuMemAdvise(managed_, kManagedSize, row.advice, kDeviceCpu), row.on_host) << row.advice;
    }
    EXPECT_OK(cuMemAdvise(managed_ + 1, 16, CU_MEM_ADVISE_SET_READ_MOSTLY, 0));
    EXPECT_INVALID(cuMemAdvise(managed_, 0, CU_MEM_ADVISE_SET_READ_MOSTLY, 0));
    EXPECT_INVALID(cuMemAdvise(managed_ + 1, kManagedSize, CU_MEM_ADVISE_SET_READ_MOSTLY, 0));
    EXPECT_INVALID(cuMemAdvise(plain_, 16, CU_MEM_ADVISE_SET_READ_MOSTLY, 0));
}

TEST_F(SoftCudaManaged, IsAttachedWhole) {
    EXPECT_OK(cuStreamAttachMemAsync(stream_, managed_, 0, CU_MEM_ATTACH_HOST));
    EXPECT_OK(cuStreamAttachMemAsync(stream_, managed_, kManagedSize, CU_MEM_ATTACH_GLOBAL));
    EXPECT_OK(cuStreamAttachMemAsync(stream_, managed_, 0, CU_MEM_ATTACH_SINGLE));
    EXPECT_INVALID(cuStreamAttachMemAsync(nullptr, managed_, 0, CU_MEM_ATTACH_SINGLE));
    EXPECT_INVALID(cuStreamAttachMemAsync(stream_, managed_, 16, CU_MEM_ATTACH_SINGLE));
    EXPECT_INVALID(cuStreamAttachMemAsync(stream_, managed_ + 16, 0, CU_MEM_ATTACH_GLOBAL));
    EXPECT_INVALID(cuStreamAttachMemAsync(stream_, managed_, 0, 0));
    EXPECT_INVALID(cuStreamAttachMemAsync(stream_, managed_, 0, 3));
    EXPECT_INVALID(cuStreamAttachMemAsync(stream_, plain_, 0, CU_MEM_ATTACH_GLOBAL));
    EXPECT_INVALID(cuStreamAttachMemAsync(stream_, 0, 0, CU_MEM_ATTACH_GLOBAL));
}

}  // namespace
}  // namespace opennvsci::softcuda_test
