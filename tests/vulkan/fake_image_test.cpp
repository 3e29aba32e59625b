// SPDX-License-Identifier: Apache-2.0
//
// Planes as images of a Vulkan that says what the test wants: what is asked for, and each way in which what it says
// differs from the buffer.
#include "fake_test.h"

namespace opennvsci::test {
namespace {

using namespace vk;  // NOLINT(google-build-using-namespace): Vulkan's own names

class FakeImageTest : public FakeTest {
  protected:
    FakeImageTest() { register_all(); }

    Object image_of(NvSciBufAttrValImageLayoutType layout, const std::vector<PlaneDescription>& planes) {
        return allocate(result_of(plane_image(layout, planes).with(NvSciBufGeneralAttrKey_GpuId, gpu(0))));
    }
    Object nv12(NvSciBufAttrValImageLayoutType layout) {
        return image_of(layout, {{NvSciColor_Y8, 512, 96}, {NvSciColor_V8U8, 256, 48}});
    }
    Object rgba(NvSciBufAttrValImageLayoutType layout) { return image_of(layout, {{NvSciColor_A8B8G8R8, 64, 128}}); }

    VkResult create(NvSciBufObj object, std::uint32_t plane, VkFormat format = VK_FORMAT_UNDEFINED, VkFlags usage = 3) {
        NvSciVkPlaneImageCreateInfo info{};
        info.bufObj = object;
        info.planeIndex = plane;
        info.format = format;
        info.usage = usage;
        return nvsciVkCreatePlaneImage(fake_.device(), &info, nullptr, &image_);
    }
    void destroy() { fake_.images.erase(std::exchange(image_, nullptr)); }
    /// For the image alone, if one is given.
    VkDeviceMemory import(NvSciBufObj object, std::uint32_t type, VkImage image = nullptr) {
        const VkMemoryDedicatedAllocateInfo dedicated{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, nullptr, image,
                                                      nullptr};
        const VkImportMemorySciBufInfoNV import{kImportMemorySciBufInfo, image == nullptr ? nullptr : &dedicated,
                                                kHandleTypeSciBuf, object};
        const VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &import, 0, type};
        VkDeviceMemory memory = nullptr;
        EXPECT_EQ(nvsciVkAllocateMemory(fake_.device(), &info, nullptr, &memory), VK_SUCCESS)
            << opennvsciGetLastErrorText();
        return memory;
    }
    void expect_refused(VkResult found, VkResult expected, const std::string& part) {
        EXPECT_EQ(found, expected) << opennvsciGetLastErrorText();
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), part));
        EXPECT_TRUE(fake_.images.empty()) << "the image stayed";
    }

    VkImage image_ = nullptr;
};

TEST_F(FakeImageTest, EachPlaneIsAnImageBoundAtItsOffset) {
    for (const auto layout : {kBlock, kPitch}) {
        const Object object = nv12(layout);
        NvSciBufAttrList list = nullptr;
        ASSERT_EQ(NvSciBufObjGetAttrList(object, &list), kSuccess);
        const auto offsets = get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneOffset);
        fake_.image = {layout == kBlock ? 65536U : 0U, 512, 0x0F};
        for (std::uint32_t plane = 0; plane < 2; ++plane) {
            const VkFlags usage = layout == kBlock && plane != 0 ? 1 : 3;
            ASSERT_EQ(create(object, plane, VK_FORMAT_UNDEFINED, usage), VK_SUCCESS) << opennvsciGetLastErrorText();
            const VkDeviceMemory memory = import(object, 1, plane == 0 ? image_ : nullptr);
            const FakeVulkan::Image& made = fake_.images.at(image_);
            EXPECT_EQ(made.info.tiling, layout == kBlock ? VK_IMAGE_TILING_OPTIMAL : VK_IMAGE_TILING_LINEAR);
            EXPECT_EQ(made.info.format, plane == 0 ? VK_FORMAT_R8_UNORM : VK_FORMAT_R8G8_UNORM);
            EXPECT_EQ(made.info.extent.width, plane == 0 ? 512U : 256U);
            EXPECT_EQ(made.info.extent.height, plane == 0 ? 96U : 48U);
            EXPECT_EQ(made.info.usage, usage);
            EXPECT_EQ(made.handle_types, VkFlags{VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT});
            ASSERT_EQ(nvsciVkBindPlaneImage(fake_.device(), image_, memory, plane), VK_SUCCESS)
                << opennvsciGetLastErrorText();
            EXPECT_EQ(made.bound, memory);
            EXPECT_EQ(made.offset, offsets[plane]);
            destroy();
            nvsciVkFreeMemory(fake_.device(), memory, nullptr);
        }
    }
}

// What Vulkan writes into memory of which it does not know that it is one image, it may compress.
TEST_F(FakeImageTest, ABlockLinearPlaneThatVulkanWritesHasMemoryOfItsOwn) {
    const Object object = nv12(kBlock);
    fake_.image = {65536, 512, 0x0F};
    expect_refused(create(object, 1), VK_ERROR_FORMAT_NOT_SUPPORTED, "Vulkan can only read");
    ASSERT_EQ(create(object, 0), VK_SUCCESS) << opennvsciGetLastErrorText();
    const VkDeviceMemory shared = import(object, 1);
    EXPECT_EQ(nvsciVkBindPlaneImage(fake_.device(), image_, shared, 0), VK_ERROR_FEATURE_NOT_PRESENT);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "VkMemoryDedicatedAllocateInfo for this image"));
    const VkDeviceMemory own = import(object, 1, image_);
    EXPECT_EQ(nvsciVkBindPlaneImage(fake_.device(), image_, own, 0), VK_SUCCESS) << opennvsciGetLastErrorText();
    destroy();
    for (const VkDeviceMemory memory : {shared, own})
        nvsciVkFreeMemory(fake_.device(), memory, nullptr);
}

TEST_F(FakeImageTest, AnImageThatLiesOtherwiseIsRefusedBeforeItIsBound) {
    const Object tiled = rgba(kBlock);
    const auto expect_other = [&](NvSciBufObj object, const std::string& part) {
        expect_refused(create(object, 0), VK_ERROR_FEATURE_NOT_PRESENT, part);
    };
    fake_.image = {1ULL << 40, 512, 0x0F};
    expect_other(tiled, "it needs 1099511627776 bytes");
    fake_.image = {4096, 512, 0x0F};
    expect_other(tiled, "the tiles of the plane are 32768");
    const Object linear = rgba(kPitch);
    fake_.image = {0, 256, 0x0F};
    fake_.row_pitch = 320;
    expect_other(linear, "its rows are 320 bytes apart");
    fake_.row_pitch = 0;
    const Object planes = nv12(kPitch);
    fake_.image = {0, 1U << 20, 0x0F};
    expect_refused(create(planes, 1), VK_ERROR_FEATURE_NOT_PRESENT, "aligns it to 1048576 bytes");
}

TEST_F(FakeImageTest, AnImageOfTheProgramIsComparedWhenItIsBound) {
    const Object linear = rgba(kPitch);
    fake_.image = {0, 256, 0x0F};
    ASSERT_EQ(create(linear, 0), VK_SUCCESS);
    const VkDeviceMemory memory = import(linear, 1);
    const auto bind = [&](std::uint32_t plane = 0) {
        return nvsciVkBindPlaneImage(fake_.device(), image_, memory, plane);
    };
    fake_.row_pitch = 512;
    EXPECT_EQ(bind(), VK_ERROR_FEATURE_NOT_PRESENT);
    fake_.row_pitch = 0;
    fake_.image.memoryTypeBits = 1;
    EXPECT_EQ(bind(), VK_ERROR_FEATURE_NOT_PRESENT);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "the memory is of type 1"));
    fake_.image.memoryTypeBits = 0x0F;
    EXPECT_EQ(bind(3), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_EQ(nvsciVkBindPlaneImage(fake_.device(), image_, nullptr, 0), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_EQ(nvsciVkBindPlaneImage(fake_.device(), nullptr, memory, 0), VK_ERROR_VALIDATION_FAILED_EXT);
    EXPECT_EQ(fake_.images.at(image_).bound, nullptr);
    EXPECT_EQ(bind(), VK_SUCCESS) << opennvsciGetLastErrorText();
    destroy();
    nvsciVkFreeMemory(fake_.device(), memory, nullptr);
}

TEST_F(FakeImageTest, WhatTheDeviceHasNotIsSaid) {
    const Object object = rgba(kBlock);
    fake_.image_features = 0;
    expect_refused(create(object, 0), VK_ERROR_FORMAT_NOT_SUPPORTED, "it cannot be imported");
    fake_.image_features = VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT | VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT;
    expect_refused(create(nv12(kBlock), 1, VK_FORMAT_UNDEFINED, 1), VK_ERROR_FORMAT_NOT_SUPPORTED,
                   "begin where its memory begins");
    fake_.image_features = VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
    expect_refused(create(image_of(kPitch, {{NvSciColor_Y8, 20000, 1}}), 0), VK_ERROR_FORMAT_NOT_SUPPORTED,
                   "16384 x 16384 texels are the most");
    expect_refused(create(object, 0, VK_FORMAT_R8_UNORM), VK_ERROR_FORMAT_NOT_SUPPORTED, "32 bits per texel");
    expect_refused(create(object, 1), VK_ERROR_VALIDATION_FAILED_EXT, "the image has 1 planes");
    expect_refused(create(allocate(reconciled({gpu_list()})), 0), VK_ERROR_VALIDATION_FAILED_EXT, "no image");
}

// On a device without NVIDIA's tiling the size of an image may be right by chance.
TEST_F(FakeImageTest, ABlockLinearImageNeedsAGpuThatCudaKnows) {
    const Object object = allocate(result_of(
        plane_image(kBlock, {{NvSciColor_A8B8G8R8, 64, 128}}).with(NvSciBufGeneralAttrKey_NeedCpuAccess, true)));
    fake_.is_cpu = true;
    fake_.image = {32768, 256, 0x0F};
    register_again();
    expect_refused(create(object, 0), VK_ERROR_FEATURE_NOT_PRESENT,
                   "is none that CUDA knows, and only those have block-linear images");
}

}  // namespace
}  // namespace opennvsci::test
