// SPDX-License-Identifier: Apache-2.0
//
// Parts of the demo that must be able to fail: what it calls refused is compared with what is not refused.
#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "demo/compute.h"
#include "demo/frames.h"
#include "demo/refusals.h"
#include "negotiation.h"

namespace opennvsci::tool {
namespace {

class RefusalTest : public testing::Test {
  protected:
    static constexpr std::uint64_t kSize = 4096;

    void SetUp() override {
        ASSERT_EQ(NvSciBufModuleOpen(module_.out()), NvSciError_Success);
        auto driver = Driver::load();
        ASSERT_TRUE(driver) << driver.error().text;
        driver_.emplace(*driver);
        const std::array participants{Participant("test")
                                          .asks(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer)
                                          .asks(NvSciBufRawBufferAttrKey_Size, kSize)
                                          .asks(NvSciBufGeneralAttrKey_GpuId, driver_->description.devices[0].gpuId)
                                          .asks(NvSciBufGeneralAttrKey_NeedCpuAccess, true)
                                          .asks(NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_ReadWrite)};
        auto object = negotiate(module_, participants);
        ASSERT_TRUE(object) << object.error().text;
        object_ = std::move(*object);
    }

    Result<std::vector<std::string>> try_writes_into(const Object& object) {
        const auto context = PrimaryContext::make_current(*driver_, driver_->description.devices[0]);
        if (!context) return tl::make_unexpected(context.error());
        OPENNVSCI_TRY_ASSIGN(memory, ExternalMemory::import(*driver_, object, kSize));
        OPENNVSCI_TRY_ASSIGN(mapping, MappedBuffer::map(*driver_, memory, 0, kSize));
        return expect_gpu_writes_refused(*driver_, mapping);
    }

    std::optional<Driver> driver_;
    Module module_;
    Object object_;
};

TEST_F(RefusalTest, ReadOnlyObjectPasses) {
    auto read_only = read_only_duplicate(object_);
    ASSERT_TRUE(read_only) << read_only.error().text;
    const auto lines = try_writes_into(*read_only);
    ASSERT_TRUE(lines) << lines.error().text;
    EXPECT_EQ(lines->size(), 2U);
    EXPECT_TRUE(expect_cpu_pointer_refused(*read_only));
}

TEST_F(RefusalTest, WritableObjectFails) {
    const auto lines = try_writes_into(object_);
    ASSERT_FALSE(lines);
    EXPECT_NE(lines.error().text.find("cuMemcpyHtoD into a read-only mapping was accepted"), std::string::npos);
    EXPECT_FALSE(expect_cpu_pointer_refused(object_));
}

TEST(ComputeTest, ReferenceHasTheLumaOfEveryPixel) {
    const Picture picture{2, 2, {0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 255}};
    const GrayResult result = compute_reference(picture);
    EXPECT_EQ(result.gray, (std::vector<std::uint8_t>{0, 255, 77, 29}));
    EXPECT_EQ(result.histogram[77], 1U);
    EXPECT_EQ(result.histogram[1], 0U);
}

// What the camera makes on the device and vision sums up there is what the CPU says of the frame.
TEST(FrameWorkTest, SumOnTheDeviceIsThatOfTheCpu) {
    const auto driver = Driver::load();
    ASSERT_TRUE(driver) << driver.error().text;
    auto context = PrimaryContext::make_current(*driver, driver->description.devices[0]);
    ASSERT_TRUE(context) << context.error().text;
    auto stream = Stream::create(*driver);
    ASSERT_TRUE(stream) << stream.error().text;
    {
        const auto work = FrameWork::prepare(*driver, stream->get());
        ASSERT_TRUE(work) << work.error().text;
        cu::CUdeviceptr words = 0;
        cu::CUdeviceptr sum = 0;
        ASSERT_EQ(driver->call.cuMemAlloc(&words, kFrameSize), cu::CUDA_SUCCESS);
        ASSERT_EQ(driver->call.cuMemAlloc(&sum, sizeof(std::uint32_t)), cu::CUDA_SUCCESS);
        for (const std::uint32_t frame : {0U, 7U, 4000000000U}) {
            ASSERT_EQ(driver->call.cuMemsetD8(sum, 0, sizeof(std::uint32_t)), cu::CUDA_SUCCESS);
            ASSERT_TRUE(work->produce(words, frame));
            ASSERT_TRUE(work->add_checksum(words, sum));
            ASSERT_TRUE(stream->synchronize());
            std::uint32_t seen = 0;
            ASSERT_EQ(driver->call.cuMemcpyDtoH(&seen, sum, sizeof(seen)), cu::CUDA_SUCCESS);
            EXPECT_EQ(seen, frame_checksum(frame)) << "frame " << frame;
        }
        EXPECT_NE(frame_checksum(0), frame_checksum(7));
        EXPECT_EQ(driver->call.cuMemFree(words), cu::CUDA_SUCCESS);
        EXPECT_EQ(driver->call.cuMemFree(sum), cu::CUDA_SUCCESS);
    }
    EXPECT_TRUE(stream->destroy());
    EXPECT_TRUE(context->release());
}

TEST(NegotiationTest, FailureNamesTheCallAndTheReason) {
    Module module;
    ASSERT_EQ(NvSciBufModuleOpen(module.out()), NvSciError_Success);
    const std::array participants{Participant("nobody").asks(NvSciBufGeneralAttrKey_NeedCpuAccess, true)};
    const auto object = negotiate(module, participants);
    ASSERT_FALSE(object);
    EXPECT_NE(object.error().text.find("NvSciBufAttrListReconcile failed: NvSciError_BadParameter"), std::string::npos)
        << object.error().text;
    EXPECT_NE(object.error().text.find("Types"), std::string::npos) << object.error().text;
}

}  // namespace
}  // namespace opennvsci::tool
