// SPDX-License-Identifier: Apache-2.0
//
// Bytes of objects in a real Vulkan: on a GPU, in video and in system memory, beside CUDA; on a device of the CPU in
// system memory, beside the CPU. Both ways, by several imports, in any order of the ends.
#include "cuda_objects.h"
#include "vulkan_test.h"

namespace opennvsci::test {
namespace {

constexpr std::size_t kSize = 100000;

Bytes pattern(unsigned seed) {
    Bytes bytes(kSize);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<unsigned char>(i * seed + (i >> 8));
    return bytes;
}

class VulkanMemoryTest : public VulkanTest {
  protected:
    [[nodiscard]] Object raw(bool with_cpu) const {
        Attributes attributes = Attributes()
                                    .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer)
                                    .with(NvSciBufRawBufferAttrKey_Size, std::uint64_t{kSize});
        if (with_cpu) attributes = attributes.with(NvSciBufGeneralAttrKey_NeedCpuAccess, true);
        return object_of(attributes);
    }
    static unsigned char* cpu_pointer(NvSciBufObj object) {
        void* pointer = nullptr;
        EXPECT_EQ(NvSciBufObjGetCpuPtr(object, &pointer), kSuccess);
        return static_cast<unsigned char*>(pointer);
    }
};

TEST_F(VulkanMemoryTest, SystemMemoryIsTheSameForTheCpu) {
    const Object object = raw(true);
    ImportedMemory memory;
    ASSERT_EQ(memory.import(object), VK_SUCCESS) << opennvsciGetLastErrorText();
    ImportedBuffer buffer;
    ASSERT_EQ(buffer.create(object, kSize, memory.get()), VK_SUCCESS);
    const Bytes first = pattern(3);
    std::memcpy(cpu_pointer(object), first.data(), kSize);
    EXPECT_TRUE(vulkan().read(buffer.get(), kSize) == first);
    const Bytes second = pattern(7);
    vulkan().write(buffer.get(), second);
    EXPECT_EQ(std::memcmp(cpu_pointer(object), second.data(), kSize), 0);
}

TEST_F(VulkanMemoryTest, MemoryIsTheSameForCuda) {
    if (!vulkan().is_gpu()) GTEST_SKIP() << "SKIPPED: needs a GPU with Vulkan";
    for (const bool with_cpu : {false, true}) {
        const Object object = raw(with_cpu);
        Mapped cuda;
        ASSERT_EQ(cuda.memory.import(object, kSize), cu::CUDA_SUCCESS);
        ASSERT_EQ(cuda.memory.map(&cuda.pointer, 0, kSize), cu::CUDA_SUCCESS);
        NvSciVkMemoryProperties properties{};
        ASSERT_EQ(nvsciVkGetMemoryProperties(vulkan().device(), object, &properties), VK_SUCCESS)
            << opennvsciGetLastErrorText();
        for (std::uint32_t type = 0; type < 32; ++type) {
            if ((properties.memoryTypeBits >> type & 1U) == 0) continue;
            SCOPED_TRACE(::testing::Message() << (with_cpu ? "system" : "video") << " memory, type " << type);
            ImportedMemory memory;
            ASSERT_EQ(memory.import(object, 1U << type), VK_SUCCESS) << opennvsciGetLastErrorText();
            ImportedBuffer buffer;
            ASSERT_EQ(buffer.create(object, kSize, memory.get()), VK_SUCCESS);
            const Bytes first = pattern(type + 3);
            ASSERT_EQ(device_.write(cuda.pointer, first), cu::CUDA_SUCCESS);
            EXPECT_TRUE(vulkan().read(buffer.get(), kSize) == first);
            const Bytes second = pattern(type + 50);
            vulkan().write(buffer.get(), second);
            EXPECT_TRUE(device_.read(cuda.pointer, kSize) == second);
        }
    }
}

// Handles of objects and of memory end in any order, and the bytes stay while one is left.
TEST_F(VulkanMemoryTest, ImportsAreMemoryOfTheirOwnAndEndInAnyOrder) {
    for (const bool with_cpu : {true, false}) {
        if (!with_cpu && !vulkan().is_gpu()) continue;
        Object object = raw(with_cpu);
        ImportedMemory first;
        ImportedMemory second;
        ASSERT_EQ(first.import(object), VK_SUCCESS) << opennvsciGetLastErrorText();
        ASSERT_EQ(second.import(object), VK_SUCCESS);
        const Bytes bytes = pattern(5);
        ImportedBuffer kept;
        ASSERT_EQ(kept.create(object, kSize, second.get()), VK_SUCCESS);
        {
            ImportedBuffer written;
            ASSERT_EQ(written.create(object, kSize, first.get()), VK_SUCCESS);
            vulkan().write(written.get(), bytes);
        }
        first.free();
        object.reset();
        EXPECT_TRUE(vulkan().read(kept.get(), kSize) == bytes);
    }
}

TEST_F(VulkanMemoryTest, ManyImportsLeaveNothing) {
    const Object object = raw(!vulkan().is_gpu());
    for (int i = 0; i < 200; ++i) {
        ImportedMemory memory;
        ASSERT_EQ(memory.import(object), VK_SUCCESS) << opennvsciGetLastErrorText();
    }
}

TEST_F(VulkanMemoryTest, AReadOnlyObjectIsRefused) {
    const Object object = raw(true);
    Object reader;
    ASSERT_EQ(NvSciBufObjDupWithReducePerm(object, NvSciBufAccessPerm_Readonly, reader.out()), kSuccess);
    ImportedMemory memory;
    EXPECT_EQ(memory.import(reader), VK_ERROR_NOT_PERMITTED_KHR);
}

}  // namespace
}  // namespace opennvsci::test
