// SPDX-License-Identifier: Apache-2.0
//
// What the tests of imports into FakeVulkan share: objects of both kinds of memory, and short ways to import them.
#pragma once

#include <string>

#include "buf_objects.h"
#include "fake_test.h"

namespace opennvsci::test {

inline constexpr std::uint64_t kSize = 100000;

class FakeImportTest : public FakeTest {
  protected:
    FakeImportTest() { register_all(); }

    static Attributes raw(std::uint64_t size) {
        return Attributes()
            .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer)
            .with(NvSciBufRawBufferAttrKey_Size, size);
    }
    Object video_object() { return allocate(result_of(raw(kSize).with(NvSciBufGeneralAttrKey_GpuId, gpu(0)))); }
    Object system_object() { return allocate(result_of(raw(kSize).with(NvSciBufGeneralAttrKey_NeedCpuAccess, true))); }

    vk::VkResult import(NvSciBufObj object, std::uint32_t type, vk::VkDeviceMemory* memory, vk::VkDeviceSize size = 0,
                        const void* next = nullptr) {
        const vk::VkImportMemorySciBufInfoNV import{vk::kImportMemorySciBufInfo, next, vk::kHandleTypeSciBuf, object};
        const vk::VkMemoryAllocateInfo info{vk::VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &import, size, type};
        return nvsciVkAllocateMemory(fake_.device(), &info, nullptr, memory);
    }
    /// The handle that an import has of its object.
    NvSciBufObj object_of(vk::VkDeviceMemory memory, vk::VkResult expected = vk::VK_SUCCESS) {
        const vk::VkMemoryGetSciBufInfoNV info{vk::kMemoryGetSciBufInfo, nullptr, memory, vk::kHandleTypeSciBuf};
        NvSciBufObj found = nullptr;
        EXPECT_EQ(nvsciVkGetMemorySciBufNV(fake_.device(), &info, &found), expected) << opennvsciGetLastErrorText();
        return found;
    }
    void expect_refused(vk::VkResult found, vk::VkResult expected, const std::string& part) {
        EXPECT_EQ(found, expected) << opennvsciGetLastErrorText();
        EXPECT_TRUE(contains(opennvsciGetLastErrorText(), part));
        EXPECT_TRUE(fake_.memories.empty());
        EXPECT_TRUE(fake_.images.empty());
    }
    void free(vk::VkDeviceMemory memory) { nvsciVkFreeMemory(fake_.device(), memory, nullptr); }
};

}  // namespace opennvsci::test
