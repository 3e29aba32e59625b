// SPDX-License-Identifier: Apache-2.0
//
// Failure paths: the whole way of a buffer, with a failure at the n-th driver call, system call or heap allocation, for
// n = 1, 2, … until none is hit. Each failure must come back as a documented code with a text, and leave nothing
// behind.
#include <optional>

#include "api/nvscicuda_abi.h"
#include "base/os.h"
#include "device.h"
#include "driver/driver.h"
#include "failure_point.h"
#include "leak_check.h"
#include "buf_objects.h"
#include "opennvsci.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

constexpr std::uint64_t kSize = 100000;

/// A buffer of bytes or a block-linear image, with the CPU or without: that decides the memory.
struct Way {
    bool is_image;
    bool with_cpu;
};

/// What ended a walk: the code of the failing call. GoogleTest is kept out, because its allocations would count.
struct Failure {
    bool is_cuda;
    unsigned code;
};

/// Everything that one walk makes, freed in the opposite order, by calls that may be failed too.
class Walk {
  public:
    Walk(const TestDevice& device, const Way& way) : cuda_(device.driver().call), gpu_(device.gpu_id()), way_(way) {}
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;
    ~Walk() {
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

    std::optional<Failure> run() {
        for (const auto step : {&Walk::make_lists, &Walk::reconcile_lists, &Walk::make_objects, &Walk::import_objects,
                                &Walk::use_image}) {
            if (const auto failure = (this->*step)()) return failure;
        }
        return std::nullopt;
    }

  private:
    static std::optional<Failure> failed(NvSciError code) {
        return code == kSuccess ? std::nullopt : std::optional(Failure{false, code});
    }
    static std::optional<Failure> failed(CUresult code) {
        return code == CUDA_SUCCESS ? std::nullopt : std::optional(Failure{true, code});
    }

#define WALK(call)                                             \
    do {                                                       \
        if (const auto failure = failed(call)) return failure; \
    } while (false)

    std::optional<Failure> make_lists() {
        WALK(NvSciBufModuleOpen(module_.out()));
        WALK(NvSciBufAttrListCreate(module_, producer_.out()));
        const NvSciBufType type = way_.is_image ? NvSciBufType_Image : NvSciBufType_RawBuffer;
        WALK(set(producer_, NvSciBufGeneralAttrKey_Types, type));
        if (way_.is_image) {
            if (const auto failure = describe_image()) return failure;
        } else {
            WALK(set(producer_, NvSciBufRawBufferAttrKey_Size, kSize));
        }
        WALK(set(producer_, NvSciBufGeneralAttrKey_NeedCpuAccess, way_.with_cpu));
        WALK(opennvsciAttrListSetName(producer_, "a producer with a name too long for a small string"));
        WALK(NvSciBufAttrListCreate(module_, consumer_.out()));
        WALK(set(consumer_, NvSciBufGeneralAttrKey_Types, type));
        WALK(set(consumer_, NvSciBufGeneralAttrKey_GpuId, gpu_));
        const NvSciBufAttrValGpuCompression compression{gpu_, NvSciBufCompressionType_GenericCompressible};
        return failed(set(consumer_, NvSciBufGeneralAttrKey_EnableGpuCompression, compression));
    }

    // Another width every time: the driver is asked about each shape once.
    std::optional<Failure> describe_image() {
        static std::uint32_t width = 16;
        WALK(set(producer_, NvSciBufImageAttrKey_Layout, NvSciBufImage_BlockLinearType));
        WALK(set(producer_, NvSciBufImageAttrKey_ScanType, NvSciBufScan_ProgressiveType));
        WALK(set(producer_, NvSciBufImageAttrKey_PlaneCount, std::uint32_t{1}));
        WALK(set(producer_, NvSciBufImageAttrKey_PlaneColorFormat, {NvSciColor_A8B8G8R8}));
        WALK(set(producer_, NvSciBufImageAttrKey_PlaneWidth, {++width}));
        return failed(set(producer_, NvSciBufImageAttrKey_PlaneHeight, {kHeight}));
    }

    std::optional<Failure> reconcile_lists() {
        WALK(NvSciBufAttrListClone(consumer_, clone_.out()));
        NvSciBufAttrList both[] = {producer_, consumer_};
        WALK(NvSciBufAttrListAppendUnreconciled(both, 2, appended_.out()));
        NvSciBufAttrList all[] = {appended_, clone_};
        NvSciBufAttrList conflict = nullptr;
        WALK(NvSciBufAttrListReconcile(all, 2, reconciled_.out(), &conflict));
        bool valid = false;
        WALK(NvSciBufAttrListValidateReconciled(reconciled_, all, 2, &valid));
        const OpenNvSciDecision* decisions = nullptr;
        size_t count = 0;
        return failed(opennvsciAttrListGetDecisions(reconciled_, &decisions, &count));
    }

    std::optional<Failure> make_objects() {
        WALK(NvSciBufObjAlloc(reconciled_, object_.out()));
        WALK(NvSciBufObjDup(object_, duplicate_.out()));
        WALK(NvSciBufObjDupWithReducePerm(object_, NvSciBufAccessPerm_Readonly, read_only_.out()));
        NvSciBufAttrList list = nullptr;
        WALK(NvSciBufObjGetAttrList(read_only_, &list));
        NvSciBufAttrKeyValuePair pair{NvSciBufRawBufferAttrKey_Size, nullptr, 0};
        return failed(NvSciBufAttrListGetAttrs(list, &pair, 1));
    }

    std::optional<Failure> import_objects() {
        CUDA_EXTERNAL_MEMORY_HANDLE_DESC desc{};
        desc.type = CU_EXTERNAL_MEMORY_HANDLE_TYPE_NVSCIBUF;
        const std::uint64_t size = way_.is_image ? 65536 : kSize;
        desc.size = size;
        const CUDA_EXTERNAL_MEMORY_BUFFER_DESC window{0, size, 0, {}};
        desc.handle.nvSciBufObject = object_.get();
        WALK(nvsciCuImportExternalMemory(&memory_, &desc));
        WALK(nvsciCuExternalMemoryGetMappedBuffer(&pointer_, memory_, &window));
        desc.handle.nvSciBufObject = read_only_.get();
        WALK(nvsciCuImportExternalMemory(&read_only_memory_, &desc));
        return failed(nvsciCuExternalMemoryGetMappedBuffer(&read_only_pointer_, read_only_memory_, &window));
    }

    std::optional<Failure> use_image() {
        if (!way_.is_image) return std::nullopt;
        CUDA_EXTERNAL_MEMORY_MIPMAPPED_ARRAY_DESC desc{};
        desc.arrayDesc = {16, kHeight, 0, CU_AD_FORMAT_UNSIGNED_INT8, 4, 0};
        desc.numLevels = 1;
        WALK(nvsciCuExternalMemoryGetMappedMipmappedArray(&array_, memory_, &desc));
        if (!way_.with_cpu) return std::nullopt;
        const NvSciBufRect rect{0, 0, 16, kHeight};
        static unsigned char pixels[std::size_t{16} * 4 * kHeight];
        void* pointers[] = {pixels};
        const std::uint32_t bytes = sizeof(pixels);
        const std::uint32_t pitch = 16 * 4;
        return failed(NvSciBufObjGetPixels(read_only_, &rect, pointers, &bytes, &pitch));
    }
#undef WALK

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

bool is_documented(const Failure& failure) {
    if (failure.is_cuda) return failure.code == CUDA_ERROR_OUT_OF_MEMORY || failure.code == CUDA_ERROR_OPERATING_SYSTEM;
    return failure.code == kInsufficientMemory || failure.code == kResourceError;
}

class InjectTest : public ::testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(Buffer, InjectTest,
                         ::testing::Values(Way{false, false}, Way{false, true}, Way{true, false}, Way{true, true}),
                         [](const ::testing::TestParamInfo<Way>& parameter) {
                             return std::string(parameter.param.is_image ? "Image" : "Bytes") +
                                    (parameter.param.with_cpu ? "InSystemMemory" : "InVideoMemory");
                         });

TEST_P(InjectTest, EveryFailureOnTheWayIsReportedAndLeavesNothing) {
    TestDevice& device = TestDevice::instance();
    device.make_current();
    hook_system_calls();
    ASSERT_FALSE(Walk(device, GetParam()).run());  // what is made once per process is made now

    bool hit = true;
    long n = 0;
    long failures = 0;
    while (hit) {
        ++n;
        const LeakCheck check;
        std::optional<Failure> failure;
        {
            Walk walk(device, GetParam());
            FailurePoint::instance().arm(n);
            failure = walk.run();
            // A walk that succeeded is freed with the point still ahead: freeing may report it, and must not leak.
        }
        hit = FailurePoint::instance().disarm();
        ASSERT_EQ(check.differences(), "") << "after a failure at point " << n;
        if (!failure) continue;
        ++failures;
        ASSERT_TRUE(is_documented(*failure)) << (failure->is_cuda ? "CUDA " : "NvSci ") << std::hex << failure->code
                                             << " at point " << std::dec << n << ": " << opennvsciGetLastErrorText();
        ASSERT_NE(std::string(opennvsciGetLastErrorText()), "");
    }
    EXPECT_FALSE(Walk(device, GetParam()).run());
    EXPECT_GT(failures, 50);  // the way is long; far fewer would mean that the points are not passed
    std::printf("%ld points, %ld failures came back\n", n - 1, failures);
}

TEST(Driver, ThatCannotBeLoadedSaysSo) {
    const auto driver = driver::Driver::load("libcuda-that-does-not-exist.so");
    ASSERT_FALSE(driver);
    EXPECT_EQ(driver.error().code, kResourceError);
    EXPECT_NE(driver.error().text.find("libcuda-that-does-not-exist.so"), std::string::npos) << driver.error().text;
}

TEST(Driver, ThatIsTooOldNamesTheMissingEntryPoint) {
    const auto driver = driver::Driver::load(OPENNVSCI_OLD_DRIVER);
    ASSERT_FALSE(driver);
    EXPECT_EQ(driver.error().code, kResourceError);
    EXPECT_NE(driver.error().text.find("too old: it has no cuDriverGetVersion"), std::string::npos)
        << driver.error().text;
}

}  // namespace
}  // namespace opennvsci::test
