// SPDX-License-Identifier: Apache-2.0
//
// Where block-linear images live, and what the driver's word on arrays does to their layout. Memory of the driver is
// seen by the number of its memory handles, video memory by EnableGpuCache.
#include <cstdlib>

#include "buf_test.h"
#include "driver_hooks.h"

namespace opennvsci::test {
namespace {

using Words = std::vector<std::uint32_t>;
using Longs = std::vector<std::uint64_t>;

/// Puts another function in the place of one entry point of the driver.
template <class Function>
class Replaced {
  public:
    Replaced(Function*& entry, Function* other) : entry_(entry), real_(entry) { entry = other; }
    Replaced(const Replaced&) = delete;
    Replaced& operator=(const Replaced&) = delete;
    ~Replaced() { entry_ = real_; }

  private:
    Function*& entry_;
    Function* real_;
};

class ImagePlacementTest : public BufTest {
  protected:
    void SetUp() override {
        if (TestDevice::instance().device().is_integrated) GTEST_SKIP() << "these are the rules of discrete GPUs";
    }
    static Attributes image(NvSciBufAttrValImageLayoutType layout) {
        return plane_image(layout, {{NvSciColor_Y8, 200, 100}, {NvSciColor_V8U8, 100, 50}});
    }
    struct Place {
        bool is_cached_by_gpu;
        bool is_of_driver;
        bool has_pointer;
        bool operator==(const Place&) const = default;
    };
    [[nodiscard]] Place place_of(const Attributes& attributes) const {
        const List list = result_of(attributes);
        const auto handles = [] { return DriverHooks::instance().live_objects().at("memory handles"); };
        const long before = handles();
        const Object object = allocate(list);
        void* pointer = nullptr;
        const bool has_pointer = NvSciBufObjGetCpuPtr(object, &pointer) == kSuccess;
        if (has_pointer) std::memset(pointer, 1, get<std::uint64_t>(list, NvSciBufImageAttrKey_Size)[0]);
        const auto cached = get<NvSciBufAttrValGpuCache>(list, NvSciBufGeneralAttrKey_EnableGpuCache);
        return {!cached.empty() && cached[0].cacheability, handles() > before, has_pointer};
    }
};

TEST_F(ImagePlacementTest, FollowsFromWhoTakesPart) {
    const auto gpu_id = NvSciBufGeneralAttrKey_GpuId;
    const auto cpu = NvSciBufGeneralAttrKey_NeedCpuAccess;
    const Place video{true, true, false};
    const Place drivers{false, true, true};
    const Place drivers_unseen{false, true, false};
    const Place host{false, false, true};
    const Place host_unseen{false, false, false};
    EXPECT_EQ(place_of(image(kBlock)), host_unseen);
    EXPECT_EQ(place_of(image(kBlock).with(cpu, true)), host);
    EXPECT_EQ(place_of(image(kBlock).with(gpu_id, gpu(0))), video);
    EXPECT_EQ(place_of(image(kPitch).with(gpu_id, gpu(0))), video);
    EXPECT_EQ(place_of(image(kPitch).with(gpu_id, gpu(0)).with(cpu, true)), host);
    if (TestDevice::instance().device().supports_host_numa_memory) {
        EXPECT_EQ(place_of(image(kBlock).with(gpu_id, gpu(0)).with(cpu, true)), drivers);
    }
    const Attributes named = image(kBlock).with(NvSciBufGeneralAttrKey_VidMem_GpuId, gpu(0));
    EXPECT_EQ(place_of(named.with(gpu_id, gpu(0))), video);
    EXPECT_EQ(place_of(named), (Place{false, true, false})) << "no GpuId, so nothing is said per GPU";
    expect_refused({named.with(cpu, true)}, kNotSupported, {"NvSciBufGeneralAttrKey_VidMem_GpuId", "NeedCpuAccess"});
    if (gpu_count() < 2) return;
    EXPECT_EQ(place_of(image(kPitch).with(gpu_id, {gpu(0), gpu(1)})), host_unseen);
    EXPECT_EQ(place_of(image(kBlock).with(gpu_id, {gpu(0), gpu(1)})), drivers_unseen);
    EXPECT_EQ(place_of(image(kBlock).with(gpu_id, {gpu(0), gpu(1)}).with(cpu, true)), drivers);
}

TEST_F(ImagePlacementTest, PixelsOfDriverMemoryAreCopied) {
    if (!TestDevice::instance().device().supports_host_numa_memory) GTEST_SKIP() << "no such memory";
    const Object object = allocate(result_of(plane_image(kBlock, {{NvSciColor_A8, 130, 70}})
                                                 .with(NvSciBufGeneralAttrKey_GpuId, gpu(0))
                                                 .with(NvSciBufGeneralAttrKey_NeedCpuAccess, true)));
    std::vector<unsigned char> pixels(130 * 70);
    for (std::size_t i = 0; i < pixels.size(); ++i)
        pixels[i] = static_cast<unsigned char>(i * 7 + i / 130);
    std::vector<unsigned char> back(pixels.size());
    const void* source[] = {pixels.data()};
    void* destination[] = {back.data()};
    const std::uint32_t sizes[] = {130 * 70};
    const std::uint32_t pitches[] = {130};
    ASSERT_EQ(NvSciBufObjPutPixels(object, nullptr, source, sizes, pitches), kSuccess);
    ASSERT_EQ(NvSciBufObjGetPixels(object, nullptr, destination, sizes, pitches), kSuccess);
    EXPECT_EQ(back, pixels);
}

// The driver may refuse the system memory that its attribute promises. It is asked once, unless the refusal may pass.
class RefusedSystemMemoryDeathTest : public ImagePlacementTest {
  protected:
    static inline cu::CUresult g_refusal = cu::CUDA_SUCCESS;
    static inline int g_asked = 0;
    static inline decltype(driver::EntryPoints::cuMemCreate) g_create = nullptr;
    static cu::CUresult refuses_system_memory(cu::CUmemGenericAllocationHandle* handle, std::size_t size,
                                              const cu::CUmemAllocationProp* prop, unsigned long long flags) {
        if (prop->location.type != cu::CU_MEM_LOCATION_TYPE_HOST_NUMA) return g_create(handle, size, prop, flags);
        ++g_asked;
        return g_refusal;
    }

    // In a process of its own, because the answer is remembered as long as the process lives.
    [[noreturn]] void reconcile_where_it_is_refused() {
        driver::EntryPoints& call = driver::instance_for_testing()->call;
        g_create = call.cuMemCreate;
        const Replaced replaced(call.cuMemCreate, refuses_system_memory);
        const Attributes wanted =
            image(kBlock).with(NvSciBufGeneralAttrKey_GpuId, gpu(0)).with(NvSciBufGeneralAttrKey_NeedCpuAccess, true);
        g_refusal = cu::CUDA_ERROR_OUT_OF_MEMORY;
        expect_refused({wanted}, kResourceError, {"NvSciBufImageAttrKey_Layout", "OUT_OF_MEMORY"});
        // Every call gives it in a host function of a stream, too.
        g_refusal = cu::CUDA_ERROR_NOT_PERMITTED;
        expect_refused({wanted}, kNotSupported, {"NvSciBufImageAttrKey_Layout", "attribute 141", "NOT_PERMITTED"});
        EXPECT_EQ(g_asked, 2);
        g_refusal = cu::CUDA_ERROR_NOT_SUPPORTED;
        for (int i = 0; i < 3; ++i) {
            expect_refused({wanted}, kNotSupported,
                           {"NvSciBufImageAttrKey_Layout", "attribute 141", "NOT_SUPPORTED", "PitchLinear"});
        }
        EXPECT_EQ(g_asked, 3);
        EXPECT_EQ(reconcile({wanted.with(NvSciBufImageAttrKey_Layout, kPitch).list(module_)}).code, kSuccess);
        std::exit(HasFailure() ? 1 : 0);
    }
};

TEST_F(RefusedSystemMemoryDeathTest, IsKnownBeforeThePlacementReliesOnIt) {
    if (!TestDevice::instance().device().supports_host_numa_memory) GTEST_SKIP() << "no such memory";
    EXPECT_EXIT(reconcile_where_it_is_refused(), ::testing::ExitedWithCode(0), "");
}

// The device's texture units make demands of pitch-linear images, also those of a GPU that only VidMem_GpuId names.
TEST_F(ImagePlacementTest, TheOwnerOfTheMemorySetsItsAlignments) {
    driver::Device& device = driver::instance_for_testing()->devices.front();
    const std::uint32_t address = device.texture_alignment;
    const std::uint32_t pitch = device.texture_pitch_alignment;
    device.texture_alignment = 2048;
    device.texture_pitch_alignment = 1024;
    for (const auto key : {NvSciBufGeneralAttrKey_GpuId, NvSciBufGeneralAttrKey_VidMem_GpuId}) {
        const List list = result_of(image(kPitch).with(key, gpu(0)));
        EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlanePitch), (Words{1024, 1024}));
        EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneBaseAddrAlign), (Words{2048, 2048}));
    }
    device.texture_alignment = address;
    device.texture_pitch_alignment = pitch;
}

// The library remembers the answers of a device, so every test uses its own shapes.
class ArrayProbeTest : public ImagePlacementTest {
  protected:
    void SetUp() override {
        ImagePlacementTest::SetUp();
        if (!TestDevice::instance().device().supports_deferred_arrays) GTEST_SKIP() << "the driver cannot be asked";
        g_calls = 0;
    }
    static driver::EntryPoints& call() { return driver::instance_for_testing()->call; }
    static Attributes asked(std::uint32_t width) {
        return plane_image(kBlock, {{NvSciColor_Y8, width, 64}, {NvSciColor_V8U8, width, 32}})
            .with(NvSciBufGeneralAttrKey_GpuId, gpu(0));
    }
    static inline int g_calls = 0;
    static inline decltype(driver::EntryPoints::cuArray3DCreate) g_create = nullptr;  // with the hooks that count
    static cu::CUresult larger(cu::CUDA_ARRAY_MEMORY_REQUIREMENTS* needs, cu::CUarray array, cu::CUdevice device) {
        ++g_calls;
        const auto result = DriverHooks::instance().real().cuArrayGetMemoryRequirements(needs, array, device);
        needs->size += 1 << 20;
        needs->alignment = 1 << 18;
        return result;
    }
    static cu::CUresult fails(cu::CUDA_ARRAY_MEMORY_REQUIREMENTS*, cu::CUarray, cu::CUdevice) {
        ++g_calls;
        return cu::CUDA_ERROR_UNKNOWN;
    }
    static cu::CUresult no_array(cu::CUarray*, const cu::CUDA_ARRAY3D_DESCRIPTOR*) {
        ++g_calls;
        return cu::CUDA_ERROR_OUT_OF_MEMORY;
    }
    static cu::CUresult refuses_pairs(cu::CUarray* array, const cu::CUDA_ARRAY3D_DESCRIPTOR* descriptor) {
        if (descriptor->NumChannels == 2) return cu::CUDA_ERROR_INVALID_VALUE;
        return g_create(array, descriptor);
    }
    static Longs sizes(NvSciBufAttrList list) {
        return get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneAlignedSize);
    }
};

TEST_F(ArrayProbeTest, ALargerAnswerOfTheDriverIsUsedAndRemembered) {
    {
        const Replaced replaced(call().cuArrayGetMemoryRequirements, larger);
        const List list = result_of(asked(1001));
        EXPECT_EQ(sizes(list), (Longs{1310720, 1310720})) << "one MiB more than 65536, in whole 256 KiB";
        EXPECT_EQ(get<std::uint32_t>(list, NvSciBufImageAttrKey_PlaneBaseAddrAlign), (Words{1 << 18, 1 << 18}));
        EXPECT_EQ(get<std::uint64_t>(list, NvSciBufImageAttrKey_PlaneOffset), (Longs{0, 1310720}));
        EXPECT_EQ(get<std::uint64_t>(list, NvSciBufImageAttrKey_Size), Longs{2621440});
        EXPECT_EQ(g_calls, 2);
    }
    EXPECT_EQ(sizes(result_of(asked(1001))), (Longs{1310720, 1310720}));
    EXPECT_EQ(sizes(result_of(asked(1002))), (Longs{65536, 65536}));
}

TEST_F(ArrayProbeTest, WithoutAGpuTheDriverIsNotAsked) {
    const Replaced replaced(call().cuArrayGetMemoryRequirements, larger);
    EXPECT_EQ(sizes(result_of(asked(1003).without(NvSciBufGeneralAttrKey_GpuId))), (Longs{65536, 65536}));
    EXPECT_EQ(sizes(result_of(asked(1003).with(NvSciBufImageAttrKey_Layout, kPitch))), (Longs{65536, 65536}));
    EXPECT_EQ(g_calls, 0);
}

TEST_F(ArrayProbeTest, ADriverThatCannotAnswerLeavesItToTheFormula) {
    {
        const Replaced replaced(call().cuArrayGetMemoryRequirements, fails);
        EXPECT_EQ(sizes(result_of(asked(1005))), (Longs{65536, 65536}));
        EXPECT_EQ(g_calls, 2);
    }
    {
        const Replaced replaced(call().cuArray3DCreate, no_array);
        EXPECT_EQ(sizes(result_of(asked(1005))), (Longs{65536, 65536})) << "a failure is not remembered";
        EXPECT_EQ(g_calls, 4);
    }
    const Replaced replaced(call().cuArrayGetMemoryRequirements, larger);
    EXPECT_GT(sizes(result_of(asked(1005)))[0], 1U << 20);
}

TEST_F(ArrayProbeTest, AShapeThatTheDeviceRefusesIsNotSupported) {
    {
        g_create = call().cuArray3DCreate;
        const Replaced replaced(call().cuArray3DCreate, refuses_pairs);
        expect_refused({asked(1006)}, kNotSupported, {"NvSciBufImageAttrKey_Size", "plane 1", "1006 x 32"});
    }
    EXPECT_EQ(reconcile({asked(1006).list(module_)}).code, kSuccess) << "a refusal is not remembered";
}

TEST_F(ArrayProbeTest, AShapeBeyondTheDeviceIsNotSupported) {
    const Attributes wide = plane_image(kBlock, {{NvSciColor_Y8, 1, 1}, {NvSciColor_Y8, 1U << 24, 1}});
    expect_refused({wide.with(NvSciBufGeneralAttrKey_GpuId, gpu(0))}, kNotSupported, {"plane 1", "16777216 x 1"});
    EXPECT_EQ(reconcile({wide.list(module_)}).code, kSuccess) << "no GPU, no limit";
}

TEST_F(ArrayProbeTest, EveryLevelOfAPyramidIsAsked) {
    const Replaced replaced(call().cuArrayGetMemoryRequirements, larger);
    const List list = result_of(plane_image(kBlock, {{NvSciColor_Y8, 1007, 64}})
                                    .with(NvSciBufGeneralAttrKey_Types, NvSciBufType_Pyramid)
                                    .with(NvSciBufGeneralAttrKey_GpuId, gpu(0))
                                    .with(NvSciBufPyramidAttrKey_NumLevels, 3U)
                                    .with(NvSciBufPyramidAttrKey_Scale, 0.5F));
    EXPECT_EQ(g_calls, 3);
    EXPECT_EQ(get<std::uint64_t>(list, NvSciBufPyramidAttrKey_LevelOffset), (Longs{0, 1310720, 2621440}));
}

}  // namespace
}  // namespace opennvsci::test
