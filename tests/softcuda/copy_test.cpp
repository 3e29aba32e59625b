// SPDX-License-Identifier: Apache-2.0
//
// Memsets of rectangles, copies between peers, and copies of an array's first row. What is refused is what an H100
// refuses (driver-facts.md F54, F56 and F57).
#include <algorithm>
#include <array>
#include <numeric>
#include <thread>
#include <vector>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

constexpr std::size_t kFilledSize = 4096;
using Bytes = std::vector<unsigned char>;

/// Memory of the current context, filled with 0x11.
CUdeviceptr filled_memory() {
    CUdeviceptr memory = 0;
    EXPECT_OK(cuMemAlloc_v2(&memory, kFilledSize));
    EXPECT_OK(cuMemsetD8_v2(memory, 0x11, kFilledSize));
    return memory;
}

Bytes content(CUdeviceptr memory, std::size_t size = kFilledSize) {
    Bytes bytes(size);
    EXPECT_OK(cuMemcpyDtoH_v2(bytes.data(), memory, size));
    return bytes;
}

TEST_F(SoftCuda, FillsRectangles) {
    const CUdeviceptr memory = filled_memory();
    EXPECT_OK(cuMemsetD2D8_v2(memory, 64, 0xab, 3, 2));
    EXPECT_OK(cuMemsetD2D16_v2(memory + 256, 32, 0x0102, 2, 2));
    EXPECT_OK(cuMemsetD2D32_v2(memory + 512, 12, 0x01020304, 2, 2));
    Bytes expected(kFilledSize, 0x11);
    for (const std::size_t row : {0, 64})
        std::fill_n(expected.begin() + static_cast<long>(row), 3, 0xab);
    for (const std::size_t at : {256, 258, 288, 290}) {
        expected[at] = 2;
        expected[at + 1] = 1;
    }
    for (const std::size_t at : {512, 516, 524, 528}) {
        for (unsigned i = 0; i < 4; ++i)
            expected[at + i] = static_cast<unsigned char>(4 - i);
    }
    EXPECT_EQ(content(memory), expected);
}

TEST_F(SoftCuda, FillsRectanglesInOrderOfTheStream) {
    const CUdeviceptr memory = filled_memory();
    const CUstream stream = make_stream(CU_STREAM_NON_BLOCKING);
    Gate gate;
    gate.hold(stream);
    EXPECT_OK(cuMemsetD2D8Async(memory, 64, 1, 16, 4, stream));
    EXPECT_OK(cuMemsetD2D16Async(memory, 64, 0x0202, 4, 4, stream));
    EXPECT_OK(cuMemsetD2D32Async(memory, 64, 0x03030303, 1, 4, stream));
    EXPECT_EQ(*reinterpret_cast<volatile unsigned char*>(memory), 0x11);
    gate.open();
    EXPECT_OK(cuStreamSynchronize(stream));
    const Bytes bytes = content(memory);
    for (const std::size_t row : {0, 64, 128, 192}) {
        EXPECT_EQ(bytes[row + 3], 3);
        EXPECT_EQ(bytes[row + 7], 2);
        EXPECT_EQ(bytes[row + 15], 1);
        EXPECT_EQ(bytes[row + 16], 0x11);
    }
}

TEST_F(SoftCuda, RefusesRectanglesThatDoNotFit) {
    const CUdeviceptr memory = filled_memory();
    EXPECT_INVALID(cuMemsetD2D8_v2(memory, 15, 1, 16, 4));
    EXPECT_INVALID(cuMemsetD2D8_v2(memory, 0, 1, 16, 4));
    EXPECT_INVALID(cuMemsetD2D16_v2(memory + 1, 64, 1, 16, 4));
    EXPECT_INVALID(cuMemsetD2D16_v2(memory, 63, 1, 16, 4));
    EXPECT_INVALID(cuMemsetD2D16_v2(memory, 30, 1, 16, 4));
    EXPECT_INVALID(cuMemsetD2D32_v2(memory + 2, 64, 1, 16, 4));
    EXPECT_INVALID(cuMemsetD2D32_v2(memory, 66, 1, 16, 4));
    EXPECT_INVALID(cuMemsetD2D32_v2(memory, 60, 1, 16, 4));
    EXPECT_INVALID(cuMemsetD2D8_v2(memory, 1024, 1, 1025, 4));
    EXPECT_INVALID(cuMemsetD2D8_v2(memory + 1, 1024, 1, 1024, 4));
    EXPECT_INVALID(cuMemsetD2D8_v2(memory, 64, 1, 16, SIZE_MAX));
    EXPECT_INVALID(cuMemsetD2D8_v2(memory, SIZE_MAX / 2 + 1, 1, 16, 3));
    EXPECT_INVALID(cuMemsetD2D32_v2(memory, 64, 1, SIZE_MAX / 4 + 1, 1));
    EXPECT_INVALID(cuMemsetD2D8_v2(0, 64, 1, 16, 1));
    EXPECT_INVALID(cuMemsetD2D32Async(memory, 60, 1, 16, 4, nullptr));
    std::array<unsigned char, 256> unknown{};
    EXPECT_INVALID(cuMemsetD2D8_v2(reinterpret_cast<CUdeviceptr>(unknown.data()), 64, 1, 16, 4));
    const CUmemAllocationProp properties = device_memory();
    CUmemGenericAllocationHandle handle = 0;
    ASSERT_OK(cuMemCreate(&handle, kGranularity, &properties, 0));
    EXPECT_INVALID(
        cuMemsetD2D8_v2(Mapped(handle, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READ).pointer(), 64, 1, 16, 4));
    EXPECT_OK(cuMemRelease(handle));
    EXPECT_EQ(cuMemsetD2D8Async(memory, 64, 1, 16, 4, reinterpret_cast<CUstream>(this)), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(content(memory), Bytes(kFilledSize, 0x11));
}

// Nothing to fill is no error, and a single row has no pitch.
TEST_F(SoftCuda, RectanglesMayBeEmptyOrOneRow) {
    const CUdeviceptr memory = filled_memory();
    EXPECT_OK(cuMemsetD2D8_v2(memory, 64, 1, 0, 4));
    EXPECT_OK(cuMemsetD2D8_v2(0, 64, 1, 16, 0));
    EXPECT_OK(cuMemsetD2D32_v2(memory + 1, 1, 1, 0, 4));
    EXPECT_OK(cuMemsetD32_v2(memory + 1, 1, 0));
    EXPECT_EQ(content(memory), Bytes(kFilledSize, 0x11));
    EXPECT_OK(cuMemsetD2D8_v2(memory, 0, 2, 16, 1));
    EXPECT_OK(cuMemsetD2D8_v2(memory + 64, 15, 2, 16, 1));
    EXPECT_OK(cuMemsetD2D8_v2(memory + 128, SIZE_MAX, 2, 16, 1));
    EXPECT_OK(cuMemsetD2D8_v2(memory, 1024, 3, 1024, 4)) << "the last row ends with the memory";
    EXPECT_EQ(content(memory), Bytes(kFilledSize, 3));
}

class SoftCudaPeers : public SoftCuda {
  protected:
    void SetUp() override {
        SoftCuda::SetUp();
        near_ = filled_memory();
        ASSERT_OK(cuCtxCreate_v2(&peer_, 0, 1));
        far_ = filled_memory();
        ASSERT_OK(cuMemsetD8_v2(far_, 0x22, kFilledSize));
        ASSERT_OK(cuCtxPopCurrent_v2(nullptr));
    }
    void TearDown() override {
        if (peer_ != nullptr) {
            EXPECT_OK(cuCtxDestroy_v2(peer_));
        }
        SoftCuda::TearDown();
    }

    CUcontext peer_ = nullptr;
    CUdeviceptr near_ = 0;
    CUdeviceptr far_ = 0;
};

TEST_F(SoftCudaPeers, CopyFromEachOther) {
    EXPECT_OK(cuMemcpyPeer(near_, context_, far_, peer_, 16));
    EXPECT_OK(cuMemcpyPeer(near_ + 16, nullptr, far_, nullptr, 16));
    EXPECT_OK(cuMemcpyPeer(far_ + 32, peer_, near_ + 64, context_, 16));
    const CUstream stream = make_stream();
    EXPECT_OK(cuMemcpyPeerAsync(near_ + 32, context_, far_ + 32, peer_, 16, stream));
    EXPECT_OK(cuMemcpyPeerAsync(near_ + 48, context_, far_, peer_, 16, nullptr));
    EXPECT_OK(cuCtxSynchronize());
    Bytes expected(kFilledSize, 0x11);
    std::fill_n(expected.begin(), 32, 0x22);
    std::fill_n(expected.begin() + 48, 16, 0x22);
    EXPECT_EQ(content(near_), expected);
    EXPECT_OK(cuMemcpyPeer(0, context_, 0, peer_, 0));
    EXPECT_INVALID(cuMemcpyPeer(near_, context_, far_, peer_, kFilledSize + 1));
    EXPECT_INVALID(cuMemcpyPeer(0, context_, far_, peer_, 16));
    std::array<unsigned char, 16> unknown{};
    EXPECT_INVALID(cuMemcpyPeer(near_, context_, reinterpret_cast<CUdeviceptr>(unknown.data()), peer_, 16));
    EXPECT_EQ(cuMemcpyPeer(near_, reinterpret_cast<CUcontext>(this), far_, peer_, 16), CUDA_ERROR_INVALID_CONTEXT);
    std::thread([&] {
        EXPECT_EQ(cuMemcpyPeer(near_, context_, far_, peer_, 16), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuMemcpyPeerAsync(near_, context_, far_, peer_, 16, nullptr), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_OK(cuMemcpyPeerAsync(near_, context_, far_, peer_, 16, stream)) << "the stream has a context";
    }).join();
    EXPECT_OK(cuStreamSynchronize(stream));
}

TEST_F(SoftCudaPeers, CopyRectanglesFromEachOther) {
    CUDA_MEMCPY3D_PEER copy{};
    copy.srcMemoryType = CU_MEMORYTYPE_DEVICE;
    copy.srcDevice = far_;
    copy.srcContext = peer_;
    copy.srcPitch = 64;
    copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
    copy.dstDevice = near_;
    copy.dstContext = context_;
    copy.dstPitch = 128;
    copy.WidthInBytes = 64;
    copy.Height = 2;
    copy.Depth = 1;
    EXPECT_OK(cuMemcpy3DPeer(&copy));
    Bytes expected(kFilledSize, 0x11);
    std::fill_n(expected.begin(), 64, 0x22);
    std::fill_n(expected.begin() + 128, 64, 0x22);
    EXPECT_EQ(content(near_), expected);
    copy.srcContext = nullptr;
    const CUstream stream = make_stream();
    EXPECT_OK(cuMemcpy3DPeerAsync(&copy, stream));
    EXPECT_OK(cuStreamSynchronize(stream));
    copy.srcContext = reinterpret_cast<CUcontext>(this);
    EXPECT_EQ(cuMemcpy3DPeer(&copy), CUDA_ERROR_INVALID_CONTEXT);
    EXPECT_EQ(cuMemcpy3DPeerAsync(&copy, stream), CUDA_ERROR_INVALID_CONTEXT);
    copy.srcContext = peer_;
    copy.WidthInBytes = 65;
    EXPECT_INVALID(cuMemcpy3DPeer(&copy));
    EXPECT_INVALID(cuMemcpy3DPeer(nullptr));
    EXPECT_INVALID(cuMemcpy3DPeerAsync(nullptr, stream));

    // The context of an array is its own.
    CUarray array = nullptr;
    const CUDA_ARRAY_DESCRIPTOR desc{64, 2, CU_AD_FORMAT_UNSIGNED_INT8, 1};
    ASSERT_OK(cuArrayCreate_v2(&array, &desc));
    copy.WidthInBytes = 64;
    copy.dstMemoryType = CU_MEMORYTYPE_ARRAY;
    copy.dstArray = array;
    copy.dstContext = reinterpret_cast<CUcontext>(this);
    EXPECT_OK(cuMemcpy3DPeer(&copy));
    EXPECT_OK(cuArrayDestroy(array));

    EXPECT_OK(cuCtxDestroy_v2(peer_));
    EXPECT_EQ(cuMemcpy3DPeer(&copy), CUDA_ERROR_INVALID_CONTEXT);
    EXPECT_EQ(cuMemcpyPeer(near_, context_, near_ + 64, peer_, 16), CUDA_ERROR_INVALID_CONTEXT);
    peer_ = nullptr;
}

// At each end it is the right of that end's device that counts.
TEST_F(SoftCudaPeers, RightsAreThoseOfTheDevicesNamed) {
    const CUmemAllocationProp properties = device_memory(1);
    CUmemGenericAllocationHandle handle = 0;
    ASSERT_OK(cuMemCreate(&handle, kGranularity, &properties, 0));
    {
        const Mapped mapped(handle, kGranularity, CU_MEM_ACCESS_FLAGS_PROT_READ, 1);
        EXPECT_INVALID(cuMemcpy(near_, mapped.pointer(), 16));
        EXPECT_OK(cuMemcpyPeer(near_, context_, mapped.pointer(), peer_, 16));
        EXPECT_INVALID(cuMemcpyPeer(near_, context_, mapped.pointer(), context_, 16));
        EXPECT_INVALID(cuMemcpyPeer(mapped.pointer(), peer_, near_, context_, 16));
    }
    EXPECT_OK(cuMemRelease(handle));
}

// Work belongs to the context of its stream, whichever is current, and even where none is.
TEST_F(SoftCudaPeers, AsynchronousWorkIsThatOfTheStream) {
    const CUstream stream = make_stream();
    std::thread([&] {
        EXPECT_OK(cuMemcpyAsync(near_, near_ + 64, 16, stream));
        EXPECT_OK(cuMemsetD2D8Async(near_, 64, 1, 16, 4, stream));
        EXPECT_OK(cuMemsetD8Async(near_, 5, 1, stream));
        EXPECT_EQ(cuMemcpyAsync(near_, near_ + 64, 16, nullptr), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuMemsetD2D8_v2(near_, 64, 1, 16, 4), CUDA_ERROR_INVALID_CONTEXT);
        EXPECT_EQ(cuMemcpy(near_, near_ + 64, 16), CUDA_ERROR_INVALID_CONTEXT);
    }).join();
    EXPECT_OK(cuStreamSynchronize(stream));
    EXPECT_EQ(content(near_, 1)[0], 5);
}

class SoftCudaRow : public SoftCuda, public testing::WithParamInterface<std::size_t> {
  protected:
    static constexpr std::size_t kWidth = 64;  // elements of a byte

    void SetUp() override {
        SoftCuda::SetUp();
        array_ = make(GetParam());
        other_ = make(0);
        std::iota(host_.begin(), host_.end(), static_cast<unsigned char>(1));
    }
    void TearDown() override {
        EXPECT_OK(cuArrayDestroy(array_));
        EXPECT_OK(cuArrayDestroy(other_));
        SoftCuda::TearDown();
    }

    static CUarray make(std::size_t height) {
        CUarray array = nullptr;
        const CUDA_ARRAY_DESCRIPTOR desc{kWidth, height, CU_AD_FORMAT_UNSIGNED_INT8, 1};
        EXPECT_OK(cuArrayCreate_v2(&array, &desc));
        return array;
    }
    static Bytes row_of(CUarray array) {
        Bytes row(kWidth);
        EXPECT_OK(cuMemcpyAtoH_v2(row.data(), array, 0, kWidth));
        return row;
    }
    [[nodiscard]] Bytes first(std::size_t count) const {
        return {host_.begin(), host_.begin() + static_cast<long>(count)};
    }

    CUarray array_ = nullptr;
    CUarray other_ = nullptr;
    Bytes host_ = Bytes(2 * kWidth);
};

TEST_P(SoftCudaRow, IsCopiedInEveryDirection) {
    EXPECT_OK(cuMemcpyHtoA_v2(array_, 0, host_.data(), kWidth));
    EXPECT_EQ(row_of(array_), first(kWidth));
    Bytes part(3);
    EXPECT_OK(cuMemcpyAtoH_v2(part.data(), array_, 17, 3));
    EXPECT_EQ(part, (Bytes{18, 19, 20}));

    const CUdeviceptr memory = filled_memory();
    EXPECT_OK(cuMemcpyAtoD_v2(memory + 1, array_, 33, 2));
    EXPECT_EQ(content(memory, 4), (Bytes{0x11, 34, 35, 0x11}));
    EXPECT_OK(cuMemcpyDtoA_v2(array_, 60, memory + 1, 2));
    EXPECT_OK(cuMemcpyAtoH_v2(part.data(), array_, 60, 3));
    EXPECT_EQ(part, (Bytes{34, 35, 63}));

    EXPECT_OK(cuMemcpyAtoA_v2(other_, 5, array_, 0, 3));
    EXPECT_OK(cuMemcpyAtoH_v2(part.data(), other_, 5, 3));
    EXPECT_EQ(part, (Bytes{1, 2, 3}));
    EXPECT_OK(cuMemcpyAtoA_v2(array_, 2, array_, 0, 32));  // the two overlap
    EXPECT_OK(cuMemcpyAtoH_v2(part.data(), array_, 2, 3));
    EXPECT_EQ(part, (Bytes{1, 2, 3}));
}

TEST_P(SoftCudaRow, IsCopiedInOrderOfTheStream) {
    void* pinned = nullptr;
    ASSERT_OK(cuMemHostAlloc(&pinned, kWidth, 0));
    const CUstream stream = make_stream(CU_STREAM_NON_BLOCKING);
    Gate gate;
    gate.hold(stream);
    EXPECT_OK(cuMemcpyHtoAAsync_v2(array_, 0, host_.data(), kWidth, stream));
    host_.assign(host_.size(), 0);  // pageable, so it was read
    EXPECT_OK(cuMemcpyAtoHAsync_v2(pinned, array_, 0, kWidth, stream));
    EXPECT_EQ(*static_cast<volatile unsigned char*>(pinned), 0);
    gate.open();
    EXPECT_OK(cuStreamSynchronize(stream));
    EXPECT_EQ(static_cast<unsigned char*>(pinned)[63], 64);
    EXPECT_INVALID(cuMemcpyAtoHAsync_v2(pinned, array_, 0, kWidth + 1, stream));
    EXPECT_INVALID(cuMemcpyHtoAAsync_v2(array_, 1, pinned, kWidth, stream));
}

TEST_P(SoftCudaRow, EndsWithTheRow) {
    EXPECT_OK(cuMemcpyHtoA_v2(array_, 0, host_.data(), kWidth));
    EXPECT_INVALID(cuMemcpyHtoA_v2(array_, 32, host_.data(), 33));
    EXPECT_INVALID(cuMemcpyHtoA_v2(array_, 0, host_.data(), kWidth + 1)) << "no copy goes on in the next row";
    EXPECT_INVALID(cuMemcpyHtoA_v2(array_, kWidth, host_.data(), 1));
    EXPECT_INVALID(cuMemcpyHtoA_v2(array_, SIZE_MAX, host_.data(), 2));
    EXPECT_INVALID(cuMemcpyHtoA_v2(array_, 0, nullptr, 16));
    EXPECT_INVALID(cuMemcpyAtoH_v2(nullptr, array_, 0, 16));
    EXPECT_INVALID(cuMemcpyAtoH_v2(host_.data(), array_, 1, kWidth));
    EXPECT_INVALID(cuMemcpyDtoA_v2(array_, 0, 0, 16));
    const CUdeviceptr memory = filled_memory();
    EXPECT_INVALID(cuMemcpyAtoD_v2(memory + kFilledSize - 10, array_, 0, 11));
    EXPECT_INVALID(cuMemcpyAtoA_v2(array_, 33, other_, 0, 32));
    EXPECT_INVALID(cuMemcpyAtoA_v2(array_, 0, nullptr, 0, 32));
    EXPECT_INVALID(cuMemcpyHtoA_v2(nullptr, 0, host_.data(), 16));
    EXPECT_OK(cuMemcpyHtoA_v2(array_, kWidth + 1, host_.data(), 0));
    EXPECT_OK(cuMemcpyHtoA_v2(nullptr, 0, nullptr, 0));
    EXPECT_EQ(row_of(array_), first(kWidth));

    CUarray gone = make(0);
    EXPECT_OK(cuArrayDestroy(gone));
    EXPECT_EQ(cuMemcpyHtoA_v2(gone, 0, host_.data(), 16), CUDA_ERROR_INVALID_HANDLE);
    EXPECT_EQ(cuMemcpyAtoA_v2(array_, 0, gone, 0, 16), CUDA_ERROR_INVALID_HANDLE);
    std::thread([&] { EXPECT_EQ(cuMemcpyHtoA_v2(array_, 0, host_.data(), 16), CUDA_ERROR_INVALID_CONTEXT); }).join();
}

INSTANTIATE_TEST_SUITE_P(Heights, SoftCudaRow, testing::Values(0, 4));

// Bytes, not elements, unlike in a copy of a rectangle.
TEST_F(SoftCuda, RowCopiesMayCutElements) {
    CUarray array = nullptr;
    const CUDA_ARRAY_DESCRIPTOR desc{16, 0, CU_AD_FORMAT_UNSIGNED_INT32, 1};
    ASSERT_OK(cuArrayCreate_v2(&array, &desc));
    const Bytes host{1, 2, 3};
    EXPECT_OK(cuMemcpyHtoA_v2(array, 2, host.data(), 3));
    Bytes back(3);
    EXPECT_OK(cuMemcpyAtoH_v2(back.data(), array, 2, 3));
    EXPECT_EQ(back, host);
    EXPECT_OK(cuArrayDestroy(array));
}

}  // namespace
}  // namespace opennvsci::softcuda_test
