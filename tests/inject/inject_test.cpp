// SPDX-License-Identifier: Apache-2.0
//
// Failure paths: the whole way of a buffer, with a failure at the n-th driver call, system call or heap allocation, for
// n = 1, 2, … until none is hit. Each failure must come back as a documented code with a text, and leave nothing
// behind.
#include "api/nvscicuda_abi.h"
#include "buf_objects.h"
#include "device.h"
#include "failure_walk.h"
#include "this_program.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

constexpr std::uint64_t kSize = 100000;

/// A buffer of bytes or a block-linear image, with the CPU or without: that decides the memory.
struct Way {
    bool is_image;
    bool with_cpu;
};

/// Everything on the way of a buffer, freed in the opposite order, by calls that may be failed too.
class BufferWay {
  public:
    BufferWay(const TestDevice& device, const Way& way)
        : cuda_(device.driver().call), gpu_(device.gpu_id()), way_(way) {}
    BufferWay(const BufferWay&) = delete;
    BufferWay& operator=(const BufferWay&) = delete;
    ~BufferWay() {
        // The array is the program's to destroy: when the failure hits that call, it is called again.
        if (array_ != nullptr && cuda_.cuMipmappedArrayDestroy(array_) != CUDA_SUCCESS) {
            cuda_.cuMipmappedArrayDestroy(array_);
        }
        // So is the free of a mapping, which stays if waiting was not possible.
        for (const CUdeviceptr pointer : {pointer_, read_only_pointer_}) {
            if (pointer != 0 && nvsciCuMemFree(pointer) != CUDA_SUCCESS) nvsciCuMemFree(pointer);
        }
        for (const CUexternalMemory memory : {memory_, read_only_memory_}) {
            if (memory != nullptr) nvsciCuDestroyExternalMemory(memory);
        }
    }

    CallOutcome run() {
        TRY_CALL(make_lists());
        TRY_CALL(reconcile_lists());
        TRY_CALL(make_objects());
        TRY_CALL(import_objects());
        return use_image();
    }

  private:
    CallOutcome make_lists() {
        TRY_CALL(NvSciBufModuleOpen(module_.out()));
        TRY_CALL(NvSciBufAttrListCreate(module_, producer_.out()));
        const NvSciBufType type = way_.is_image ? NvSciBufType_Image : NvSciBufType_RawBuffer;
        TRY_CALL(set(producer_, NvSciBufGeneralAttrKey_Types, type));
        if (way_.is_image) {
            TRY_CALL(describe_image());
        } else {
            TRY_CALL(set(producer_, NvSciBufRawBufferAttrKey_Size, kSize));
        }
        TRY_CALL(set(producer_, NvSciBufGeneralAttrKey_NeedCpuAccess, way_.with_cpu));
        TRY_CALL(opennvsciBufAttrListSetName(producer_, "a producer with a name too long for a small string"));
        TRY_CALL(NvSciBufAttrListCreate(module_, consumer_.out()));
        TRY_CALL(set(consumer_, NvSciBufGeneralAttrKey_Types, type));
        TRY_CALL(set(consumer_, NvSciBufGeneralAttrKey_GpuId, gpu_));
        const NvSciBufAttrValGpuCompression compression{gpu_, NvSciBufCompressionType_GenericCompressible};
        return outcome_of(set(consumer_, NvSciBufGeneralAttrKey_EnableGpuCompression, compression));
    }

    // Another width every time: the driver is asked about each shape once.
    CallOutcome describe_image() {
        static std::uint32_t width = 16;
        TRY_CALL(set(producer_, NvSciBufImageAttrKey_Layout, NvSciBufImage_BlockLinearType));
        TRY_CALL(set(producer_, NvSciBufImageAttrKey_ScanType, NvSciBufScan_ProgressiveType));
        TRY_CALL(set(producer_, NvSciBufImageAttrKey_PlaneCount, std::uint32_t{1}));
        TRY_CALL(set(producer_, NvSciBufImageAttrKey_PlaneColorFormat, {NvSciColor_A8B8G8R8}));
        TRY_CALL(set(producer_, NvSciBufImageAttrKey_PlaneWidth, {++width}));
        return outcome_of(set(producer_, NvSciBufImageAttrKey_PlaneHeight, {kHeight}));
    }

    CallOutcome reconcile_lists() {
        TRY_CALL(NvSciBufAttrListClone(consumer_, clone_.out()));
        NvSciBufAttrList both[] = {producer_, consumer_};
        TRY_CALL(NvSciBufAttrListAppendUnreconciled(both, 2, appended_.out()));
        NvSciBufAttrList all[] = {appended_, clone_};
        NvSciBufAttrList conflict = nullptr;
        TRY_CALL(NvSciBufAttrListReconcile(all, 2, reconciled_.out(), &conflict));
        bool valid = false;
        TRY_CALL(NvSciBufAttrListValidateReconciled(reconciled_, all, 2, &valid));
        const OpenNvSciDecision* decisions = nullptr;
        size_t count = 0;
        TRY_CALL(opennvsciBufAttrListGetDecisions(reconciled_, &decisions, &count));
        const OpenNvSciBufLayout* layout = nullptr;
        return outcome_of(opennvsciBufAttrListGetLayout(reconciled_, &layout));
    }

    CallOutcome make_objects() {
        TRY_CALL(NvSciBufObjAlloc(reconciled_, object_.out()));
        TRY_CALL(NvSciBufObjDup(object_, duplicate_.out()));
        TRY_CALL(NvSciBufObjDupWithReducePerm(object_, NvSciBufAccessPerm_Readonly, read_only_.out()));
        NvSciBufAttrList list = nullptr;
        TRY_CALL(NvSciBufObjGetAttrList(read_only_, &list));
        NvSciBufAttrKeyValuePair pair{NvSciBufRawBufferAttrKey_Size, nullptr, 0};
        return outcome_of(NvSciBufAttrListGetAttrs(list, &pair, 1));
    }

    CallOutcome import_objects() {
        CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
        desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
        const std::uint64_t size = way_.is_image ? 65536 : kSize;
        desc.size = size;
        const CUDA_EXTERNAL_MEMORY_BUFFER_DESC window{0, size, 0, {}};
        desc.handle.nvSciBufObject = object_.get();
        TRY_CALL(nvsciCuImportExternalMemory(&memory_, &desc));
        TRY_CALL(nvsciCuExternalMemoryGetMappedBuffer(&pointer_, memory_, &window));
        desc.handle.nvSciBufObject = read_only_.get();
        TRY_CALL(nvsciCuImportExternalMemory(&read_only_memory_, &desc));
        return outcome_of(nvsciCuExternalMemoryGetMappedBuffer(&read_only_pointer_, read_only_memory_, &window));
    }

    CallOutcome use_image() {
        if (!way_.is_image) return std::nullopt;
        CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC desc{};
        desc.arrayDesc = {16, kHeight, 0, CU_AD_FORMAT_UNSIGNED_INT8, 4, 0};
        desc.numLevels = 1;
        TRY_CALL(nvsciCuExternalMemoryGetMappedMipmappedArray(&array_, memory_, &desc));
        if (!way_.with_cpu) return std::nullopt;
        const NvSciBufRect rect{0, 0, 16, kHeight};
        static unsigned char pixels[std::size_t{16} * 4 * kHeight];
        void* pointers[] = {pixels};
        const std::uint32_t bytes = sizeof(pixels);
        const std::uint32_t pitch = 16 * 4;
        return outcome_of(NvSciBufObjGetPixels(read_only_, &rect, pointers, &bytes, &pitch));
    }

    static constexpr std::uint32_t kHeight = 16;
    const driver::EntryPoints& cuda_;
    const NvSciRmGpuId gpu_;
    const Way way_;
    Module module_;
    List producer_;
    List consumer_;
    List clone_;
    List appended_;
    List reconciled_;
    Object object_;
    Object duplicate_;
    Object read_only_;
    CUexternalMemory memory_ = nullptr;
    CUexternalMemory read_only_memory_ = nullptr;
    CUdeviceptr pointer_ = 0;
    CUdeviceptr read_only_pointer_ = 0;
    CUmipmappedArray array_ = nullptr;
};

class InjectTest : public ::testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(Buffer, InjectTest,
                         ::testing::Values(Way{false, false}, Way{false, true}, Way{true, false}, Way{true, true}),
                         [](const ::testing::TestParamInfo<Way>& parameter) {
                             return std::string(parameter.param.is_image ? "Image" : "Bytes") +
                                    (parameter.param.with_cpu ? "InSystemMemory" : "InVideoMemory");
                         });

TEST_P(InjectTest, EveryFailureOnTheWayIsReportedAndLeavesNothing) {
    const TestDevice& device = TestDevice::current();
    ASSERT_FALSE(BufferWay(device, GetParam()).run());  // what is made once per process is made now
    const long failures = expect_failures_come_back(kEveryPoint, [&](FailurePoint& point) {
        BufferWay way(device, GetParam());
        point.arm();
        // A way that succeeds is freed with the point still ahead: freeing may report it, and must not leak.
        return way.run();
    });
    EXPECT_FALSE(BufferWay(device, GetParam()).run());
    EXPECT_GT(failures, 50);  // the way is long; far fewer would mean that the points are not passed
}

TEST(Driver, ThatCannotBeLoadedSaysSo) {
    const auto driver = driver::Driver::load("libcuda-that-does-not-exist.so");
    ASSERT_FALSE(driver);
    EXPECT_EQ(driver.error().code, kResourceError);
    EXPECT_NE(driver.error().text.find("libcuda-that-does-not-exist.so"), std::string::npos) << driver.error().text;
}

TEST(Driver, ThatIsTooOldNamesTheMissingEntryPoint) {
    const auto driver = driver::Driver::load(built("lib/libold_driver.so").c_str());
    ASSERT_FALSE(driver);
    EXPECT_EQ(driver.error().code, kResourceError);
    EXPECT_NE(driver.error().text.find("too old: it has no cuDriverGetVersion"), std::string::npos)
        << driver.error().text;
}

}  // namespace
}  // namespace opennvsci::test
