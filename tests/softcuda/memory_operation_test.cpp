// SPDX-License-Identifier: Apache-2.0
//
// Stream memory operations and stream capture.
#include <chrono>
#include <thread>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

class MemoryOperation : public SoftCuda {
  protected:
    void SetUp() override {
        SoftCuda::SetUp();
        ASSERT_OK(cuMemAlloc_v2(&word_, 64));
        ASSERT_OK(cuMemsetD8_v2(word_, 0, 64));
        stream_ = make_stream(CU_STREAM_NON_BLOCKING);
    }
    void TearDown() override {
        EXPECT_OK(cuStreamDestroy_v2(stream_));
        EXPECT_OK(cuMemFree_v2(word_));
        SoftCuda::TearDown();
    }
    [[nodiscard]] bool pending() const { return cuStreamQuery(stream_) == CUDA_ERROR_NOT_READY; }
    void write64(std::uint64_t value) const {
        __atomic_store_n(reinterpret_cast<std::uint64_t*>(word_), value, __ATOMIC_SEQ_CST);
    }
    static void give_time() { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }

    CUdeviceptr word_ = 0;
    CUstream stream_ = nullptr;
};

// Each condition holds for one value and does not for the other; GEQ also just behind the wrap-around.
TEST_F(MemoryOperation, EveryConditionWaitsForItsValue) {
    struct Row {
        unsigned condition;
        std::uint64_t value;
        std::uint64_t not_yet;
        std::uint64_t holds;
    };
    constexpr std::uint64_t kAll = ~std::uint64_t{0};
    const Row rows[] = {
        {CU_STREAM_WAIT_VALUE_GEQ, 5, 4, 5},           {CU_STREAM_WAIT_VALUE_GEQ, 5, 4, 6},
        {CU_STREAM_WAIT_VALUE_GEQ, kAll, kAll - 1, 3}, {CU_STREAM_WAIT_VALUE_EQ, 5, 6, 5},
        {CU_STREAM_WAIT_VALUE_AND, 6, 9, 4},           {CU_STREAM_WAIT_VALUE_NOR, kAll - 1, kAll, kAll - 1},
    };
    for (const Row& row : rows) {
        write64(row.not_yet);
        EXPECT_OK(cuStreamWaitValue64_v2(stream_, word_, row.value, row.condition));
        give_time();
        EXPECT_TRUE(pending()) << row.condition;
        write64(row.holds);
        EXPECT_OK(cuStreamSynchronize(stream_));
    }
}

TEST_F(MemoryOperation, ThirtyTwoBitsCompareCyclically) {
    EXPECT_OK(cuStreamWriteValue32_v2(stream_, word_, 0xFFFFFFFFU, 0));
    EXPECT_OK(cuStreamWriteValue32_v2(stream_, word_ + 4, 7, 0));
    EXPECT_OK(cuStreamWaitValue32_v2(stream_, word_, 0xFFFFFFF0U, CU_STREAM_WAIT_VALUE_GEQ));
    EXPECT_OK(cuStreamSynchronize(stream_));
    std::uint32_t words[2] = {};
    EXPECT_OK(cuMemcpyDtoH_v2(words, word_, sizeof(words)));
    EXPECT_EQ(words[0], 0xFFFFFFFFU);
    EXPECT_EQ(words[1], 7U);
    EXPECT_OK(cuStreamWaitValue32_v2(stream_, word_, 2, CU_STREAM_WAIT_VALUE_GEQ));
    give_time();
    EXPECT_TRUE(pending());
    const CUstream other = make_stream(CU_STREAM_NON_BLOCKING);
    EXPECT_OK(cuStreamWriteValue32_v2(other, word_, 2, 0));
    EXPECT_OK(cuStreamSynchronize(stream_));
    EXPECT_OK(cuStreamDestroy_v2(other));
}

TEST_F(MemoryOperation, OneStreamWaitsForTheOther) {
    const CUstream other = make_stream(CU_STREAM_NON_BLOCKING);
    constexpr std::uint64_t kRounds = 200;
    for (std::uint64_t i = 1; i <= kRounds; ++i) {
        EXPECT_OK(cuStreamWaitValue64_v2(other, word_, i, 0));
        EXPECT_OK(cuStreamWriteValue64_v2(other, word_ + 8, i, 0));
        EXPECT_OK(cuStreamWriteValue64_v2(stream_, word_, i, 0));
        EXPECT_OK(cuStreamWaitValue64_v2(stream_, word_ + 8, i, 0));
    }
    EXPECT_OK(cuStreamSynchronize(stream_));
    EXPECT_OK(cuStreamDestroy_v2(other));
}

TEST_F(MemoryOperation, BatchRunsInOrder) {
    CUstreamBatchMemOpParams operations[3] = {};
    operations[0].writeValue = {CU_STREAM_MEM_OP_WRITE_VALUE_64, word_, {}, 0, 0};
    operations[0].writeValue.value64 = 9;
    operations[1].memoryBarrier = {CU_STREAM_MEM_OP_BARRIER, 0};
    operations[2].waitValue = {CU_STREAM_MEM_OP_WAIT_VALUE_64, word_, {}, CU_STREAM_WAIT_VALUE_EQ, 0};
    operations[2].waitValue.value64 = 9;
    EXPECT_OK(cuStreamBatchMemOp_v2(stream_, 3, operations, 0));
    EXPECT_OK(cuStreamSynchronize(stream_));

    EXPECT_INVALID(cuStreamBatchMemOp_v2(stream_, 0, operations, 0));
    EXPECT_INVALID(cuStreamBatchMemOp_v2(stream_, 256, operations, 0));
    EXPECT_INVALID(cuStreamBatchMemOp_v2(stream_, 3, nullptr, 0));
    EXPECT_INVALID(cuStreamBatchMemOp_v2(stream_, 3, operations, 1));
    operations[1].operation = CU_STREAM_MEM_OP_FLUSH_REMOTE_WRITES;
    EXPECT_EQ(cuStreamBatchMemOp_v2(stream_, 3, operations, 0), CUDA_ERROR_NOT_SUPPORTED);
}

TEST_F(MemoryOperation, BadArgumentsAreRefused) {
    EXPECT_INVALID(cuStreamWriteValue64_v2(stream_, word_ + 4, 1, 0));  // not aligned
    EXPECT_INVALID(cuStreamWriteValue64_v2(stream_, 8, 1, 0));          // not the device's
    EXPECT_INVALID(cuStreamWriteValue64_v2(stream_, word_, 1, 1));      // NO_MEMORY_BARRIER: driver-facts.md F5
    EXPECT_INVALID(cuStreamWaitValue64_v2(stream_, word_, 1, 4));
    EXPECT_EQ(cuStreamWaitValue64_v2(stream_, word_, 1, CU_STREAM_WAIT_VALUE_FLUSH), CUDA_ERROR_NOT_SUPPORTED);
    EXPECT_EQ(cuStreamWaitValue64_v2(reinterpret_cast<CUstream>(0x1234), word_, 1, 0), CUDA_ERROR_INVALID_HANDLE);
}

// The wait can never end by itself; destroying the context ends it, and what stood behind it does not run.
TEST_F(MemoryOperation, DestroyingTheContextGivesUpItsWaits) {
    CUcontext context = nullptr;
    ASSERT_OK(cuCtxCreate_v2(&context, 0, 0));
    const CUstream stream = make_stream(CU_STREAM_NON_BLOCKING);
    bool ran = false;
    EXPECT_OK(cuStreamWaitValue64_v2(stream, word_, 1, 0));
    // Not on_stream(): what it allocates goes when the function has run, and this one never does.
    EXPECT_OK(cuLaunchHostFunc(
        stream, [](void* flag) { *static_cast<bool*>(flag) = true; }, &ran));
    give_time();
    EXPECT_OK(cuCtxDestroy_v2(context));
    EXPECT_FALSE(ran);
    EXPECT_EQ(cuStreamWaitValue64_v2(stream, word_, 1, 0), CUDA_ERROR_INVALID_HANDLE);
}

TEST_F(MemoryOperation, StreamsHaveIdsAndContexts) {
    unsigned long long first = 0;
    unsigned long long again = 0;
    unsigned long long second = 0;
    const CUstream other = make_stream();
    EXPECT_OK(cuStreamGetId(stream_, &first));
    EXPECT_OK(cuStreamGetId(stream_, &again));
    EXPECT_OK(cuStreamGetId(other, &second));
    EXPECT_EQ(first, again);
    EXPECT_NE(first, second);
    CUcontext context = nullptr;
    EXPECT_OK(cuStreamGetCtx(stream_, &context));
    EXPECT_EQ(context, context_);
    EXPECT_OK(cuStreamDestroy_v2(other));
}

// As on a GPU (driver-facts.md F32 and F33): what could depend on a capture is forbidden to the thread that captures,
// and in the global mode to every thread, unless it has relaxed its own mode; to synchronise the context is forbidden
// to all.
TEST_F(MemoryOperation, CapturesForbidCallsThatCouldDependOnThem) {
    constexpr CUresult kForbidden = CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    enum class Caller { same_thread, other_thread };
    const auto allocate = [] {
        CUdeviceptr pointer = 0;
        const CUresult result = cuMemAlloc_v2(&pointer, 16);
        return result == CUDA_SUCCESS ? cuMemFree_v2(pointer) : result;
    };
    const auto synchronize = [] { return cuCtxSynchronize(); };
    const auto reserve = [] {
        CUdeviceptr pointer = 0;
        const CUresult result = cuMemAddressReserve(&pointer, 2 << 20, 0, 0, 0);
        return result == CUDA_SUCCESS ? cuMemAddressFree(pointer, 2 << 20) : result;
    };
    // What `call` gives during a capture of `mode`, made by a thread of mode `own`; `undamaged` that the capture lives.
    const auto during = [&](CUstreamCaptureMode mode, CUstreamCaptureMode own, Caller caller, auto&& call) {
        EXPECT_OK(cuStreamBeginCapture_v2(stream_, mode));
        CUresult result = CUDA_SUCCESS;
        const auto run = [&] {
            CUstreamCaptureMode exchanged = own;
            EXPECT_OK(cuCtxSetCurrent(context_));
            EXPECT_OK(cuThreadExchangeStreamCaptureMode(&exchanged));
            result = call();
            EXPECT_OK(cuThreadExchangeStreamCaptureMode(&exchanged));
        };
        caller == Caller::same_thread ? run() : std::thread(run).join();
        CUgraph graph = nullptr;
        const CUresult ended = cuStreamEndCapture(stream_, &graph);
        EXPECT_EQ(ended, result == CUDA_SUCCESS ? CUDA_SUCCESS : CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
        if (graph != nullptr) {
            EXPECT_OK(cuGraphDestroy(graph));
        }
        return result;
    };
    constexpr auto kGlobal = CU_STREAM_CAPTURE_MODE_GLOBAL;
    constexpr auto kLocal = CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
    constexpr auto kRelaxed = CU_STREAM_CAPTURE_MODE_RELAXED;
    for (const Caller caller : {Caller::same_thread, Caller::other_thread}) {
        const bool same = caller == Caller::same_thread;
        EXPECT_EQ(during(kGlobal, kGlobal, caller, allocate), kForbidden);
        EXPECT_EQ(during(kGlobal, kLocal, caller, allocate), same ? kForbidden : CUDA_SUCCESS);
        EXPECT_EQ(during(kGlobal, kRelaxed, caller, allocate), CUDA_SUCCESS);
        EXPECT_EQ(during(kLocal, kGlobal, caller, allocate), same ? kForbidden : CUDA_SUCCESS);
        EXPECT_EQ(during(kLocal, kRelaxed, caller, allocate), CUDA_SUCCESS);
        EXPECT_EQ(during(kRelaxed, kGlobal, caller, allocate), CUDA_SUCCESS);
        EXPECT_EQ(during(kGlobal, kGlobal, caller, reserve), CUDA_SUCCESS);
        for (const auto mode : {kGlobal, kLocal, kRelaxed})
            EXPECT_EQ(during(mode, kRelaxed, caller, synchronize), kForbidden);
    }
    EXPECT_EQ(allocate(), CUDA_SUCCESS);
    EXPECT_EQ(synchronize(), CUDA_SUCCESS);
}

TEST_F(MemoryOperation, CapturingStreamTakesNoWork) {
    CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_ACTIVE;
    CUgraph graph = nullptr;
    EXPECT_OK(cuStreamIsCapturing(stream_, &status));
    EXPECT_EQ(status, CU_STREAM_CAPTURE_STATUS_NONE);
    EXPECT_OK(cuStreamBeginCapture_v2(stream_, CU_STREAM_CAPTURE_MODE_GLOBAL));
    EXPECT_OK(cuStreamIsCapturing(stream_, &status));
    EXPECT_EQ(status, CU_STREAM_CAPTURE_STATUS_ACTIVE);
    EXPECT_OK(cuStreamEndCapture(stream_, &graph));
    EXPECT_OK(cuGraphDestroy(graph));
    EXPECT_EQ(cuGraphDestroy(graph), CUDA_ERROR_INVALID_HANDLE);

    EXPECT_OK(cuStreamBeginCapture_v2(stream_, CU_STREAM_CAPTURE_MODE_RELAXED));
    EXPECT_EQ(cuStreamWriteValue64_v2(stream_, word_, 1, 0), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    EXPECT_OK(cuStreamIsCapturing(stream_, &status));
    EXPECT_EQ(status, CU_STREAM_CAPTURE_STATUS_INVALIDATED);
    EXPECT_EQ(cuStreamEndCapture(stream_, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    EXPECT_EQ(cuStreamEndCapture(stream_, &graph), CUDA_ERROR_ILLEGAL_STATE);

    EXPECT_EQ(cuStreamBeginCapture_v2(nullptr, CU_STREAM_CAPTURE_MODE_GLOBAL), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    const CUstream blocking = make_stream();
    EXPECT_OK(cuStreamBeginCapture_v2(blocking, CU_STREAM_CAPTURE_MODE_GLOBAL));
    EXPECT_EQ(cuStreamIsCapturing(nullptr, &status), CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
    EXPECT_OK(cuStreamEndCapture(blocking, &graph));
    EXPECT_OK(cuGraphDestroy(graph));
    EXPECT_OK(cuStreamDestroy_v2(blocking));
}

}  // namespace
}  // namespace opennvsci::softcuda_test
