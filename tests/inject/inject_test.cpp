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
#include "nvsci.h"
#include "opennvsci.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

constexpr std::uint64_t kSize = 100000;

/// What ended a walk: the code of the failing call. GoogleTest is kept out, because its allocations would count.
struct Failure {
    bool is_cuda;
    unsigned code;
};

/// Everything that one walk makes, freed in the opposite order, by calls that may be failed too.
class Walk {
  public:
    Walk(const TestDevice& device, bool with_cpu) : gpu_(device.gpu_id()), with_cpu_(with_cpu) {}
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;
    ~Walk() {
        for (const CUdeviceptr pointer : {pointer_, read_only_pointer_}) {
            if (pointer != 0) nvsciCuMemFree(pointer);
        }
        for (const CUexternalMemory memory : {memory_, read_only_memory_}) {
            if (memory != nullptr) nvsciCuDestroyExternalMemory(memory);
        }
    }

    std::optional<Failure> run() {
        for (const auto step : {&Walk::make_lists, &Walk::make_objects, &Walk::import_objects}) {
            if (const auto failure = (this->*step)()) return failure;
        }
        return std::nullopt;
    }

  private:
    static std::optional<Failure> failed(NvSciError code) {
        return code == NvSciError_Success ? std::nullopt : std::optional(Failure{false, code});
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
        WALK(set(producer_, NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer));
        WALK(set(producer_, NvSciBufRawBufferAttrKey_Size, kSize));
        WALK(set(producer_, NvSciBufGeneralAttrKey_NeedCpuAccess, with_cpu_));
        WALK(opennvsciAttrListSetName(producer_, "a producer with a name too long for a small string"));
        WALK(NvSciBufAttrListCreate(module_, consumer_.out()));
        WALK(set(consumer_, NvSciBufGeneralAttrKey_Types, NvSciBufType_RawBuffer));
        WALK(set(consumer_, NvSciBufGeneralAttrKey_GpuId, gpu_));
        const NvSciBufAttrValGpuCompression compression{gpu_, NvSciBufCompressionType_GenericCompressible};
        WALK(set(consumer_, NvSciBufGeneralAttrKey_EnableGpuCompression, compression));
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
        desc.size = kSize;
        const CUDA_EXTERNAL_MEMORY_BUFFER_DESC window{0, kSize, 0, {}};
        desc.handle.nvSciBufObject = object_.get();
        WALK(nvsciCuImportExternalMemory(&memory_, &desc));
        WALK(nvsciCuExternalMemoryGetMappedBuffer(&pointer_, memory_, &window));
        desc.handle.nvSciBufObject = read_only_.get();
        WALK(nvsciCuImportExternalMemory(&read_only_memory_, &desc));
        return failed(nvsciCuExternalMemoryGetMappedBuffer(&read_only_pointer_, read_only_memory_, &window));
    }
#undef WALK

    const NvSciRmGpuId gpu_;
    const bool with_cpu_;
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
};

bool is_documented(const Failure& failure) {
    if (failure.is_cuda) return failure.code == CUDA_ERROR_OUT_OF_MEMORY || failure.code == CUDA_ERROR_OPERATING_SYSTEM;
    return failure.code == NvSciError_InsufficientMemory || failure.code == NvSciError_ResourceError;
}

class InjectTest : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Memory, InjectTest, ::testing::Bool(), [](const ::testing::TestParamInfo<bool>& parameter) {
    return parameter.param ? "SystemMemory" : "VideoMemory";
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
    EXPECT_EQ(driver.error().code, NvSciError_ResourceError);
    EXPECT_NE(driver.error().text.find("libcuda-that-does-not-exist.so"), std::string::npos) << driver.error().text;
}

TEST(Driver, ThatIsTooOldNamesTheMissingEntryPoint) {
    const auto driver = driver::Driver::load(OPENNVSCI_OLD_DRIVER);
    ASSERT_FALSE(driver);
    EXPECT_EQ(driver.error().code, NvSciError_ResourceError);
    EXPECT_NE(driver.error().text.find("too old: it has no cuDriverGetVersion"), std::string::npos)
        << driver.error().text;
}

}  // namespace
}  // namespace opennvsci::test
