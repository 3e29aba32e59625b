// SPDX-License-Identifier: Apache-2.0
//
// Failure paths of NvSciSync: the whole way of an object and its fences, with a failure at the n-th driver call, system
// call or heap allocation, for n = 1, 2, … until none is hit. Each failure must come back as a documented code with a
// text, and leave nothing behind.
#include <optional>

#include "failure_point.h"
#include "leak_check.h"
#include "sync_objects.h"

namespace opennvsci::test {
namespace {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

/// What ended a walk. GoogleTest is kept out, because its allocations would count.
struct SyncFailure {
    bool is_cuda;
    unsigned code;
};

class SyncWalk {
  public:
    SyncWalk(const TestDevice& device, CUstream first, CUstream second, bool with_cpu)
        : device_(device), streams_{first, second}, with_cpu_(with_cpu) {}
    SyncWalk(const SyncWalk&) = delete;
    SyncWalk& operator=(const SyncWalk&) = delete;
    ~SyncWalk() {
        // A wait whose signal failed would wait for ever: the walk that put it there signals once more.
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS signal{};
        signal.params.nvSciSync.fence = &fence;
        while (waits_ahead_ &&
               nvsciCuSignalExternalSemaphoresAsync(&semaphore_, &signal, 1, streams_[0]) != CUDA_SUCCESS) {
        }
        // The heap of the software device may be what fails next, so this too is tried again.
        for (CUstream stream : streams_) {
            while (device_.cuda().cuStreamSynchronize(stream) != CUDA_SUCCESS) {
            }
        }
        if (semaphore_ != nullptr) nvsciCuDestroyExternalSemaphore(semaphore_);
    }

    std::optional<SyncFailure> run() {
        for (const auto step : {&SyncWalk::make_lists, &SyncWalk::make_object, &SyncWalk::use_streams}) {
            if (const auto failure = (this->*step)()) return failure;
        }
        return std::nullopt;
    }

  private:
    static std::optional<SyncFailure> sync_failed(NvSciError code) {
        return code == NvSciError_Success ? std::nullopt : std::optional(SyncFailure{false, code});
    }
    static std::optional<SyncFailure> sync_failed(CUresult code) {
        return code == CUDA_SUCCESS ? std::nullopt : std::optional(SyncFailure{true, code});
    }

#define SYNC_WALK(call)                                             \
    do {                                                            \
        if (const auto failure = sync_failed(call)) return failure; \
    } while (false)

    std::optional<SyncFailure> make_lists() {
        SYNC_WALK(NvSciSyncModuleOpen(module_.out()));
        SYNC_WALK(NvSciSyncCpuWaitContextAlloc(module_, context_.out()));
        SYNC_WALK(NvSciSyncAttrListCreate(module_, signaler_.out()));
        SYNC_WALK(nvsciCuDeviceGetNvSciSyncAttributes(signaler_, device_.device().handle, 1));
        SYNC_WALK(opennvsciSyncAttrListSetName(signaler_, "a signaler with a name too long for a small string"));
        SYNC_WALK(NvSciSyncAttrListCreate(module_, waiter_.out()));
        SYNC_WALK(nvsciCuDeviceGetNvSciSyncAttributes(waiter_, device_.device().handle, 2));
        SYNC_WALK(set(waiter_, NvSciSyncAttrKey_RequireDeterministicFences, true));
        SYNC_WALK(set(waiter_, NvSciSyncAttrKey_NeedCpuAccess, with_cpu_));
        SYNC_WALK(set(waiter_, NvSciSyncAttrKey_WaiterRequireTimestamps, with_cpu_));
        NvSciSyncAttrList both[] = {signaler_, waiter_};
        SYNC_WALK(NvSciSyncAttrListAppendUnreconciled(both, 2, appended_.out()));
        SYNC_WALK(NvSciSyncAttrListClone(appended_, clone_.out()));
        NvSciSyncAttrList all[] = {clone_};
        NvSciSyncAttrList conflict = nullptr;
        SYNC_WALK(NvSciSyncAttrListReconcile(all, 1, reconciled_.out(), &conflict));
        bool valid = false;
        SYNC_WALK(NvSciSyncAttrListValidateReconciled(reconciled_, all, 1, &valid));
        const OpenNvSciDecision* decisions = nullptr;
        size_t count = 0;
        return sync_failed(opennvsciSyncAttrListGetDecisions(reconciled_, &decisions, &count));
    }

    std::optional<SyncFailure> make_object() {
        SYNC_WALK(NvSciSyncObjAlloc(reconciled_, object_.out()));
        SYNC_WALK(NvSciSyncObjDup(object_, duplicate_.out()));
        NvSciSyncAttrList list = nullptr;
        SYNC_WALK(NvSciSyncObjGetAttrList(object_, &list));
        CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC desc{};
        desc.type = CU_EXTERNAL_SEMAPHORE_HANDLE_TYPE_NVSCISYNC;
        desc.handle.nvSciSyncObj = object_.get();
        return sync_failed(nvsciCuImportExternalSemaphore(&semaphore_, &desc));
    }

    std::optional<SyncFailure> use_streams() {
        NvSciSyncFence fence = NvSciSyncFenceInitializer;
        CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS signal{};
        CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS wait{};
        signal.params.nvSciSync.fence = &fence;
        wait.params.nvSciSync.fence = &fence;
        const CUexternalSemaphore twice[] = {semaphore_, semaphore_};
        const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS signals[] = {signal, signal};
        SYNC_WALK(nvsciCuSignalExternalSemaphoresAsync(&semaphore_, &signal, 1, streams_[0]));
        SYNC_WALK(nvsciCuWaitExternalSemaphoresAsync(&semaphore_, &wait, 1, streams_[1]));
        SYNC_WALK(nvsciCuSignalExternalSemaphoresAsync(twice, signals, 2, streams_[1]));
        std::uint64_t id = 0;
        std::uint64_t value = 0;
        SYNC_WALK(NvSciSyncFenceExtractFence(&fence, &id, &value));
        SYNC_WALK(NvSciSyncFenceUpdateFence(object_, id, value + 1, &fence));
        waits_ahead_ = true;
        SYNC_WALK(nvsciCuWaitExternalSemaphoresAsync(&semaphore_, &wait, 1, streams_[1]));  // before its signal
        return sync_failed(nvsciCuSignalExternalSemaphoresAsync(&semaphore_, &signal, 1, streams_[0]));
    }
#undef SYNC_WALK

    const TestDevice& device_;
    const CUstream streams_[2];
    const bool with_cpu_;
    SyncModule module_;
    WaitContext context_;
    SyncList signaler_;
    SyncList waiter_;
    SyncList appended_;
    SyncList clone_;
    SyncList reconciled_;
    SyncObject object_;
    SyncObject duplicate_;
    CUexternalSemaphore semaphore_ = nullptr;
    bool waits_ahead_ = false;
};

bool is_documented_failure(const SyncFailure& failure) {
    if (failure.is_cuda) return failure.code == CUDA_ERROR_OUT_OF_MEMORY || failure.code == CUDA_ERROR_OPERATING_SYSTEM;
    return failure.code == NvSciError_InsufficientMemory || failure.code == NvSciError_ResourceError;
}

class SyncInject : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Memory, SyncInject, ::testing::Bool(), [](const ::testing::TestParamInfo<bool>& parameter) {
    return parameter.param ? "SystemMemory" : "VideoMemory";
});

TEST_P(SyncInject, EveryFailureOnTheWayIsReportedAndLeavesNothing) {
    TestDevice& device = TestDevice::instance();
    device.make_current();
    const auto& cuda = device.cuda();
    hook_system_calls();
    CUstream streams[2] = {};
    for (CUstream& stream : streams)
        ASSERT_EQ(cuda.cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    ASSERT_FALSE(SyncWalk(device, streams[0], streams[1], GetParam()).run());  // once per process is now

    bool hit = true;
    long n = 0;
    long failures = 0;
    while (hit) {
        ++n;
        const LeakCheck check;
        std::optional<SyncFailure> failure;
        {
            SyncWalk walk(device, streams[0], streams[1], GetParam());
            FailurePoint::instance().arm(n);
            failure = walk.run();
            // A walk that succeeded is freed with the point still ahead: freeing may meet it, and must not leak.
        }
        hit = FailurePoint::instance().disarm();
        ASSERT_EQ(check.differences(), "") << "after a failure at point " << n;
        if (!failure) continue;
        ++failures;
        ASSERT_TRUE(is_documented_failure(*failure))
            << (failure->is_cuda ? "CUDA " : "NvSci ") << std::hex << failure->code << " at point " << std::dec << n
            << ": " << opennvsciGetLastErrorText();
        ASSERT_NE(std::string(opennvsciGetLastErrorText()), "");
    }
    EXPECT_GT(failures, 50);
    std::printf("%ld points, %ld failures came back\n", n - 1, failures);
    for (CUstream stream : streams)
        EXPECT_EQ(cuda.cuStreamDestroy(stream), CUDA_SUCCESS);
}

}  // namespace
}  // namespace opennvsci::test
