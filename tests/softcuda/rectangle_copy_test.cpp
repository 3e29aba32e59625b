// SPDX-License-Identifier: Apache-2.0
//
// Copies of rectangles: their checks, rights, and place in the order of a stream. That they move the right bytes is
// tested on every device, in tests/buf/array_test.cpp.
#include <algorithm>
#include <array>
#include <vector>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

constexpr std::size_t kRowBytes = 64;
constexpr std::size_t kRows = 32;

/// An array of kRowBytes / 4 by kRows elements of 4 bytes, and device memory of the same size.
class SoftCudaRectangle : public SoftCuda {
  protected:
    void SetUp() override {
        SoftCuda::SetUp();
        const CUDA_ARRAY_DESCRIPTOR desc{kRowBytes / 4, kRows, CU_AD_FORMAT_FLOAT, 1};
        ASSERT_OK(cuArrayCreate_v2(&array_, &desc));
        ASSERT_OK(cuMemAlloc_v2(&memory_, kRowBytes * kRows));
    }
    void TearDown() override {
        if (array_ != nullptr) {
            EXPECT_OK(cuArrayDestroy(array_));
        }
        EXPECT_OK(cuMemFree_v2(memory_));
        SoftCuda::TearDown();
    }

    /// The whole of the device memory into the whole array.
    [[nodiscard]] CUDA_MEMCPY2D to_array() const {
        CUDA_MEMCPY2D copy{};
        copy.srcMemoryType = CU_MEMORYTYPE_DEVICE;
        copy.srcDevice = memory_;
        copy.srcPitch = kRowBytes;
        copy.dstMemoryType = CU_MEMORYTYPE_ARRAY;
        copy.dstArray = array_;
        copy.WidthInBytes = kRowBytes;
        copy.Height = kRows;
        return copy;
    }
    /// The whole array into host memory.
    [[nodiscard]] CUDA_MEMCPY2D from_array(void* host) const {
        CUDA_MEMCPY2D copy{};
        copy.srcMemoryType = CU_MEMORYTYPE_ARRAY;
        copy.srcArray = array_;
        copy.dstMemoryType = CU_MEMORYTYPE_HOST;
        copy.dstHost = host;
        copy.dstPitch = kRowBytes;
        copy.WidthInBytes = kRowBytes;
        copy.Height = kRows;
        return copy;
    }
    [[nodiscard]] std::vector<unsigned char> content() const {
        std::vector<unsigned char> bytes(kRowBytes * kRows);
        const CUDA_MEMCPY2D copy = from_array(bytes.data());
        EXPECT_OK(cuMemcpy2D_v2(&copy));
        return bytes;
    }

    CUarray array_ = nullptr;
    CUdeviceptr memory_ = 0;
};

TEST_F(SoftCudaRectangle, BoundsOfTheArray) {
    const auto refused = [&](auto change) {
        CUDA_MEMCPY2D copy = to_array();
        copy.WidthInBytes = 8;
        copy.Height = 2;
        change(copy);
        EXPECT_INVALID(cuMemcpy2D_v2(&copy));
        std::swap(copy.srcMemoryType, copy.dstMemoryType);
        std::swap(copy.srcArray, copy.dstArray);
        std::swap(copy.srcDevice, copy.dstDevice);
        std::swap(copy.srcPitch, copy.dstPitch);
        std::swap(copy.srcXInBytes, copy.dstXInBytes);
        std::swap(copy.srcY, copy.dstY);
        EXPECT_INVALID(cuMemcpy2D_v2(&copy));
    };
    refused([](CUDA_MEMCPY2D& copy) { copy.dstXInBytes = kRowBytes - 4; });
    refused([](CUDA_MEMCPY2D& copy) { copy.dstXInBytes = SIZE_MAX - 3; });
    refused([](CUDA_MEMCPY2D& copy) { copy.dstY = kRows - 1; });
    refused([](CUDA_MEMCPY2D& copy) { copy.dstY = SIZE_MAX; });
    refused([](CUDA_MEMCPY2D& copy) { copy.WidthInBytes = kRowBytes + 4; });
    refused([](CUDA_MEMCPY2D& copy) { copy.Height = kRows + 1; });
    refused([](CUDA_MEMCPY2D& copy) { copy.dstXInBytes = 2; });  // not a whole element
    refused([](CUDA_MEMCPY2D& copy) { copy.WidthInBytes = 6; });
    refused([](CUDA_MEMCPY2D& copy) { copy.dstArray = nullptr; });
    CUDA_MEMCPY3D deep{};
    deep.srcMemoryType = CU_MEMORYTYPE_DEVICE;
    deep.srcDevice = memory_;
    deep.srcPitch = 8;
    deep.srcHeight = 1;
    deep.dstMemoryType = CU_MEMORYTYPE_ARRAY;
    deep.dstArray = array_;
    deep.WidthInBytes = 8;
    deep.Height = deep.Depth = 1;
    EXPECT_OK(cuMemcpy3D_v2(&deep));
    deep.Depth = 2;
    EXPECT_INVALID(cuMemcpy3D_v2(&deep));
    deep.Depth = 1;
    deep.dstZ = 1;
    EXPECT_INVALID(cuMemcpy3D_v2(&deep));
    deep.dstZ = 0;
    deep.dstLOD = 1;
    EXPECT_INVALID(cuMemcpy3D_v2(&deep));
}

TEST_F(SoftCudaRectangle, PitchesHeightsAndAddresses) {
    const auto refused = [&](auto change) {
        CUDA_MEMCPY2D copy = to_array();
        change(copy);
        EXPECT_INVALID(cuMemcpy2D_v2(&copy));
        EXPECT_INVALID(cuMemcpy2DUnaligned_v2(&copy));
        EXPECT_INVALID(cuMemcpy2DAsync_v2(&copy, nullptr));
    };
    refused([](CUDA_MEMCPY2D& copy) { copy.srcPitch = kRowBytes - 1; });
    refused([](CUDA_MEMCPY2D& copy) { copy.srcPitch = 0; });
    refused([](CUDA_MEMCPY2D& copy) { copy.srcPitch = kRowBytes + 1; });  // the last rows are outside
    refused([](CUDA_MEMCPY2D& copy) { copy.srcPitch = SIZE_MAX; });
    refused([](CUDA_MEMCPY2D& copy) { copy.srcXInBytes = 1; });
    refused([](CUDA_MEMCPY2D& copy) { copy.srcY = 1; });
    refused([](CUDA_MEMCPY2D& copy) { copy.srcY = SIZE_MAX / kRowBytes; });
    refused([](CUDA_MEMCPY2D& copy) { copy.srcDevice = 0; });
    refused([](CUDA_MEMCPY2D& copy) { copy.srcMemoryType = CU_MEMORYTYPE_HOST; });  // srcHost is null
    refused([](CUDA_MEMCPY2D& copy) { copy.srcMemoryType = static_cast<CUmemorytype>(0); });
    refused([](CUDA_MEMCPY2D& copy) { copy.srcMemoryType = static_cast<CUmemorytype>(5); });
    EXPECT_INVALID(cuMemcpy2D_v2(nullptr));
    EXPECT_INVALID(cuMemcpy2DAsync_v2(nullptr, nullptr));
    EXPECT_INVALID(cuMemcpy3D_v2(nullptr));
    EXPECT_INVALID(cuMemcpy3DAsync_v2(nullptr, nullptr));

    CUDA_MEMCPY2D copy = to_array();
    copy.Height = 1;
    copy.srcPitch = 0;  // not needed for one row
    EXPECT_OK(cuMemcpy2D_v2(&copy));
    copy.srcXInBytes = 4;
    EXPECT_OK(cuMemcpy2D_v2(&copy));
    copy = CUDA_MEMCPY2D{};  // nothing to copy
    EXPECT_OK(cuMemcpy2D_v2(&copy));

    CUDA_MEMCPY3D stack{};
    stack.srcMemoryType = stack.dstMemoryType = CU_MEMORYTYPE_DEVICE;
    stack.srcDevice = memory_;
    stack.dstDevice = memory_ + kRowBytes * kRows / 2;
    stack.srcPitch = stack.dstPitch = 8;
    stack.srcHeight = stack.dstHeight = 4;
    stack.WidthInBytes = 8;
    stack.Height = 4;
    stack.Depth = 8;
    EXPECT_OK(cuMemcpy3D_v2(&stack));
    stack.srcHeight = 3;
    EXPECT_INVALID(cuMemcpy3D_v2(&stack));
    stack.srcHeight = 0;
    EXPECT_INVALID(cuMemcpy3D_v2(&stack));
    stack.srcHeight = SIZE_MAX / 4;
    EXPECT_INVALID(cuMemcpy3D_v2(&stack));
}

TEST_F(SoftCudaRectangle, RightsHoldForRectanglesToo) {
    const CUmemAllocationProp properties = device_memory();
    CUmemGenericAllocationHandle handle = 0;
    ASSERT_OK(cuMemCreate(&handle, kGranularity, &properties, 0));
    {
        const Mapped read_only(handle, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READ);
        for (const CUmemorytype kind : {CU_MEMORYTYPE_DEVICE, CU_MEMORYTYPE_UNIFIED, CU_MEMORYTYPE_HOST}) {
            CUDA_MEMCPY2D copy = from_array(reinterpret_cast<void*>(read_only.pointer()));
            copy.dstMemoryType = kind;
            copy.dstDevice = read_only.pointer();
            EXPECT_INVALID(cuMemcpy2D_v2(&copy)) << kind;
            copy = to_array();
            copy.srcMemoryType = kind;
            copy.srcDevice = read_only.pointer();
            copy.srcHost = reinterpret_cast<void*>(read_only.pointer());
            EXPECT_OK(cuMemcpy2D_v2(&copy)) << kind;
        }
        EXPECT_EQ(content(), std::vector<unsigned char>(kRowBytes * kRows, 0));
    }
    EXPECT_OK(cuMemRelease(handle));
    std::vector<unsigned char> pageable(kRowBytes * kRows);
    CUDA_MEMCPY2D copy = from_array(nullptr);
    copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
    copy.dstDevice = reinterpret_cast<CUdeviceptr>(pageable.data());
    EXPECT_INVALID(cuMemcpy2D_v2(&copy));  // the device does not know it; as a unified address it may be the host's
    copy.dstMemoryType = CU_MEMORYTYPE_UNIFIED;
    EXPECT_OK(cuMemcpy2D_v2(&copy));
}

TEST_F(SoftCudaRectangle, AsynchronousCopiesKeepTheOrderOfTheStream) {
    void* pinned = nullptr;
    ASSERT_OK(cuMemHostAlloc(&pinned, kRowBytes * kRows, 0));
    auto* bytes = static_cast<volatile unsigned char*>(pinned);
    bytes[0] = 0;
    const CUstream stream = make_stream(CU_STREAM_NON_BLOCKING);
    Gate gate;
    gate.hold(stream);
    EXPECT_OK(cuMemsetD8Async(memory_, 0x5a, kRowBytes * kRows, stream));
    const CUDA_MEMCPY2D in = to_array();
    const CUDA_MEMCPY2D out = from_array(pinned);
    EXPECT_OK(cuMemcpy2DAsync_v2(&in, stream));
    EXPECT_OK(cuMemcpy2DAsync_v2(&out, stream));
    EXPECT_EQ(bytes[0], 0);
    gate.open();
    EXPECT_OK(cuStreamSynchronize(stream));
    EXPECT_EQ(bytes[0], 0x5a);
    EXPECT_EQ(bytes[kRowBytes * kRows - 1], 0x5a);
    EXPECT_OK(cuMemFreeHost(pinned));
}

TEST_F(SoftCudaRectangle, PageableMemoryIsReadAtTheCall) {
    const CUstream stream = make_stream(CU_STREAM_NON_BLOCKING);
    std::vector<unsigned char> source((kRowBytes + 8) * kRows, 0x11);
    CUDA_MEMCPY2D copy = to_array();
    copy.srcMemoryType = CU_MEMORYTYPE_HOST;
    copy.srcHost = source.data();
    copy.srcPitch = kRowBytes + 8;
    Gate gate;
    gate.hold(stream);
    EXPECT_OK(cuMemcpy2DAsync_v2(&copy, stream));
    std::fill(source.begin(), source.end(), static_cast<unsigned char>(0x22));
    gate.open();
    std::vector<unsigned char> found(kRowBytes * kRows);
    copy = from_array(found.data());
    EXPECT_OK(cuMemcpy2DAsync_v2(&copy, stream));  // pageable destination: done on return
    EXPECT_EQ(found, std::vector<unsigned char>(kRowBytes * kRows, 0x11));
}

// Work that was accepted keeps the array, and what is behind it, until it has run.
TEST_F(SoftCudaRectangle, DestroyingAnArrayLeavesAcceptedWorkAlone) {
    EXPECT_OK(cuMemsetD8_v2(memory_, 0x33, kRowBytes * kRows));
    const CUDA_MEMCPY2D in = to_array();
    EXPECT_OK(cuMemcpy2D_v2(&in));
    const CUstream stream = make_stream(CU_STREAM_NON_BLOCKING);
    Gate gate;
    gate.hold(stream);
    CUDA_MEMCPY2D copy = from_array(nullptr);
    copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
    copy.dstDevice = memory_;
    EXPECT_OK(cuMemsetD8Async(memory_, 0, kRowBytes * kRows, stream));
    EXPECT_OK(cuMemcpy2DAsync_v2(&copy, stream));
    EXPECT_OK(cuArrayDestroy(array_));
    EXPECT_EQ(cuMemcpy2DAsync_v2(&copy, stream), CUDA_ERROR_INVALID_HANDLE);
    array_ = nullptr;
    gate.open();
    EXPECT_OK(cuStreamSynchronize(stream));
    std::vector<unsigned char> found(kRowBytes * kRows);
    EXPECT_OK(cuMemcpyDtoH_v2(found.data(), memory_, found.size()));
    EXPECT_EQ(found, std::vector<unsigned char>(kRowBytes * kRows, 0x33));
}

}  // namespace
}  // namespace opennvsci::softcuda_test
