// SPDX-License-Identifier: Apache-2.0
//
// Memory of a context: allocation, host memory, pointer queries, copies and memsets.
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

CUdeviceptr allocate(std::size_t size) {
    CUdeviceptr pointer = 0;
    EXPECT_OK(cuMemAlloc_v2(&pointer, size));
    return pointer;
}

/// A private anonymous mapping of the test's own.
class Pages {
  public:
    explicit Pages(std::size_t size, int protection = PROT_READ | PROT_WRITE)
        : size_(size), address_(mmap(nullptr, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
    ~Pages() { munmap(address_, size_); }
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;
    [[nodiscard]] char* at(std::size_t offset = 0) const { return static_cast<char*>(address_) + offset; }

  private:
    std::size_t size_;
    void* address_;
};

TEST_F(SoftCuda, AllocatesAndFrees) {
    const CUdeviceptr pointer = allocate(1000);
    EXPECT_EQ(pointer % 512, 0U);
    EXPECT_INVALID(cuMemFree_v2(pointer + 8));
    EXPECT_OK(cuMemFree_v2(pointer));
    EXPECT_INVALID(cuMemFree_v2(pointer));
    EXPECT_OK(cuMemFree_v2(0));
    const CUdeviceptr another = allocate(64);
    std::thread([&] { EXPECT_OK(cuMemFree_v2(another)) << "needs no current context"; }).join();
    CUdeviceptr none = 0;
    EXPECT_INVALID(cuMemAlloc_v2(&none, 0));
    EXPECT_INVALID(cuMemAlloc_v2(nullptr, 16));
    int local = 0;
    EXPECT_INVALID(cuMemFree_v2(reinterpret_cast<CUdeviceptr>(&local)));
}

TEST_F(SoftCuda, MemoryIsLimitedPerDevice) {
    std::size_t free_before = 0;
    std::size_t total = 0;
    ASSERT_OK(cuMemGetInfo_v2(&free_before, &total));
    EXPECT_EQ(total, kDeviceMemory);
    const CUdeviceptr big = allocate(200 * kMiB);
    CUdeviceptr none = 0;
    EXPECT_EQ(cuMemAlloc_v2(&none, 100 * kMiB), CUDA_ERROR_OUT_OF_MEMORY);
    EXPECT_EQ(cuMemAlloc_v2(&none, SIZE_MAX), CUDA_ERROR_OUT_OF_MEMORY);
    EXPECT_EQ(cuMemAlloc_v2(&none, SIZE_MAX - 8192), CUDA_ERROR_OUT_OF_MEMORY);
    CUmemGenericAllocationHandle handle = 0;
    CUmemAllocationProp properties = device_memory();
    EXPECT_EQ(cuMemCreate(&handle, 100 * kMiB, &properties, 0), CUDA_ERROR_OUT_OF_MEMORY);
    properties = device_memory(1);
    EXPECT_OK(cuMemCreate(&handle, 100 * kMiB, &properties, 0));
    EXPECT_OK(cuMemRelease(handle));
    EXPECT_OK(cuMemFree_v2(big));
    std::size_t free_after = 0;
    EXPECT_OK(cuMemGetInfo_v2(&free_after, &total));
    EXPECT_EQ(free_after, free_before);
}

TEST_F(SoftCuda, FreesMemoryOfAnotherContext) {
    const CUdeviceptr pointer = allocate(64);
    CUcontext other = nullptr;
    ASSERT_OK(cuCtxCreate_v2(&other, 0, 1));
    EXPECT_OK(cuMemFree_v2(pointer));
    const CUdeviceptr theirs = allocate(64);
    EXPECT_OK(cuCtxDestroy_v2(other));
    EXPECT_INVALID(cuMemFree_v2(theirs));  // freed with its context
}

TEST_F(SoftCuda, FreeWaitsForTheWorkOfTheContext) {
    const CUdeviceptr pointer = allocate(4096);
    const CUstream stream = make_stream(CU_STREAM_NON_BLOCKING);
    std::atomic<bool> ran{false};
    on_stream(stream, [&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        *reinterpret_cast<char*>(pointer) = 1;
        ran = true;
    });
    EXPECT_OK(cuMemFree_v2(pointer));
    EXPECT_TRUE(ran);
}

TEST_F(SoftCuda, CopiesThereAndBack) {
    const CUdeviceptr first = allocate(1 << 16);
    const CUdeviceptr second = allocate(1 << 16);
    std::vector<unsigned> in(1 << 14);
    std::vector<unsigned> out(1 << 14);
    for (std::size_t i = 0; i < in.size(); ++i)
        in[i] = static_cast<unsigned>(i * 2654435761U);
    EXPECT_OK(cuMemcpyHtoD_v2(first, in.data(), 1 << 16));
    EXPECT_OK(cuMemcpyDtoD_v2(second, first, 1 << 16));
    EXPECT_OK(cuMemcpyDtoH_v2(out.data(), second, 1 << 16));
    EXPECT_EQ(in, out);
    EXPECT_OK(cuMemsetD32_v2(second, 0x01020304, 1 << 14));
    EXPECT_OK(cuMemcpyDtoH_v2(out.data(), second + 4, 8));
    EXPECT_EQ(out[0], 0x01020304U);
    EXPECT_OK(cuMemsetD8_v2(second, 0xff, 3));
    EXPECT_OK(cuMemcpyDtoH_v2(out.data(), second, 4));
    EXPECT_EQ(out[0], 0x01ffffffU);
}

TEST_F(SoftCuda, RefusesOperandsThatItDoesNotKnow) {
    const CUdeviceptr memory = allocate(4096);
    std::array<unsigned char, 8192> host{};
    EXPECT_OK(cuMemsetD8_v2(memory, 0x11, 4096));
    EXPECT_INVALID(cuMemcpyHtoD_v2(memory, host.data(), 4097));
    EXPECT_INVALID(cuMemcpyHtoD_v2(memory + 4000, host.data(), 97));
    EXPECT_INVALID(cuMemcpyDtoH_v2(host.data(), memory + 4096, 1));
    EXPECT_INVALID(cuMemcpyDtoH_v2(nullptr, memory, 1));
    EXPECT_INVALID(cuMemcpyDtoD_v2(memory, reinterpret_cast<CUdeviceptr>(host.data()), 16));
    EXPECT_INVALID(cuMemcpyHtoD_v2(memory, host.data(), SIZE_MAX));
    EXPECT_INVALID(cuMemsetD8_v2(memory, 0, 4097));
    EXPECT_INVALID(cuMemsetD32_v2(memory + 2, 0, 4));
    EXPECT_INVALID(cuMemsetD32_v2(memory, 0, SIZE_MAX / 2));
    EXPECT_INVALID(cuMemsetD8Async(memory, 0, 4097, nullptr));
    EXPECT_OK(cuMemcpyHtoD_v2(memory, nullptr, 0));
    EXPECT_OK(cuMemsetD8_v2(0, 0, 0));
    EXPECT_OK(cuMemcpyDtoH_v2(host.data(), memory, 4096));
    for (std::size_t i = 0; i < 4096; ++i)
        ASSERT_EQ(host[i], 0x11);
    EXPECT_EQ(host[4096], 0);
}

TEST_F(SoftCuda, PageableSourceIsStagedAtTheCall) {
    const CUdeviceptr memory = allocate(64);
    const CUstream stream = make_stream();
    Gate gate;
    gate.hold(stream);
    unsigned char source = 1;
    EXPECT_OK(cuMemcpyHtoDAsync_v2(memory, &source, 1, stream));
    source = 2;
    gate.open();
    unsigned char result = 0;
    EXPECT_OK(cuMemcpyDtoHAsync_v2(&result, memory, 1, stream));  // pageable destination: done on return
    EXPECT_EQ(result, 1);
}

TEST_F(SoftCuda, PinnedCopiesAreAsynchronous) {
    void* pinned = nullptr;
    ASSERT_OK(cuMemHostAlloc(&pinned, 64, kMemHostAllocPortable | kMemHostAllocDeviceMap));
    auto* bytes = static_cast<volatile unsigned char*>(pinned);
    const CUdeviceptr memory = allocate(64);
    const CUstream stream = make_stream();
    Gate gate;
    gate.hold(stream);
    bytes[0] = 1;
    EXPECT_OK(cuMemcpyHtoDAsync_v2(memory, pinned, 1, stream));
    bytes[0] = 2;  // still to be read
    EXPECT_OK(cuMemcpyDtoHAsync_v2(static_cast<char*>(pinned) + 1, memory, 1, stream));
    EXPECT_EQ(bytes[1], 0);
    gate.open();
    EXPECT_OK(cuStreamSynchronize(stream));
    EXPECT_EQ(bytes[1], 2);
    EXPECT_INVALID(cuMemFree_v2(reinterpret_cast<CUdeviceptr>(pinned)));
    EXPECT_OK(cuMemFreeHost(pinned));
    EXPECT_INVALID(cuMemFreeHost(pinned));
    EXPECT_INVALID(cuMemHostAlloc(&pinned, 64, 0x100));
    EXPECT_INVALID(cuMemHostAlloc(&pinned, 0, 0));
}

TEST_F(SoftCuda, RegistersHostMemory) {
    const Pages pages(4 * 4096);
    CUdeviceptr device_pointer = 0;
    EXPECT_INVALID(cuMemHostGetDevicePointer_v2(&device_pointer, pages.at(), 0));
    ASSERT_OK(cuMemHostRegister_v2(pages.at(4096), 4096, kMemHostRegisterPortable | kMemHostRegisterDeviceMap));
    EXPECT_OK(cuMemHostGetDevicePointer_v2(&device_pointer, pages.at(4100), 0));
    EXPECT_EQ(device_pointer, reinterpret_cast<CUdeviceptr>(pages.at(4100)));
    EXPECT_EQ(cuMemHostRegister_v2(pages.at(), 4 * 4096, 0), CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
    EXPECT_EQ(cuMemHostRegister_v2(pages.at(8191), 4096, 0), CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
    EXPECT_OK(cuMemHostRegister_v2(pages.at(), 4096, 0));
    EXPECT_OK(cuMemsetD8_v2(device_pointer, 9, 8));
    EXPECT_EQ(*pages.at(4107), 9);
    EXPECT_INVALID(cuMemFree_v2(reinterpret_cast<CUdeviceptr>(pages.at(4096))));
    EXPECT_EQ(cuMemHostUnregister(pages.at(4100)), CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
    EXPECT_OK(cuMemHostUnregister(pages.at(4096)));
    EXPECT_OK(cuMemHostUnregister(pages.at()));
    EXPECT_EQ(cuMemHostUnregister(pages.at()), CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
    EXPECT_INVALID(cuMemsetD8_v2(device_pointer, 9, 8));
}

TEST_F(SoftCuda, RegistrationChecksWhatIsMapped) {
    const Pages read_only(8192, PROT_READ);
    EXPECT_INVALID(cuMemHostRegister_v2(read_only.at(), 8192, 0));
    ASSERT_OK(cuMemHostRegister_v2(read_only.at(), 8192, kMemHostRegisterReadOnly));
    EXPECT_INVALID(cuMemsetD8_v2(reinterpret_cast<CUdeviceptr>(read_only.at()), 1, 1));
    EXPECT_INVALID(cuMemcpyDtoH_v2(read_only.at(), reinterpret_cast<CUdeviceptr>(read_only.at()), 1));
    unsigned char byte = 1;
    EXPECT_OK(cuMemcpyDtoH_v2(&byte, reinterpret_cast<CUdeviceptr>(read_only.at()), 1));
    EXPECT_EQ(byte, 0);
    EXPECT_OK(cuMemHostUnregister(read_only.at()));

    const Pages none(8192, PROT_NONE);
    EXPECT_INVALID(cuMemHostRegister_v2(none.at(), 8192, kMemHostRegisterReadOnly));
    const Pages holed(3 * 4096);
    munmap(holed.at(4096), 4096);
    EXPECT_INVALID(cuMemHostRegister_v2(holed.at(), 3 * 4096, 0));
    EXPECT_INVALID(cuMemHostRegister_v2(holed.at(), 4096, 0x4));
    EXPECT_INVALID(cuMemHostRegister_v2(nullptr, 4096, 0));
    EXPECT_INVALID(cuMemHostRegister_v2(holed.at(), 0, 0));
    EXPECT_INVALID(cuMemHostRegister_v2(reinterpret_cast<void*>(allocate(4096)), 4096, 0));
}

// The memory goes without being unregistered, and the kernel gives the same addresses to the device.
TEST_F(SoftCuda, StaleRegistrationGivesWay) {
    CUdeviceptr base = 0;
    ASSERT_OK(cuMemAddressReserve(&base, kGranularity, 0, 0, 0));
    EXPECT_OK(cuMemAddressFree(base, kGranularity));
    void* own = mmap(reinterpret_cast<void*>(base), 8192, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    ASSERT_EQ(reinterpret_cast<CUdeviceptr>(own), base);
    ASSERT_OK(cuMemHostRegister_v2(reinterpret_cast<char*>(own) + 4096, 4096, 0));
    munmap(own, 8192);
    CUdeviceptr again = 0;
    ASSERT_OK(cuMemAddressReserve(&again, kGranularity, 0, base, 0));
    ASSERT_EQ(again, base);
    const CUmemAllocationProp properties = device_memory();
    CUmemGenericAllocationHandle handle = 0;
    ASSERT_OK(cuMemCreate(&handle, kGranularity, &properties, 0));
    ASSERT_OK(cuMemMap(base, kGranularity, 0, handle, 0));
    const CUmemAccessDesc access = access_of(0, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
    ASSERT_OK(cuMemSetAccess(base, kGranularity, &access, 1));
    EXPECT_OK(cuMemsetD8_v2(base, 1, kGranularity));
    EXPECT_EQ(cuMemHostUnregister(reinterpret_cast<void*>(base + 4096)), CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
    EXPECT_OK(cuMemUnmap(base, kGranularity));
    EXPECT_OK(cuMemRelease(handle));
    EXPECT_OK(cuMemAddressFree(base, kGranularity));
}

TEST_F(SoftCuda, AnswersPointerQueries) {
    const CUdeviceptr memory = allocate(1000);
    void* pinned = nullptr;
    ASSERT_OK(cuMemHostAlloc(&pinned, 64, 0));
    const auto host = reinterpret_cast<CUdeviceptr>(pinned);
    unsigned number = 0;
    int ordinal = -1;
    CUdeviceptr start = 0;
    std::size_t size = 0;
    CUcontext owner = nullptr;
    void* host_pointer = nullptr;
    EXPECT_OK(cuPointerGetAttribute(&number, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, memory + 10));
    EXPECT_EQ(number, CU_MEMORYTYPE_DEVICE);
    EXPECT_OK(cuPointerGetAttribute(&number, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, host));
    EXPECT_EQ(number, CU_MEMORYTYPE_HOST);
    EXPECT_OK(cuPointerGetAttribute(&ordinal, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, memory));
    EXPECT_EQ(ordinal, 0);
    EXPECT_OK(cuPointerGetAttribute(&start, CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, memory + 999));
    EXPECT_EQ(start, memory);
    EXPECT_OK(cuPointerGetAttribute(&size, CU_POINTER_ATTRIBUTE_RANGE_SIZE, memory));
    EXPECT_EQ(size, 1000U);
    EXPECT_OK(cuPointerGetAttribute(&owner, CU_POINTER_ATTRIBUTE_CONTEXT, memory));
    EXPECT_EQ(owner, context_);
    EXPECT_OK(cuPointerGetAttribute(&host_pointer, CU_POINTER_ATTRIBUTE_HOST_POINTER, host));
    EXPECT_EQ(host_pointer, pinned);
    EXPECT_INVALID(cuPointerGetAttribute(&host_pointer, CU_POINTER_ATTRIBUTE_HOST_POINTER, memory));
    EXPECT_OK(cuPointerGetAttribute(&number, CU_POINTER_ATTRIBUTE_ACCESS_FLAGS, memory));
    EXPECT_EQ(number, CU_MEM_ACCESS_FLAGS_PROT_READWRITE);
    EXPECT_INVALID(cuPointerGetAttribute(&number, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, memory + 1000));
    EXPECT_INVALID(cuPointerGetAttribute(&number, static_cast<CUpointer_attribute>(77), memory));
}

}  // namespace
}  // namespace opennvsci::softcuda_test
