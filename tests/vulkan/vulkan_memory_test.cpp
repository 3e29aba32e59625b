// SPDX-License-Identifier: Apache-2.0
//
// Texels of objects in a real Vulkan: on a GPU, in video and in system memory, beside CUDA; on a device of the CPU in
// system memory, beside the CPU. Both ways, by several imports, in any order of the ends.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ratio>

#include "cuda_objects.h"
#include "vulkan_test.h"

namespace opennvsci::test {
namespace {

constexpr std::size_t kSize = 100000;

Texels pattern(unsigned seed) {
    Texels bytes(kSize);
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
    const Texels first = pattern(3);
    std::memcpy(cpu_pointer(object), first.data(), kSize);
    EXPECT_TRUE(vulkan().read(buffer.get(), kSize) == first);
    const Texels second = pattern(7);
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
            const Texels first = pattern(type + 3);
            ASSERT_EQ(device_.write(cuda.pointer, first), cu::CUDA_SUCCESS);
            EXPECT_TRUE(vulkan().read(buffer.get(), kSize) == first);
            const Texels second = pattern(type + 50);
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
        const Texels bytes = pattern(5);
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

// What the library costs beside Vulkan's own calls for the same import, which get a descriptor or an address that is
// there: a test that prints, not one that fails.
TEST_F(VulkanMemoryTest, TheCostOfAnImportIsPrinted) {
    constexpr int kTimes = 201;
    const VkDevice device = vulkan().device();
    for (const bool with_cpu : {false, true}) {
        if (!with_cpu && !vulkan().is_gpu()) continue;
        const Object object = raw(with_cpu);
        NvSciVkMemoryProperties properties{};
        ASSERT_EQ(nvsciVkGetMemoryProperties(device, object, &properties), VK_SUCCESS) << opennvsciGetLastErrorText();
        ImportedMemory kept;  // as in a program that uses the object: registered memory stays registered
        ASSERT_EQ(kept.import(object), VK_SUCCESS) << opennvsciGetLastErrorText();
        const auto type = static_cast<std::uint32_t>(__builtin_ctz(properties.memoryTypeBits));
        const auto entry = api::objects().acquire(api::number(object.get()));
        memory::Allocation& allocation = entry->object()->allocation();
        const auto median_of = [&](const auto& once) {
            std::vector<double> times;
            for (int i = 0; i < kTimes; ++i) {
                const auto start = std::chrono::steady_clock::now();
                once();
                times.push_back(
                    std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
            }
            std::nth_element(times.begin(), times.begin() + kTimes / 2, times.end());
            return times[kTimes / 2];
        };
        const auto raw_import = [&](const void* import) {
            const VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, import, properties.size, type};
            VkDeviceMemory memory = VK_NULL_HANDLE;
            EXPECT_EQ(vkAllocateMemory(device, &info, nullptr, &memory), VK_SUCCESS);
            vkFreeMemory(device, memory, nullptr);
        };
        const double ours = median_of([&] {
            ImportedMemory memory;
            EXPECT_EQ(memory.import(object), VK_SUCCESS);
        });
        const double theirs = median_of([&] {
            if (with_cpu) {
                const VkImportMemoryHostPointerInfoEXT import{
                    VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT, nullptr,
                    VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT, cpu_pointer(object)};
                raw_import(&import);
            } else {
                const VkImportMemoryFdInfoKHR import{VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR, nullptr,
                                                     VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT,
                                                     allocation.descriptor_for_arrays()->release()};
                raw_import(&import);
            }
        });
        std::printf(
            "%s memory, import and free: %.1f us, of which the properties are asked too; Vulkan's calls alone "
            "%.1f us\n",
            with_cpu ? "system" : "video", ours, theirs);
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
