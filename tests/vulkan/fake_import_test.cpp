// SPDX-License-Identifier: Apache-2.0
//
// Objects imported into a Vulkan that is a part of the test: what goes to Vulkan, who owns what, what is refused, and
// a failure at every call.
#include <fcntl.h>

#include "api/inspection_document.h"
#include "driver_hooks.h"
#include "failure_walk.h"
#include "fake_import.h"

namespace opennvsci::test {
namespace {

using namespace vk;  // NOLINT(google-build-using-namespace): Vulkan's own names

TEST_F(FakeImportTest, VideoMemoryGoesByADescriptorOfItsOwnThatVulkanKeeps) {
    Object object = video_object();
    NvSciVkMemoryProperties properties{};
    ASSERT_EQ(nvsciVkGetMemoryProperties(fake_.device(), object, &properties), VK_SUCCESS);
    EXPECT_EQ(properties.handleType, VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT);
    EXPECT_EQ(properties.memoryTypeBits, 1U << 1);
    VkDeviceMemory first = nullptr;
    VkDeviceMemory second = nullptr;
    ASSERT_EQ(import(object, 1, &first, kSize), VK_SUCCESS) << opennvsciGetLastErrorText();
    ASSERT_EQ(import(object, 1, &second, 1ULL << 40), VK_SUCCESS) << "the size that the program names is ignored";
    ASSERT_EQ(fake_.memories.size(), 2U);
    EXPECT_EQ(fake_.memories[second].size, properties.size);
    EXPECT_EQ(fake_.memories[first].size, properties.size) << "Vulkan wants the whole allocation";
    EXPECT_NE(fake_.memories[first].descriptor, fake_.memories[second].descriptor);
    object.reset();
    EXPECT_NE(::fcntl(fake_.memories[second].descriptor, F_GETFD), -1);
    free(second);
    free(first);
}

TEST_F(FakeImportTest, SystemMemoryGoesByItsAddressAndLivesAsLongAsTheImport) {
    Object object = system_object();
    void* pointer = nullptr;
    ASSERT_EQ(NvSciBufObjGetCpuPtr(object, &pointer), kSuccess);
    static_cast<char*>(pointer)[kSize - 1] = 'x';
    NvSciVkMemoryProperties properties{};
    ASSERT_EQ(nvsciVkGetMemoryProperties(fake_.device(), object, &properties), VK_SUCCESS);
    EXPECT_EQ(properties.handleType, VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT);
    EXPECT_EQ(properties.memoryTypeBits, fake_.host_pointer_types);
    VkDeviceMemory memory = nullptr;
    ASSERT_EQ(import(object, 2, &memory), VK_SUCCESS) << opennvsciGetLastErrorText();
    object.reset();
    EXPECT_EQ(static_cast<char*>(fake_.memories[memory].pointer)[kSize - 1], 'x');
    free(memory);
}

TEST_F(FakeImportTest, ADeviceThatIsRegisteredAgainKeepsItsImports) {
    const Object object = system_object();
    VkDeviceMemory memory = nullptr;
    ASSERT_EQ(import(object, 2, &memory), VK_SUCCESS) << opennvsciGetLastErrorText();
    register_all();
    EXPECT_NE(object_of(memory), nullptr);
    free(memory);
}

// The GPU's driver takes an address only if CUDA knows it; a device of the CPU needs no CUDA.
TEST_F(FakeImportTest, SystemMemoryIsRegisteredWithCudaForAGpuOnly) {
    const Object object = system_object();
    for (const bool is_cpu : {false, true}) {
        fake_.is_cpu = is_cpu;
        register_again();
        const auto before = DriverHooks::instance().live_objects();
        VkDeviceMemory memory = nullptr;
        ASSERT_EQ(import(object, 2, &memory), VK_SUCCESS);
        EXPECT_EQ(DriverHooks::instance().live_objects() == before, is_cpu);
        free(memory);
    }
}

TEST_F(FakeImportTest, WhatADeviceThatIsGoneHeldIsReleased) {
    Object object = video_object();
    VkDeviceMemory memory = nullptr;
    ASSERT_EQ(import(object, 1, &memory), VK_SUCCESS);
    object.reset();
    nvsciVkUnregisterDevice(fake_.device());
    EXPECT_EQ(nvsciVkRegisterDevice(fake_.physical(), fake_.device()), VK_SUCCESS);
    free(memory);  // now Vulkan's alone
}

// Nobody would free it: an allocator's callback unregisters, or another thread does.
TEST_F(FakeImportTest, AnImportUnderWayEndsWithItsDevice) {
    const Object video = video_object();
    const Object system = system_object();
    const std::function<void()> ends[] = {[&] { nvsciVkUnregisterDevice(fake_.device()); }, [&] { unregister(); }};
    for (const auto& end : ends) {
        for (const bool is_video : {true, false}) {
            register_again();
            fake_.while_allocating = end;
            VkDeviceMemory memory = nullptr;
            expect_refused(import(is_video ? video : system, is_video ? 1 : 2, &memory), VK_ERROR_VALIDATION_FAILED_EXT,
                           "nvsciVkRegisterDevice");
            EXPECT_EQ(memory, nullptr);
        }
    }
}

TEST_F(FakeImportTest, AnInspectionTellsOfTheImportsThatHoldABuffer) {
    Object object = video_object();
    VkDeviceMemory memory = nullptr;
    ASSERT_EQ(import(object, 1, &memory), VK_SUCCESS) << opennvsciGetLastErrorText();
    object.reset();
    const std::string told = api::inspection_document();
    EXPECT_TRUE(contains(told, "\"handles\":[],\"imports\":[],\"mappings\":[],\"vulkan_imports\":[{\"memory\":\"0x"));
    EXPECT_TRUE(contains(told, "\"device\":\"fake device\",\"uuid\":\"" + fake_.uuid.text()));
    free(memory);
    EXPECT_TRUE(contains(api::inspection_document(), "\"vulkan_imports\":{\"entries\":[],\"count\":0}"));
}

TEST_F(FakeImportTest, AReadOnlyObjectIsRefusedWhoeverAsks) {
    for (const bool is_video : {true, false}) {
        const Object object = is_video ? video_object() : system_object();
        Object reader;
        ASSERT_EQ(NvSciBufObjDupWithReducePerm(object, NvSciBufAccessPerm_Readonly, reader.out()), kSuccess);
        VkDeviceMemory memory = nullptr;
        const std::string reason = "no memory that can only be read";
        expect_refused(import(reader, 1, &memory), VK_ERROR_NOT_PERMITTED_KHR, reason);
        NvSciVkMemoryProperties properties{};
        expect_refused(nvsciVkGetMemoryProperties(fake_.device(), reader, &properties), VK_ERROR_NOT_PERMITTED_KHR,
                       reason);
        VkMemorySciBufPropertiesNV of_device{kMemorySciBufProperties, nullptr, 0};
        expect_refused(nvsciVkGetPhysicalDeviceExternalMemorySciBufPropertiesNV(fake_.physical(), kHandleTypeSciBuf,
                                                                                reader, &of_device),
                       VK_ERROR_NOT_PERMITTED_KHR, reason);
    }
}

TEST_F(FakeImportTest, BadArgumentsAreRefusedWithTheReason) {
    Object object = video_object();
    VkDeviceMemory memory = nullptr;
    expect_refused(import(object, 0, &memory), VK_ERROR_VALIDATION_FAILED_EXT, "memoryTypeIndex is 0");
    expect_refused(import(object, 77, &memory), VK_ERROR_VALIDATION_FAILED_EXT, "memoryTypeIndex is 77");
    expect_refused(import(nullptr, 1, &memory), VK_ERROR_INVALID_EXTERNAL_HANDLE, "handle");
    NvSciBufObj freed = nullptr;
    ASSERT_EQ(NvSciBufObjDup(object, &freed), kSuccess);
    NvSciBufObjFree(freed);
    expect_refused(import(freed, 1, &memory), VK_ERROR_INVALID_EXTERNAL_HANDLE, "handle");
    const VkImportMemorySciBufInfoNV wrong{kImportMemorySciBufInfo, nullptr,
                                           VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT, object};
    VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &wrong, 0, 1};
    expect_refused(nvsciVkAllocateMemory(fake_.device(), &info, nullptr, &memory), VK_ERROR_VALIDATION_FAILED_EXT,
                   "handleType");
    const VkImportMemorySciBufInfoNV twice{kImportMemorySciBufInfo, &wrong, kHandleTypeSciBuf, object};
    info.pNext = &twice;
    expect_refused(nvsciVkAllocateMemory(fake_.device(), &info, nullptr, &memory), VK_ERROR_VALIDATION_FAILED_EXT,
                   "more than one");
    expect_refused(nvsciVkAllocateMemory(fake_.device(), nullptr, nullptr, &memory), VK_ERROR_VALIDATION_FAILED_EXT,
                   "NULL");
    expect_refused(nvsciVkAllocateMemory(fake_.device(), &info, nullptr, nullptr), VK_ERROR_VALIDATION_FAILED_EXT,
                   "NULL");
    info.sType = VkStructureType{99};
    expect_refused(nvsciVkAllocateMemory(fake_.device(), &info, nullptr, &memory), VK_ERROR_VALIDATION_FAILED_EXT,
                   "sType");
    unregister();
    expect_refused(import(object, 1, &memory), VK_ERROR_VALIDATION_FAILED_EXT, "nvsciVkRegisterDevice");
    free(nullptr);
}

TEST_F(FakeImportTest, AnExtensionThatIsNotThereOrNotEnabledIsNamed) {
    const Object video = video_object();
    const Object system = system_object();
    VkDeviceMemory memory = nullptr;
    fake_.enabled.clear();
    register_again();
    expect_refused(import(video, 1, &memory), VK_ERROR_EXTENSION_NOT_PRESENT, "VK_KHR_external_memory_fd");
    expect_refused(import(system, 2, &memory), VK_ERROR_EXTENSION_NOT_PRESENT, "VK_EXT_external_memory_host");
    fake_.extensions.clear();
    register_again();
    expect_refused(import(video, 1, &memory), VK_ERROR_FEATURE_NOT_PRESENT, "VK_KHR_external_memory_fd");
    expect_refused(import(system, 2, &memory), VK_ERROR_FEATURE_NOT_PRESENT, "VK_EXT_external_memory_host");
}

TEST_F(FakeImportTest, MemoryOfAnotherGpuIsRefused) {
    const Object object = video_object();
    VkDeviceMemory memory = nullptr;
    fake_.uuid.bytes.fill(0x5A);
    register_again();
    expect_refused(import(object, 1, &memory), VK_ERROR_FEATURE_NOT_PRESENT,
                   "nvsciVkGetPhysicalDeviceSciBufAttributesNV");
}

TEST_F(FakeImportTest, TheAttributesAreThoseOfTheDevice) {
    const List list = raw_list(module_, kSize);
    ASSERT_EQ(nvsciVkGetPhysicalDeviceSciBufAttributesNV(fake_.physical(), list), VK_SUCCESS);
    EXPECT_TRUE(same(get<NvSciRmGpuId>(list, NvSciBufGeneralAttrKey_GpuId), {gpu(0)}));
    EXPECT_EQ(nvsciVkGetPhysicalDeviceSciBufAttributesNV(fake_.physical(), list), VK_SUCCESS) << "they are there";
    fake_.is_cpu = true;
    register_again();
    const List cpu = raw_list(module_, kSize);
    ASSERT_EQ(nvsciVkGetPhysicalDeviceSciBufAttributesNV(fake_.physical(), cpu), VK_SUCCESS);
    EXPECT_EQ(get_flags(cpu, NvSciBufGeneralAttrKey_NeedCpuAccess), std::vector<bool>{true});
    EXPECT_TRUE(get<NvSciRmGpuId>(cpu, NvSciBufGeneralAttrKey_GpuId).empty());
    const List reader = raw_list(module_, kSize);
    ASSERT_EQ(set(reader, NvSciBufGeneralAttrKey_RequiredPerm, NvSciBufAccessPerm_Readonly), kSuccess);
    expect_refused(nvsciVkGetPhysicalDeviceSciBufAttributesNV(fake_.physical(), reader), VK_ERROR_VALIDATION_FAILED_EXT,
                   "NvSciBufGeneralAttrKey_RequiredPerm");
    expect_refused(nvsciVkGetPhysicalDeviceSciBufAttributesNV(fake_.physical(), nullptr),
                   VK_ERROR_INVALID_EXTERNAL_HANDLE, "pAttributes");
    const List result = reconciled({list});
    expect_refused(nvsciVkGetPhysicalDeviceSciBufAttributesNV(fake_.physical(), result), VK_ERROR_VALIDATION_FAILED_EXT,
                   "cannot be written");
    VkPhysicalDeviceExternalMemorySciBufFeaturesNV features{kPhysicalDeviceSciBufFeatures, nullptr, 7, 7};
    ASSERT_EQ(nvsciVkGetPhysicalDeviceExternalMemorySciBufFeaturesNV(fake_.physical(), &features), VK_SUCCESS);
    EXPECT_EQ(features.sciBufImport, 1U);
    fake_.extensions.clear();
    register_again();
    ASSERT_EQ(nvsciVkGetPhysicalDeviceExternalMemorySciBufFeaturesNV(fake_.physical(), &features), VK_SUCCESS);
    EXPECT_EQ(features.sciBufImport, 0U);
    EXPECT_EQ(features.sciBufExport, 0U);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "VK_EXT_external_memory_host"));
    expect_refused(nvsciVkGetPhysicalDeviceSciBufAttributesNV(fake_.physical(), raw_list(module_, kSize)),
                   VK_ERROR_FEATURE_NOT_PRESENT, "VK_EXT_external_memory_host");
}

/// The whole way of an object into Vulkan; `width` is another one each time, because CUDA is asked once for each.
class Way {
  public:
    Way(FakeVulkan& fake, NvSciBufModule module, bool is_tiled) : fake_(fake), module_(module), is_tiled_(is_tiled) {}
    Way(const Way&) = delete;
    Way& operator=(const Way&) = delete;
    ~Way() {
        if (image_ != nullptr) fake_.images.erase(image_);
        nvsciVkFreeMemory(fake_.device(), memory_, nullptr);
        nvsciVkUnregisterInstance(fake_.instance());
    }

    CallOutcome run() {
        TRY_CALL(nvsciVkRegisterInstance(fake_.instance(), FakeVulkan::get_instance_proc_addr));
        TRY_CALL(nvsciVkRegisterDevice(fake_.physical(), fake_.device()));
        TRY_CALL(NvSciBufAttrListCreate(module_, list_.out()));
        TRY_CALL(nvsciVkGetPhysicalDeviceSciBufAttributesNV(fake_.physical(), list_));
        TRY_CALL(describe());
        NvSciBufAttrList lists[] = {list_};
        NvSciBufAttrList conflict = nullptr;
        TRY_CALL(NvSciBufAttrListReconcile(lists, 1, reconciled_.out(), &conflict));
        TRY_CALL(NvSciBufObjAlloc(reconciled_, object_.out()));
        NvSciVkMemoryProperties properties{};
        TRY_CALL(nvsciVkGetMemoryProperties(fake_.device(), object_, &properties));
        NvSciVkPlaneImageCreateInfo image{};
        image.bufObj = object_;
        TRY_CALL(nvsciVkCreatePlaneImage(fake_.device(), &image, nullptr, &image_));
        const VkMemoryDedicatedAllocateInfo dedicated{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, nullptr, image_,
                                                      nullptr};
        const VkImportMemorySciBufInfoNV import{kImportMemorySciBufInfo, &dedicated, kHandleTypeSciBuf, object_};
        const auto type = static_cast<std::uint32_t>(__builtin_ctz(properties.memoryTypeBits));
        const VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &import, 0, type};
        TRY_CALL(nvsciVkAllocateMemory(fake_.device(), &info, nullptr, &memory_));
        TRY_CALL(nvsciVkBindPlaneImage(fake_.device(), image_, memory_, 0));
        VkMemoryGetSciBufInfoNV get{kMemoryGetSciBufInfo, nullptr, memory_, kHandleTypeSciBuf};
        return outcome_of(nvsciVkGetMemorySciBufNV(fake_.device(), &get, &again_));
    }

  private:
    CallOutcome describe() {
        static std::uint32_t width = 64;
        const auto layout = is_tiled_ ? kBlock : kPitch;
        TRY_CALL(set(list_, NvSciBufGeneralAttrKey_Types, NvSciBufType_Image));
        TRY_CALL(set(list_, NvSciBufImageAttrKey_Layout, layout));
        TRY_CALL(set(list_, NvSciBufImageAttrKey_ScanType, NvSciBufScan_ProgressiveType));
        TRY_CALL(set(list_, NvSciBufImageAttrKey_PlaneCount, std::uint32_t{1}));
        TRY_CALL(set(list_, NvSciBufImageAttrKey_PlaneColorFormat, {NvSciColor_A8B8G8R8}));
        TRY_CALL(set(list_, NvSciBufImageAttrKey_PlaneWidth, {++width}));
        TRY_CALL(set(list_, NvSciBufImageAttrKey_PlaneHeight, {std::uint32_t{48}}));
        return outcome_of(set(list_, NvSciBufGeneralAttrKey_NeedCpuAccess, !is_tiled_));
    }

    FakeVulkan& fake_;
    const NvSciBufModule module_;
    const bool is_tiled_;
    List list_;
    List reconciled_;
    Object object_;
    NvSciBufObj again_ = nullptr;
    VkDeviceMemory memory_ = nullptr;
    VkImage image_ = nullptr;
};

// A descriptor that was not taken is closed, a mapping taken down, memory freed: nothing is more than before.
TEST_F(FakeImportTest, AFailureAtEveryCallComesBackAndLeavesNothing) {
    unregister();
    for (const bool is_tiled : {true, false}) {
        fake_.image.size = is_tiled ? 65536 : 0;
        const long failures = expect_failures_come_back(kEveryPoint, [&](FailurePoint& point) {
            Way way(fake_, module_, is_tiled);
            point.arm();
            const CallOutcome outcome = way.run();
            point.disarm();
            return outcome;
        });
        EXPECT_GT(failures, 20);
        EXPECT_TRUE(fake_.memories.empty());
        EXPECT_TRUE(fake_.images.empty());
    }
}

}  // namespace
}  // namespace opennvsci::test
