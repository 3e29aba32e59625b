// SPDX-License-Identifier: Apache-2.0
//
// What nvsciVkAllocateMemory does beside imports: memory of new objects, what of the chain goes to Vulkan, by which
// codes memory that is out comes back; and the handle that memory has of its object.
#include <sys/resource.h>

#include <array>
#include <thread>
#include <vector>

#include "fake_import.h"

namespace opennvsci::test {
namespace {

using namespace vk;  // NOLINT(google-build-using-namespace): Vulkan's own names

class FakeAllocateTest : public FakeImportTest {
  protected:
    VkResult allocate_with(const void* chain, std::uint32_t type, VkDeviceMemory* memory) {
        const VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, chain, kSize, type};
        return nvsciVkAllocateMemory(fake_.device(), &info, nullptr, memory);
    }
    VkResult allocate_new(NvSciBufAttrList list, VkDeviceMemory* memory) {
        const VkExportMemorySciBufInfoNV exported{kExportMemorySciBufInfo, nullptr, list};
        return allocate_with(&exported, ~0U, memory);
    }
    List list_of(bool is_video, std::uint64_t size = kSize) {
        return is_video ? result_of(raw(size).with(NvSciBufGeneralAttrKey_GpuId, gpu(0)))
                        : result_of(raw(size).with(NvSciBufGeneralAttrKey_NeedCpuAccess, true));
    }
};

TEST_F(FakeAllocateTest, MemoryOfANewObject) {
    const List list = list_of(true);
    VkDeviceMemory memory = nullptr;
    const VkExportMemorySciBufInfoNV exported{kExportMemorySciBufInfo, nullptr, list};
    ASSERT_EQ(allocate_with(&exported, 1, &memory), VK_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_NE(object_of(memory), nullptr);
    free(memory);
    expect_refused(allocate_new(gpu_list(), &memory), VK_ERROR_VALIDATION_FAILED_EXT, "not a reconciled list");
    expect_refused(allocate_new(nullptr, &memory), VK_ERROR_INITIALIZATION_FAILED, "pAttributes");
}

// Before the object is there, nobody can ask which types it takes.
TEST_F(FakeAllocateTest, AnyMemoryTypeIsTheFirstThatIsPossible) {
    VkDeviceMemory memory = nullptr;
    for (const bool is_video : {true, false}) {
        ASSERT_EQ(allocate_new(list_of(is_video), &memory), VK_SUCCESS) << opennvsciGetLastErrorText();
        EXPECT_EQ(fake_.memories[memory].type, is_video ? 1U : 2U);
        free(memory);
        ASSERT_EQ(import(is_video ? video_object() : system_object(), ~0U, &memory), VK_SUCCESS);
        EXPECT_EQ(fake_.memories[memory].type, is_video ? 1U : 2U);
        free(memory);
    }
    fake_.host_pointer_types = 0;
    expect_refused(allocate_new(list_of(false), &memory), VK_ERROR_VALIDATION_FAILED_EXT, "memoryTypeIndex");
}

// A driver that does not know our structure skips it, but the validation layer warns of it.
TEST_F(FakeAllocateTest, TheRestOfTheChainGoesToVulkan) {
    const VkMemoryDedicatedAllocateInfo other{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, nullptr, nullptr,
                                              nullptr};
    VkDeviceMemory memory = nullptr;
    ASSERT_EQ(import(video_object(), 1, &memory, 0, &other), VK_SUCCESS);
    EXPECT_EQ(fake_.last_chain, &other);
    free(memory);
    ASSERT_EQ(allocate_with(&other, 0, &memory), VK_SUCCESS);
    EXPECT_EQ(fake_.last_chain, &other);
    EXPECT_EQ(fake_.memories[memory].size, kSize);
    free(memory);
}

// No driver exports objects, so none may be asked to.
TEST_F(FakeAllocateTest, ThatAnObjectIsExportedIsNotSaidToVulkan) {
    const List list = list_of(true);
    const VkMemoryDedicatedAllocateInfo other{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, nullptr, nullptr,
                                              nullptr};
    VkExportMemoryAllocateInfo types{VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO, &other, kHandleTypeSciBuf};
    VkExportMemorySciBufInfoNV exported{kExportMemorySciBufInfo, &types, list};
    VkDeviceMemory memory = nullptr;
    ASSERT_EQ(allocate_with(&exported, 1, &memory), VK_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_EQ(fake_.last_chain, &other);
    free(memory);
    exported.pNext = &other;
    types.pNext = &exported;
    ASSERT_EQ(allocate_with(&types, 1, &memory), VK_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_EQ(fake_.last_chain, &other);
    free(memory);
    types.pNext = &other;
    ASSERT_EQ(import(video_object(), 1, &memory, 0, &types), VK_SUCCESS) << opennvsciGetLastErrorText();
    EXPECT_EQ(fake_.last_chain, &other);
    free(memory);

    expect_refused(allocate_with(&types, 1, &memory), VK_ERROR_INITIALIZATION_FAILED, "pAttributes");
    types.handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
    ASSERT_EQ(allocate_with(&types, 1, &memory), VK_SUCCESS) << "Vulkan's own business";
    EXPECT_EQ(fake_.last_chain, &types);
    free(memory);
    types.handleTypes |= kHandleTypeSciBuf;
    expect_refused(allocate_with(&types, 1, &memory), VK_ERROR_VALIDATION_FAILED_EXT, "handleTypes 0x2001");
    types = {VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO, nullptr, kHandleTypeSciBuf};
    const VkMemoryDedicatedAllocateInfo before{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, &types, nullptr,
                                               nullptr};
    exported.pNext = &before;
    expect_refused(allocate_with(&exported, 1, &memory), VK_ERROR_VALIDATION_FAILED_EXT, "come before it");
}

TEST_F(FakeAllocateTest, MemoryThatIsOutHasTheCodeOfItsPlace) {
    constexpr std::uint64_t kTooMuch = 1ULL << 46;
    VkDeviceMemory memory = nullptr;
    expect_refused(allocate_new(list_of(true, kTooMuch), &memory), VK_ERROR_OUT_OF_DEVICE_MEMORY, "memory");
    expect_refused(allocate_new(list_of(false, kTooMuch), &memory), VK_ERROR_OUT_OF_HOST_MEMORY, "memory");
    const List lists[] = {list_of(true), list_of(false)};
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{0, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    for (const List& list : lists)
        EXPECT_EQ(allocate_new(list, &memory), VK_ERROR_TOO_MANY_OBJECTS) << opennvsciGetLastErrorText();
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_F(FakeAllocateTest, TheObjectBehindMemoryHasOneHandleThatEndsWithIt) {
    Object object = system_object();
    VkDeviceMemory memory = nullptr;
    VkDeviceMemory other = nullptr;
    ASSERT_EQ(import(object, 3, &memory), VK_SUCCESS);
    ASSERT_EQ(import(object, 3, &other), VK_SUCCESS);
    object.reset();
    const NvSciBufObj handle = object_of(memory);
    EXPECT_EQ(object_of(memory), handle);
    EXPECT_NE(object_of(other), handle);
    void* pointer = nullptr;
    ASSERT_EQ(NvSciBufObjGetCpuPtr(handle, &pointer), kSuccess);
    static_cast<char*>(pointer)[0] = 'x';
    free(memory);
    EXPECT_EQ(NvSciBufObjGetCpuPtr(handle, &pointer), kBadParameter);
    EXPECT_EQ(object_of(memory, VK_ERROR_VALIDATION_FAILED_EXT), nullptr);
    const NvSciBufObj left = object_of(other);
    nvsciVkUnregisterDevice(fake_.device());
    EXPECT_EQ(NvSciBufObjGetCpuPtr(left, &pointer), kBadParameter);
    ASSERT_EQ(nvsciVkRegisterDevice(fake_.physical(), fake_.device()), VK_SUCCESS);
    free(other);
}

// Which Vulkan SC forbids.
TEST_F(FakeAllocateTest, AProgramThatFreesTheHandleOfAnImportIsGivenAnother) {
    const Object object = system_object();
    VkDeviceMemory memory = nullptr;
    ASSERT_EQ(import(object, 3, &memory), VK_SUCCESS);
    const NvSciBufObj first = object_of(memory);
    NvSciBufObjFree(first);
    const NvSciBufObj second = object_of(memory);
    EXPECT_NE(second, first);
    void* pointer = nullptr;
    EXPECT_EQ(NvSciBufObjGetCpuPtr(second, &pointer), kSuccess);
    NvSciBufObjFree(second);
    free(memory);
    EXPECT_EQ(NvSciBufObjGetCpuPtr(object, &pointer), kSuccess);
}

TEST_F(FakeAllocateTest, ThreadsAreGivenTheSameHandle) {
    const Object object = system_object();
    VkDeviceMemory memory = nullptr;
    ASSERT_EQ(import(object, 3, &memory), VK_SUCCESS);
    std::array<NvSciBufObj, 8> found{};
    std::vector<std::thread> threads;
    for (NvSciBufObj& one : found)
        threads.emplace_back([&] { one = object_of(memory); });
    for (std::thread& thread : threads)
        thread.join();
    for (const NvSciBufObj one : found)
        EXPECT_EQ(one, object_of(memory));
    free(memory);
}

}  // namespace
}  // namespace opennvsci::test
