// SPDX-License-Identifier: Apache-2.0
//
// Parts of the demo that must be able to fail: what it calls refused is compared with what is not refused.
#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "demo/compute.h"
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
