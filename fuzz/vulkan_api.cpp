// SPDX-License-Identifier: Apache-2.0
//
// A byte stream becomes a sequence of calls of nvscivk.h on FakeVulkan: devices come and go, memory is imported and
// exported with any chain, planes become images, fences go to and fro. The sanitizers watch the memory, FakeVulkan what
// it is asked to do; this file aborts when the documented behaviour does not hold:
//   - a failed call leaves its outputs alone, and makes nothing in Vulkan;
//   - what is not registered is refused;
//   - Vulkan is never told of objects;
//   - an import has one handle of its object, which lives as long as it.
#include <gtest/gtest.h>

#include <memory>

#include "fake_semaphores.h"
#include "fake_vulkan.h"
#include "vulkan_chain.h"

namespace opennvsci::fuzz {
namespace {

using namespace vk;  // NOLINT(google-build-using-namespace): Vulkan's own names

/// What all inputs use: objects of both kinds of memory, images of both layouts, and lists.
struct Objects {
    NvSciBufModule module = nullptr;
    NvSciSyncModule sync_module = nullptr;
    std::vector<NvSciBufObj> buffers;
    std::vector<NvSciBufAttrList> lists;

    Objects() {
        REQUIRE(NvSciBufModuleOpen(&module) == kSuccess && NvSciSyncModuleOpen(&sync_module) == kSuccess);
        for (const bool is_video : {true, false}) {
            add(raw(is_video));
            add(image(is_video));
        }
        buffers.insert(buffers.end(), {nullptr, reinterpret_cast<NvSciBufObj>(std::uintptr_t{0x5C03000001000007})});
        lists.push_back(nullptr);
    }

  private:
    using Pair = NvSciBufAttrKeyValuePair;

    [[nodiscard]] NvSciBufAttrList made_of(std::vector<Pair> pairs) const {
        NvSciBufAttrList list = nullptr;
        REQUIRE(NvSciBufAttrListCreate(module, &list) == kSuccess);
        REQUIRE(NvSciBufAttrListSetAttrs(list, pairs.data(), pairs.size()) == kSuccess);
        return list;
    }
    [[nodiscard]] NvSciBufAttrList raw(bool is_video) const {
        const NvSciBufType type = NvSciBufType_RawBuffer;
        const std::uint64_t size = 5000;
        const NvSciRmGpuId gpu = gpu_ids()[0];
        const bool yes = true;
        return made_of({{NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
                        {NvSciBufRawBufferAttrKey_Size, &size, sizeof(size)},
                        is_video ? Pair{NvSciBufGeneralAttrKey_GpuId, &gpu, sizeof(gpu)}
                                 : Pair{NvSciBufGeneralAttrKey_NeedCpuAccess, &yes, sizeof(yes)}});
    }
    [[nodiscard]] NvSciBufAttrList image(bool is_tiled) const {
        const NvSciBufType type = NvSciBufType_Image;
        const auto layout = is_tiled ? NvSciBufImage_BlockLinearType : NvSciBufImage_PitchLinearType;
        const auto scan = NvSciBufScan_ProgressiveType;
        const std::uint32_t planes = 2;
        const NvSciBufAttrValColorFmt formats[] = {NvSciColor_Y8, NvSciColor_V8U8};
        const std::uint32_t widths[] = {64, 32};
        const NvSciRmGpuId gpu = gpu_ids()[0];
        return made_of({{NvSciBufGeneralAttrKey_Types, &type, sizeof(type)},
                        {NvSciBufImageAttrKey_Layout, &layout, sizeof(layout)},
                        {NvSciBufImageAttrKey_ScanType, &scan, sizeof(scan)},
                        {NvSciBufImageAttrKey_PlaneCount, &planes, sizeof(planes)},
                        {NvSciBufImageAttrKey_PlaneColorFormat, formats, sizeof(formats)},
                        {NvSciBufImageAttrKey_PlaneWidth, widths, sizeof(widths)},
                        {NvSciBufImageAttrKey_PlaneHeight, widths, sizeof(widths)},
                        {NvSciBufGeneralAttrKey_GpuId, &gpu, sizeof(gpu)}});
    }
    void add(NvSciBufAttrList list) {
        NvSciBufAttrList reconciled = nullptr;
        NvSciBufAttrList conflict = nullptr;
        NvSciBufObj object = nullptr;
        REQUIRE(NvSciBufAttrListReconcile(&list, 1, &reconciled, &conflict) == kSuccess);
        REQUIRE(NvSciBufObjAlloc(reconciled, &object) == kSuccess);
        lists.insert(lists.end(), {reconciled, list});
        buffers.push_back(object);
    }
};

Objects& objects() {
    static Objects* const all = new Objects;
    return *all;
}

struct KnownMemory {
    VkDeviceMemory handle;
    bool is_import;
    NvSciBufObj object = nullptr;  // once it was asked for
};

class Machine {
  public:
    Machine(const std::uint8_t* data, std::size_t size) : in_(data, size) {
        const NvSciRmGpuId gpu = gpu_ids()[0];
        fake_.uuid = Uuid::from(gpu.bytes);
        come();
    }
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    void run() {
        while (in_.remaining_bytes() > 0)
            perform_any(*this, in_, steps());
        g_step = "the end";
        come();
        while (!memories_.empty())
            free_memory();
        nvsciVkUnregisterInstance(fake_.instance());
        for (const NvSciSyncObj object : sync_objects_)
            NvSciSyncObjFree(object);
        fake_.images.clear();
    }

  private:
    static std::span<const Step<Machine>> steps();

    void come() {
        REQUIRE(nvsciVkRegisterInstance(fake_.instance(), test::FakeVulkan::get_instance_proc_addr) == VK_SUCCESS);
        REQUIRE(nvsciVkRegisterDevice(fake_.physical(), fake_.device()) == VK_SUCCESS);
        has_instance_ = is_registered_ = true;
    }
    void go() {
        if (in_.ConsumeBool()) {
            nvsciVkUnregisterDevice(fake_.device());
        } else {
            nvsciVkUnregisterInstance(fake_.instance());
            has_instance_ = false;
        }
        is_registered_ = false;
        for (KnownMemory& memory : memories_)
            memory = {memory.handle, false};
        REQUIRE(semaphores_.alive.empty());
    }

    template <class T>
    T any_of(const std::vector<T>& all) {
        return all.empty() ? T{} : all[pick(in_, all)];
    }
    // The right one mostly, as what is first everywhere: else nothing gets far.
    VkStructureType type(VkStructureType right) {
        return in_.ConsumeIntegralInRange(0, 15) == 15 ? VkStructureType{in_.ConsumeIntegral<std::int32_t>()} : right;
    }

    void allocate() {
        if (memories_.size() >= kMostHandles) return;
        const AllocateChain chain(in_, any_of(objects().buffers), any_of(objects().lists), any_of(images_));
        const VkMemoryAllocateInfo info{type(VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO), chain.first(),
                                        in_.ConsumeIntegral<std::uint32_t>(),
                                        in_.ConsumeBool() ? in_.ConsumeIntegralInRange(0U, 40U) : ~0U};
        const std::size_t before = fake_.memories.size();
        auto memory = untouched<VkDeviceMemory>();
        const VkResult result = nvsciVkAllocateMemory(fake_.device(), &info, nullptr, &memory);
        REQUIRE((memory == untouched<VkDeviceMemory>()) == (result != VK_SUCCESS));
        REQUIRE(fake_.memories.size() == before + (result == VK_SUCCESS ? 1 : 0));
        REQUIRE(is_registered_ || result == VK_ERROR_VALIDATION_FAILED_EXT);
        if (result != VK_SUCCESS) return;
        const FakeMemory& made = fake_.memories.at(memory);
        memories_.push_back({memory, made.descriptor >= 0 || made.pointer != nullptr});
        for (auto* next = static_cast<const VkBaseInStructure*>(fake_.last_chain); next != nullptr;
             next = next->pNext) {
            if (next->sType != VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO) continue;
            REQUIRE((reinterpret_cast<const VkExportMemoryAllocateInfo*>(next)->handleTypes & kHandleTypeSciBuf) == 0);
        }
    }
    void free_memory() {
        if (memories_.empty() || !is_registered_) return;
        const auto freed = memories_.begin() + static_cast<std::ptrdiff_t>(pick(in_, memories_));
        nvsciVkFreeMemory(fake_.device(), freed->handle, nullptr);
        if (freed->object != nullptr) {
            auto copy = untouched<NvSciBufObj>();
            REQUIRE(NvSciBufObjDup(freed->object, &copy) == kBadParameter);
        }
        memories_.erase(freed);
    }
    void get_object() {
        if (memories_.empty()) return;
        KnownMemory& memory = memories_[pick(in_, memories_)];
        const VkMemoryGetSciBufInfoNV info{type(kMemoryGetSciBufInfo), nullptr, memory.handle, kHandleTypeSciBuf};
        auto object = untouched<NvSciBufObj>();
        const VkResult result = nvsciVkGetMemorySciBufNV(fake_.device(), &info, &object);
        const bool is_possible = is_registered_ && memory.is_import && info.sType == kMemoryGetSciBufInfo;
        REQUIRE((result == VK_SUCCESS) == is_possible && (object == untouched<NvSciBufObj>()) == !is_possible);
        if (!is_possible) return;
        REQUIRE(memory.object == nullptr || memory.object == object);
        memory.object = object;
    }
    void ask() {
        const NvSciBufObj object = any_of(objects().buffers);
        NvSciVkMemoryProperties properties{};
        VkMemorySciBufPropertiesNV of_device{type(kMemorySciBufProperties), nullptr, 0};
        VkPhysicalDeviceExternalMemorySciBufFeaturesNV features{type(kPhysicalDeviceSciBufFeatures), nullptr, 7, 7};
        VkPhysicalDeviceExternalSciSync2FeaturesNV sync{type(kPhysicalDeviceSciSync2Features), nullptr, 7, 7, 7, 7};
        NvSciBufAttrList list = nullptr;
        (void)NvSciBufAttrListClone(any_of(objects().lists), &list);
        const VkPhysicalDevice physical = fake_.physical();
        for (const VkResult result :
             {nvsciVkGetPhysicalDeviceExternalMemorySciBufPropertiesNV(physical, kHandleTypeSciBuf, object, &of_device),
              nvsciVkGetPhysicalDeviceExternalMemorySciBufFeaturesNV(physical, &features),
              nvsciVkGetPhysicalDeviceExternalSciSync2FeaturesNV(physical, &sync),
              nvsciVkGetPhysicalDeviceSciBufAttributesNV(physical, list)})
            REQUIRE(has_instance_ || result == VK_ERROR_VALIDATION_FAILED_EXT);
        const VkResult told = nvsciVkGetMemoryProperties(fake_.device(), object, &properties);
        REQUIRE(is_registered_ || told == VK_ERROR_VALIDATION_FAILED_EXT);
        REQUIRE((told == VK_SUCCESS) == (properties.size != 0));
        NvSciBufAttrListFree(list);
    }

    void create_image() {
        if (images_.size() >= kMostHandles) return;
        NvSciVkPlaneImageCreateInfo info{};
        info.bufObj = any_of(objects().buffers);
        info.planeIndex = in_.ConsumeIntegralInRange(0U, 3U);
        info.format = in_.ConsumeBool() ? VkFormat{in_.ConsumeIntegralInRange(0, 120)} : VK_FORMAT_UNDEFINED;
        info.usage = in_.ConsumeIntegral<std::uint8_t>();
        fake_.image.size = in_.ConsumeBool() ? 65536 : 0;
        auto image = untouched<VkImage>();
        const std::size_t before = fake_.images.size();
        const VkResult result = nvsciVkCreatePlaneImage(fake_.device(), &info, nullptr, &image);
        REQUIRE((image == untouched<VkImage>()) == (result != VK_SUCCESS));
        REQUIRE(fake_.images.size() == before + (result == VK_SUCCESS ? 1 : 0));
        if (result == VK_SUCCESS) images_.push_back(image);
    }
    void bind_image() {
        if (images_.empty()) return;
        const VkDeviceMemory memory = any_of(memories_).handle;
        const VkResult result =
            nvsciVkBindPlaneImage(fake_.device(), any_of(images_), memory, in_.ConsumeIntegralInRange(0U, 3U));
        REQUIRE(result != VK_SUCCESS || is_registered_);
    }

    void allocate_sync() {
        if (sync_objects_.size() >= kMostHandles || !is_registered_) return;
        const VkSciSyncAttributesInfoNV info{type(kSciSyncAttributesInfo), nullptr,
                                             VkSciSyncClientTypeNV{in_.ConsumeIntegralInRange(0U, 3U)},
                                             VK_SCI_SYNC_PRIMITIVE_TYPE_SEMAPHORE_NV};
        const NvSciSyncAccessPerm permission = info.clientType == VK_SCI_SYNC_CLIENT_TYPE_WAITER_NV
                                                   ? NvSciSyncAccessPerm_WaitSignal
                                                   : NvSciSyncAccessPerm_WaitOnly;
        const bool yes = true;
        const NvSciSyncAttrKeyValuePair pairs[] = {{NvSciSyncAttrKey_NeedCpuAccess, &yes, sizeof(yes)},
                                                   {NvSciSyncAttrKey_RequiredPerm, &permission, sizeof(permission)}};
        NvSciSyncAttrList lists[2] = {};
        for (NvSciSyncAttrList& list : lists)
            REQUIRE(NvSciSyncAttrListCreate(objects().sync_module, &list) == kSuccess);
        REQUIRE(NvSciSyncAttrListSetAttrs(lists[1], pairs, 2) == kSuccess);
        NvSciSyncAttrList reconciled = nullptr;
        NvSciSyncAttrList conflict = nullptr;
        NvSciSyncObj object = nullptr;
        const VkResult filled = nvsciVkGetPhysicalDeviceSciSyncAttributesNV(fake_.physical(), &info, lists[0]);
        if (filled == VK_SUCCESS && NvSciSyncAttrListReconcile(lists, 2, &reconciled, &conflict) == kSuccess &&
            NvSciSyncObjAlloc(reconciled, &object) == kSuccess)
            sync_objects_.push_back(object);
        for (const NvSciSyncAttrList list : {lists[0], lists[1], reconciled, conflict})
            NvSciSyncAttrListFree(list);
    }
    void create_pool() {
        if (pools_.size() >= kMostHandles) return;
        const VkSemaphoreSciSyncPoolCreateInfoNV info{type(kSemaphoreSciSyncPoolCreateInfo), nullptr,
                                                      any_of(sync_objects_)};
        auto pool = untouched<VkSemaphoreSciSyncPoolNV>();
        const VkResult result = nvsciVkCreateSemaphoreSciSyncPoolNV(fake_.device(), &info, nullptr, &pool);
        REQUIRE((pool == untouched<VkSemaphoreSciSyncPoolNV>()) == (result != VK_SUCCESS));
        REQUIRE(is_registered_ || result == VK_ERROR_VALIDATION_FAILED_EXT);
        if (result == VK_SUCCESS) pools_.push_back(pool);
    }
    void use_pool() {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        if (in_.ConsumeIntegralInRange(0, 7) == 7) in_.ConsumeData(&fence, sizeof(fence));
        const VkSemaphoreSciSyncCreateInfoNV info{type(kSemaphoreSciSyncCreateInfo), nullptr, any_of(pools_), &fence};
        NvSciVkSemaphoreValue value{};
        const VkResult result = in_.ConsumeBool() ? nvsciVkGetWaitSemaphore(fake_.device(), &info, &value)
                                                  : nvsciVkGetSignalSemaphore(fake_.device(), &info, &value);
        REQUIRE((result == VK_SUCCESS) == (value.semaphore != nullptr));
        if (result == VK_SUCCESS) REQUIRE(semaphores_.alive.contains(value.semaphore));
        NvSciSyncFenceClear(&fence);
    }
    void destroy_pool() {
        if (pools_.empty()) return;
        const std::size_t which = pick(in_, pools_);
        nvsciVkDestroySemaphoreSciSyncPoolNV(fake_.device(), pools_[which], nullptr);
        if (in_.ConsumeBool()) pools_.erase(pools_.begin() + static_cast<std::ptrdiff_t>(which));
    }

    using FakeMemory = test::FakeVulkan::Memory;

    FuzzedDataProvider in_;
    test::FakeVulkan fake_;
    test::FakeSemaphores semaphores_;
    bool has_instance_ = false;
    bool is_registered_ = false;
    std::vector<KnownMemory> memories_;
    std::vector<VkImage> images_;
    std::vector<NvSciSyncObj> sync_objects_;
    std::vector<VkSemaphoreSciSyncPoolNV> pools_;  // alive or not
};

std::span<const Step<Machine>> Machine::steps() {
    static constexpr Step<Machine> kSteps[] = {
        {"register", 2, &Machine::come},
        {"unregister", 1, &Machine::go},
        {"allocate", 5, &Machine::allocate},
        {"free", 2, &Machine::free_memory},
        {"get the object", 2, &Machine::get_object},
        {"ask", 1, &Machine::ask},
        {"create an image", 3, &Machine::create_image},
        {"bind an image", 2, &Machine::bind_image},
        {"allocate a sync object", 1, &Machine::allocate_sync},
        {"create a pool", 2, &Machine::create_pool},
        {"use a pool", 2, &Machine::use_pool},
        {"destroy a pool", 1, &Machine::destroy_pool},
    };
    return kSteps;
}

}  // namespace
}  // namespace opennvsci::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    GTEST_FLAG_SET(break_on_failure, true);  // what FakeVulkan expects
    opennvsci::fuzz::Machine(data, size).run();
    return 0;
}
