// SPDX-License-Identifier: Apache-2.0
//
// The functions of opennvsci.h that tell how a buffer lies in memory, what a value is called, and which driver is used.
#include <barrier>
#include <thread>

#include "buf_test.h"
#include "nvscisync.h"

namespace opennvsci::test {
namespace {

using Longs = std::vector<std::uint64_t>;
using Ints = std::vector<std::uint32_t>;

class BufferLayoutTest : public BufTest {
  protected:
    static const OpenNvSciBufLayout& layout_of(NvSciBufAttrList list) {
        static const OpenNvSciBufLayout kNone{};
        const OpenNvSciBufLayout* layout = nullptr;
        EXPECT_EQ(opennvsciBufAttrListGetLayout(list, &layout), kSuccess) << opennvsciGetLastErrorText();
        return layout != nullptr ? *layout : kNone;
    }
    /// One value of every region.
    template <class T>
    static std::vector<T> all(const OpenNvSciBufLayout& layout, T OpenNvSciBufRegion::*member) {
        std::vector<T> values;
        for (const OpenNvSciBufRegion& region : std::span(layout.regions, layout.regionCount))
            values.push_back(region.*member);
        return values;
    }
    static std::string names(const OpenNvSciBufLayout& layout) {
        std::string text;
        for (const OpenNvSciBufRegion& region : std::span(layout.regions, layout.regionCount))
            text += std::string(region.name) + ' ' + region.element + '\n';
        return text;
    }
    static Attributes nv12(NvSciBufAttrValImageLayoutType layout) {
        return plane_image(layout, {{NvSciColor_Y8, 641, 481}, {NvSciColor_V8U8, 321, 241}});
    }
};

// What the keys state of a plane is what the regions say.
TEST_F(BufferLayoutTest, PlanesAreThoseOfTheKeys) {
    for (const auto arrangement : {kPitch, kBlock}) {
        for (const auto scan : {NvSciBufScan_ProgressiveType, NvSciBufScan_InterlaceType}) {
            const List list = result_of(nv12(arrangement).with(NvSciBufImageAttrKey_ScanType, scan));
            const OpenNvSciBufLayout& layout = layout_of(list);
            EXPECT_EQ(names(layout), "plane 0 Y8\nplane 1 V8U8\n");
            EXPECT_EQ(layout.size, get<std::uint64_t>(list, NvSciBufImageAttrKey_Size)[0]);
            EXPECT_GE(layout.alignment, get<std::uint64_t>(list, NvSciBufImageAttrKey_Alignment)[0]);
            EXPECT_EQ(all(layout, &OpenNvSciBufRegion::offset),
                      get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneOffset));
            EXPECT_EQ(all(layout, &OpenNvSciBufRegion::size),
                      get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneAlignedSize));
            EXPECT_EQ(all(layout, &OpenNvSciBufRegion::width),
                      get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneWidth));
            EXPECT_EQ(all(layout, &OpenNvSciBufRegion::height),
                      get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneHeight));
            EXPECT_EQ(all(layout, &OpenNvSciBufRegion::pitch),
                      get<std::uint32_t>(list, NvSciBufImageAttrKey_PlanePitch));
            EXPECT_EQ(all(layout, &OpenNvSciBufRegion::alignedHeight),
                      get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneAlignedHeight));
            EXPECT_EQ(all(layout, &OpenNvSciBufRegion::secondFieldOffset),
                      get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneSecondFieldOffset));
            EXPECT_EQ(all(layout, &OpenNvSciBufRegion::rowBytes), (Longs{641, 642}));
            EXPECT_EQ(all(layout, &OpenNvSciBufRegion::used), (Longs{641 * 481, 642 * 241}));
            EXPECT_EQ(layout.used, 641U * 481 + 642 * 241);
            EXPECT_EQ(all(layout, &OpenNvSciBufRegion::blockHeight),
                      arrangement == kBlock ? Ints({16, 16}) : Ints({0, 0}));
            EXPECT_EQ(all(layout, &OpenNvSciBufRegion::dimensionCount), (Ints{0, 0}));
        }
    }
}

// The planes of the levels are not in the keys; where the levels begin is.
TEST_F(BufferLayoutTest, PlanesOfAPyramidFollowItsLevels) {
    const List list = result_of(nv12(kBlock)
                                    .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Pyramid)
                                    .with(NvSciBufPyramidAttrKey_NumLevels, std::uint32_t{3})
                                    .with(NvSciBufPyramidAttrKey_Scale, 0.5F));
    const OpenNvSciBufLayout& layout = layout_of(list);
    EXPECT_EQ(names(layout),
              "level 0 plane 0 Y8\nlevel 0 plane 1 V8U8\nlevel 1 plane 0 Y8\nlevel 1 plane 1 V8U8\n"
              "level 2 plane 0 Y8\nlevel 2 plane 1 V8U8\n");
    const Longs levels = get<std::uint64_t>(list, NvSciBufPyramidAttrKey_LevelOffset);
    for (std::size_t level = 0; level < levels.size(); ++level)
        EXPECT_EQ(layout.regions[2 * level].offset, levels[level]);
    EXPECT_EQ(layout.regions[5].offset + layout.regions[5].size, layout.size);
}

TEST_F(BufferLayoutTest, TensorArrayAndRawBufferHaveOneRegion) {
    const List tensor = result_of(Attributes()
                                      .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Tensor)
                                      .with(NvSciBufTensorAttrKey_DataType, NvSciDataType_Float16)
                                      .with(NvSciBufTensorAttrKey_NumDims, std::uint32_t{3})
                                      .with(NvSciBufTensorAttrKey_SizePerDim, Longs{2, 5, 7})
                                      .with(NvSciBufTensorAttrKey_AlignmentPerDim, Ints{1, 64, 1}));
    const OpenNvSciBufLayout& of_tensor = layout_of(tensor);
    EXPECT_EQ(names(of_tensor), "tensor Float16\n");
    const OpenNvSciBufRegion& region = of_tensor.regions[0];
    ASSERT_EQ(region.dimensionCount, 3U);
    EXPECT_EQ(Longs(region.elementsPerDim, region.elementsPerDim + 3), (Longs{2, 5, 7}));
    EXPECT_EQ(Longs(region.stridesPerDim, region.stridesPerDim + 3),
              get<std::uint64_t>(tensor, NvSciBufTensorAttrKey_StridesPerDim));
    EXPECT_EQ(region.used, 2U * 2 * 5 * 7);
    EXPECT_EQ(region.pitch, 0U);

    const List array = result_of(Attributes()
                                     .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Array)
                                     .with(NvSciBufArrayAttrKey_DataType, NvSciDataType_Uint32)
                                     .with(NvSciBufArrayAttrKey_Stride, std::uint64_t{24})
                                     .with(NvSciBufArrayAttrKey_Capacity, std::uint64_t{1000}));
    const OpenNvSciBufLayout& of_array = layout_of(array);
    EXPECT_EQ(names(of_array), "array Uint32\n");
    EXPECT_EQ(of_array.regions[0].dimensionCount, 1U);
    EXPECT_EQ(of_array.regions[0].elementsPerDim[0], 1000U);
    EXPECT_EQ(of_array.regions[0].stridesPerDim[0], 24U);
    EXPECT_EQ(of_array.used, 4000U);

    const List raw = reconciled({cpu_list(12345)});
    const OpenNvSciBufLayout& of_raw = layout_of(raw);
    EXPECT_EQ(names(of_raw), "raw buffer byte\n");
    EXPECT_EQ(of_raw.regions[0].used, 12345U);
    EXPECT_EQ(of_raw.regions[0].dimensionCount, 0U);
}

TEST_F(BufferLayoutTest, TheMemoryIsNamedWithItsReason) {
    const List for_cpu = reconciled({cpu_list()});
    const OpenNvSciBufLayout& in_system = layout_of(for_cpu);
    EXPECT_STREQ(in_system.memory, "system memory");
    EXPECT_STREQ(in_system.memoryReason, "the CPU takes part (list 1 asks for NeedCpuAccess)");
    EXPECT_TRUE(same({in_system.memoryGpu}, {NvSciRmGpuId{}}));
    const List for_gpu = reconciled({gpu_list()});
    const OpenNvSciBufLayout& in_video = layout_of(for_gpu);
    if (TestDevice::instance().device().is_integrated) GTEST_SKIP() << "an integrated GPU has no video memory";
    EXPECT_STREQ(in_video.memory, "video memory");
    EXPECT_STREQ(in_video.memoryReason, "one GPU and no CPU takes part (list 1 asks for GpuId)");
    EXPECT_TRUE(same({in_video.memoryGpu}, {gpu(0)}));
}

TEST_F(BufferLayoutTest, TheLayoutBelongsToTheList) {
    const Object object = allocate(reconciled({cpu_list()}));
    NvSciBufAttrList own = nullptr;
    ASSERT_EQ(NvSciBufObjGetAttrList(object, &own), kSuccess);
    EXPECT_EQ(&layout_of(own), &layout_of(own));
    List copy = clone(own);
    EXPECT_NE(&layout_of(copy), &layout_of(own));
    EXPECT_EQ(layout_of(copy).size, layout_of(own).size);
    for (const std::uint64_t reserved : layout_of(own).reserved)
        EXPECT_EQ(reserved, 0U);
}

TEST_F(BufferLayoutTest, ThreadsThatAskAtOnceGetOneLayout) {
    constexpr std::size_t kThreads = 4;
    for (int round = 0; round < 20; ++round) {
        const List list = reconciled({cpu_list()});
        std::array<const OpenNvSciBufLayout*, kThreads> found{};
        std::barrier start(kThreads);
        std::vector<std::thread> threads;
        for (auto& layout : found) {
            threads.emplace_back([&] {
                start.arrive_and_wait();
                EXPECT_EQ(opennvsciBufAttrListGetLayout(list, &layout), kSuccess);
            });
        }
        for (std::thread& thread : threads)
            thread.join();
        EXPECT_EQ(std::count(found.begin(), found.end(), found[0]), static_cast<std::ptrdiff_t>(kThreads));
    }
}

TEST_F(BufferLayoutTest, OnlyReconciledListsHaveALayout) {
    const List list = raw_list(module_, 4096);
    const List conflict = std::move(reconcile({list, raw_list(module_, 1)}).conflict);
    List result = reconciled({list});
    NvSciSyncModule sync_module = nullptr;
    NvSciSyncAttrList sync_list = nullptr;
    ASSERT_EQ(NvSciSyncModuleOpen(&sync_module), kSuccess);
    ASSERT_EQ(NvSciSyncAttrListCreate(sync_module, &sync_list), kSuccess);
    const OpenNvSciBufLayout* layout = nullptr;
    const auto text_of = [&](NvSciBufAttrList wrong) {
        EXPECT_EQ(opennvsciBufAttrListGetLayout(wrong, &layout), kBadParameter);
        return std::string(opennvsciGetLastErrorText());
    };
    EXPECT_TRUE(contains(text_of(list), "attrList is an unreconciled list, and must be a reconciled list"));
    EXPECT_TRUE(contains(text_of(append({list})), "attrList is an unreconciled list, and must be a reconciled list"));
    EXPECT_TRUE(contains(text_of(conflict), "attrList is a conflict list, and must be a reconciled list"));
    EXPECT_TRUE(contains(text_of(nullptr), "attrList is NULL"));
    EXPECT_TRUE(contains(text_of(reinterpret_cast<NvSciBufAttrList>(sync_list)), "(NvSciSyncAttrList)"));
    EXPECT_EQ(opennvsciBufAttrListGetLayout(result, nullptr), kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "layout is NULL"));
    const NvSciBufAttrList freed = result.get();
    result.reset();
    EXPECT_TRUE(contains(text_of(freed), "is not a live handle"));
    EXPECT_EQ(layout, nullptr);
    NvSciSyncAttrListFree(sync_list);
    NvSciSyncModuleClose(sync_module);
}

class ValueTextTest : public BufTest {
  protected:
    template <class T>
    static std::string text_of(std::uint32_t key, const std::vector<T>& values) {
        std::array<char, 200> text{};
        EXPECT_EQ(opennvsciBufAttrValueGetText(key, values.data(), values.size() * sizeof(T), text.data(), text.size()),
                  kSuccess)
            << opennvsciGetLastErrorText();
        return text.data();
    }
};

TEST_F(ValueTextTest, TextsAreThoseOfReports) {
    EXPECT_EQ(text_of<std::uint64_t>(NvSciBufRawBufferAttrKey_Size, {4096}), "4096");
    EXPECT_EQ(text_of<std::uint32_t>(NvSciBufGeneralAttrKey_RequiredPerm, {NvSciBufAccessPerm_ReadWrite}), "ReadWrite");
    EXPECT_EQ(text_of<std::uint32_t>(NvSciBufImageAttrKey_PlaneColorFormat, {NvSciColor_Y8, NvSciColor_V8U8}),
              "{Y8, V8U8}");
    EXPECT_EQ(text_of<std::uint32_t>(NvSciBufTensorAttrKey_DataType, {NvSciDataType_Float16}), "Float16");
    EXPECT_EQ(text_of<std::uint32_t>(NvSciBufTensorAttrKey_DataType, {77}), "77");
    EXPECT_EQ(text_of<NvSciRmGpuId>(NvSciBufGeneralAttrKey_VidMem_GpuId, {unknown_gpu()}),
              "GPU-eeeeeeee-eeee-eeee-eeee-eeeeeeeeeeee");
}

TEST_F(ValueTextTest, WrongArgumentsAreRefusedAndNothingIsWritten) {
    const std::uint64_t values[2] = {4096, 4096};
    std::array<char, 5> text{'?', '?', '?', '?', '?'};
    const auto code = [&](std::uint32_t key, const void* value, std::size_t len, char* out, std::size_t size) {
        const NvSciError error = opennvsciBufAttrValueGetText(key, value, len, out, size);
        EXPECT_EQ(std::count(text.begin(), text.end(), '?'), 5);
        return error;
    };
    const auto key = NvSciBufRawBufferAttrKey_Size;
    EXPECT_EQ(code(0, values, 8, text.data(), 5), kBadParameter);
    EXPECT_EQ(code(~0U, values, 8, text.data(), 5), kBadParameter);
    EXPECT_EQ(code(buf::kMemoryDomain, values, 4, text.data(), 5), kBadParameter) << "a key that no program sees";
    EXPECT_EQ(code(key, nullptr, 8, text.data(), 5), kBadParameter);
    EXPECT_EQ(code(key, values, 0, text.data(), 5), kBadParameter);
    EXPECT_EQ(code(key, values, 7, text.data(), 5), kBadParameter);
    EXPECT_EQ(code(key, values, 16, text.data(), 5), kBadParameter) << "more elements than the key has";
    EXPECT_EQ(code(key, values, 8, nullptr, 5), kBadParameter);
    EXPECT_EQ(code(key, values, 8, text.data(), 4), NvSciError_Overflow);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "the text needs 5 bytes, there are 4"));
    EXPECT_EQ(code(key, values, 8, text.data(), 0), NvSciError_Overflow);
    EXPECT_EQ(opennvsciBufAttrValueGetText(key, values, 8, text.data(), 5), kSuccess);
    EXPECT_STREQ(text.data(), "4096");
}

TEST(DriverDescriptionTest, ItIsTheDriverThatTheLibraryUses) {
    const OpenNvSciDriver* description = nullptr;
    ASSERT_EQ(opennvsciGetDriver(&description), kSuccess) << opennvsciGetLastErrorText();
    const driver::Driver& driver = TestDevice::instance().driver();
    EXPECT_EQ(description->path, driver.path);
    EXPECT_EQ(description->reason, driver.reason);
    EXPECT_EQ(description->cudaVersion, static_cast<std::uint32_t>(driver.version));
    EXPECT_EQ(description->isSoftware, driver.is_software);
    ASSERT_EQ(description->deviceCount, driver.devices.size());
    for (std::size_t i = 0; i < description->deviceCount; ++i) {
        const OpenNvSciDevice& device = description->devices[i];
        const driver::Device& real = driver.devices[i];
        EXPECT_EQ(Uuid::from(device.gpuId.bytes), real.uuid);
        EXPECT_EQ(Uuid::from(device.instanceId.bytes), real.instance_uuid);
        EXPECT_EQ(device.name, real.name);
        EXPECT_EQ(device.ordinal, i);
        cu::CUdevice handle = -1;
        EXPECT_EQ(driver.call.cuDeviceGet(&handle, static_cast<int>(device.ordinal)), cu::CUDA_SUCCESS);
        EXPECT_EQ(handle, real.handle);
        EXPECT_EQ(device.memoryBytes, real.memory_bytes);
        EXPECT_EQ(device.computeMajor, static_cast<std::uint32_t>(real.compute_major));
        EXPECT_EQ(device.computeMinor, static_cast<std::uint32_t>(real.compute_minor));
        EXPECT_EQ(device.isIntegrated, real.is_integrated);
        EXPECT_EQ(device.hasVirtualMemory, real.supports_virtual_memory);
        EXPECT_EQ(device.hasReadOnlyRegistration, real.supports_read_only_host_register);
    }
    const OpenNvSciDriver* again = nullptr;
    EXPECT_EQ(opennvsciGetDriver(&again), kSuccess);
    EXPECT_EQ(again, description);
    EXPECT_EQ(opennvsciGetDriver(nullptr), kBadParameter);
    EXPECT_TRUE(contains(opennvsciGetLastErrorText(), "driver is NULL"));
}

}  // namespace
}  // namespace opennvsci::test
