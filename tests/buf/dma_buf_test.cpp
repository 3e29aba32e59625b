// SPDX-License-Identifier: Apache-2.0
//
// Export as dma-buf: what is described, and what is refused. The software device has none, so a driver that has some
// is played; a GPU that has them is asked itself too.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buf_test.h"
#include "opennvsci.h"

namespace opennvsci::test {
namespace {

constexpr std::uint64_t kInvalidModifier = 0x00ffffffffffffffULL;

constexpr std::uint32_t fourcc(const char (&name)[5]) {
    return static_cast<std::uint32_t>(name[0]) | static_cast<std::uint32_t>(name[1]) << 8 |
           static_cast<std::uint32_t>(name[2]) << 16 | static_cast<std::uint32_t>(name[3]) << 24;
}

/// What the driver was asked for last.
struct Asked {
    cu::CUdeviceptr pointer = 0;
    std::size_t size = 0;
};
Asked g_asked;

/// While it exists, the device has dma-bufs, each a memory file.
class PlayedDriver {
  public:
    PlayedDriver()
        : driver_(*driver::instance_for_testing()),
          real_(driver_.call.cuMemGetHandleForAddressRange),
          had_(driver_.devices.front().supports_dma_buf) {
        driver_.devices.front().supports_dma_buf = true;
        driver_.call.cuMemGetHandleForAddressRange = [](void* handle, cu::CUdeviceptr pointer, std::size_t size,
                                                        cu::CUmemRangeHandleType, unsigned long long) {
            g_asked = {pointer, size};
            *static_cast<int*>(handle) = ::memfd_create("played dma-buf", MFD_CLOEXEC);
            return cu::CUDA_SUCCESS;
        };
    }
    PlayedDriver(const PlayedDriver&) = delete;
    PlayedDriver& operator=(const PlayedDriver&) = delete;
    ~PlayedDriver() {
        driver_.call.cuMemGetHandleForAddressRange = real_;
        driver_.devices.front().supports_dma_buf = had_;
    }

  private:
    driver::Driver& driver_;
    decltype(driver::EntryPoints::cuMemGetHandleForAddressRange) real_;
    bool had_;
};

class DmaBufTest : public BufTest {
  protected:
    Object image(NvSciBufAttrValImageLayoutType layout, const std::vector<PlaneDescription>& planes) {
        return allocate(result_of(plane_image(layout, planes).with(NvSciBufGeneralAttrKey_GpuId, gpu(0))));
    }
    void expect_refused(NvSciBufObj object, std::uint32_t plane, NvSciError code, const std::string& part) {
        OpenNvSciDmaBuf made{};
        made.fd = -7;
        EXPECT_EQ(opennvsciBufObjExportDmaBuf(object, plane, &made), code);
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), part));
        EXPECT_EQ(made.fd, -7);
    }
};

TEST_F(DmaBufTest, EachPlaneIsDescribed) {
    const PlayedDriver played;
    const Object object = image(kPitch, {{NvSciColor_Y8, 500, 33}, {NvSciColor_V8U8, 250, 17}});
    NvSciBufAttrList list = nullptr;
    ASSERT_EQ(NvSciBufObjGetAttrList(object, &list), kSuccess);
    const auto offsets = get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneOffset);
    const auto pitches = get<std::uint32_t>(list, NvSciBufImageAttrKey_PlanePitch);
    cu::CUdeviceptr first_pointer = 0;
    for (std::uint32_t plane = 0; plane < 2; ++plane) {
        OpenNvSciDmaBuf made{};
        ASSERT_EQ(opennvsciBufObjExportDmaBuf(object, plane, &made), kSuccess) << opennvsciGetLastErrorText();
        EXPECT_NE(::fcntl(made.fd, F_GETFD) & FD_CLOEXEC, 0);
        ::close(made.fd);
        EXPECT_EQ(made.fourcc, plane == 0 ? fourcc("R8  ") : fourcc("GR88"));
        EXPECT_EQ(made.modifier, 0U);
        EXPECT_EQ(made.width, plane == 0 ? 500U : 250U);
        EXPECT_EQ(made.height, plane == 0 ? 33U : 17U);
        EXPECT_EQ(made.pitch, pitches[plane]);
        EXPECT_EQ(made.size % 4096, 0U);
        EXPECT_EQ(g_asked.size, made.size);
        if (plane == 0) first_pointer = g_asked.pointer;
        EXPECT_EQ(g_asked.pointer - first_pointer + made.offset, offsets[plane]);
        EXPECT_LT(made.offset, 4096U);
    }
}

// A modifier that is guessed shows garbage; none is a clear answer.
TEST_F(DmaBufTest, ABlockLinearPlaneHasNoModifierThatCanBeTold) {
    const PlayedDriver played;
    const Object object = image(kBlock, {{NvSciColor_A8B8G8R8, 64, 64}});
    OpenNvSciDmaBuf made{};
    ASSERT_EQ(opennvsciBufObjExportDmaBuf(object, 0, &made), kSuccess) << opennvsciGetLastErrorText();
    ::close(made.fd);
    EXPECT_EQ(made.fourcc, fourcc("AB24"));
    EXPECT_EQ(made.modifier, kInvalidModifier);
}

TEST_F(DmaBufTest, ABufferIsExportedAsAWhole) {
    const PlayedDriver played;
    const Object object = allocate(reconciled({gpu_list(5000)}));
    OpenNvSciDmaBuf made{};
    ASSERT_EQ(opennvsciBufObjExportDmaBuf(object, 0, &made), kSuccess) << opennvsciGetLastErrorText();
    ::close(made.fd);
    EXPECT_EQ(made.size, 8192U);
    EXPECT_EQ(made.fourcc, 0U);
    EXPECT_EQ(made.pitch, 0U);
}

TEST_F(DmaBufTest, WhatHasNoneIsRefusedWithTheReason) {
    const PlayedDriver played;
    const Object video = allocate(reconciled({gpu_list()}));
    expect_refused(allocate(reconciled({cpu_list()})), 0, kNotSupported, "the buffer is in system memory");
    Object reader;
    ASSERT_EQ(NvSciBufObjDupWithReducePerm(video, NvSciBufAccessPerm_Readonly, reader.out()), kSuccess);
    expect_refused(reader, 0, kNotPermitted, "whoever has a dma-buf may write it");
    expect_refused(video, 1, kBadParameter, "planeIndex is not 0");
    expect_refused(image(kPitch, {{NvSciColor_Y8, 64, 64}}), 1, kBadParameter, "the image has 1 planes");
    expect_refused(nullptr, 0, kBadParameter, "bufObj");
    EXPECT_EQ(opennvsciBufObjExportDmaBuf(video, 0, nullptr), kBadParameter);
}

TEST_F(DmaBufTest, TheDeviceIsAsked) {
    const Object video = allocate(reconciled({gpu_list()}));
    if (!TestDevice::instance().device().supports_dma_buf) {
        expect_refused(video, 0, kNotSupported, "device attribute 124");
        return;
    }
    OpenNvSciDmaBuf made{};
    ASSERT_EQ(opennvsciBufObjExportDmaBuf(video, 0, &made), kSuccess) << opennvsciGetLastErrorText();
    EXPECT_EQ(static_cast<std::uint64_t>(::lseek(made.fd, 0, SEEK_END)), made.size) << "a dma-buf tells its size";
    ::close(made.fd);
}

TEST_F(DmaBufTest, CompressibleMemoryIsRefused) {
    if (!TestDevice::instance().device().grants_compression(TestDevice::instance().driver())) {
        GTEST_SKIP() << "no compressible memory";
    }
    const PlayedDriver played;
    const List list = gpu_list();
    const NvSciBufAttrValGpuCompression wanted{gpu(0), NvSciBufCompressionType_GenericCompressible};
    ASSERT_EQ(set(list, NvSciBufGeneralAttrKey_EnableGpuCompression, wanted), kSuccess);
    expect_refused(allocate(reconciled({list})), 0, kNotSupported, "compressible");
}

}  // namespace
}  // namespace opennvsci::test
