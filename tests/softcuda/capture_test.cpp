// SPDX-License-Identifier: Apache-2.0
//
// What calls of programs without kernels do to a capture that is in progress (driver-facts.md F32 and F53).
#include <functional>

#include "support.h"

namespace opennvsci::softcuda_test {
namespace {

class SoftCudaCapture : public SoftCuda {
  protected:
    void SetUp() override {
        SoftCuda::SetUp();
        ASSERT_OK(cuMemAlloc_v2(&memory_, 4096));
        ASSERT_OK(cuMemAllocManaged(&managed_, 4096, CU_MEM_ATTACH_GLOBAL));
        capturing_ = make_stream(CU_STREAM_NON_BLOCKING);
        other_ = make_stream(CU_STREAM_NON_BLOCKING);
    }

    /// Makes the call in a capture; `end` is what the capture ends with.
    void in_capture(const std::function<CUresult()>& call, CUresult result, CUresult end, int line) const {
        CUgraph graph = nullptr;
        ASSERT_OK(cuStreamBeginCapture_v2(capturing_, CU_STREAM_CAPTURE_MODE_GLOBAL));
        EXPECT_EQ(call(), result) << "line " << line;
        EXPECT_EQ(cuStreamEndCapture(capturing_, &graph), end) << "line " << line;
        if (graph != nullptr) {
            EXPECT_OK(cuGraphDestroy(graph));
        }
    }

    CUdeviceptr memory_ = 0;
    CUdeviceptr managed_ = 0;
    CUstream capturing_ = nullptr;
    CUstream other_ = nullptr;
    CUdeviceptr pointer_ = 0;
    std::size_t size_ = 0;
    unsigned number_ = 1;
};

#define EXPECT_FORBIDDEN(call)                                                                                     \
    in_capture([&] { return call; }, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, \
               __LINE__)
#define EXPECT_HARMLESS(call) in_capture([&] { return call; }, CUDA_SUCCESS, CUDA_SUCCESS, __LINE__)

TEST_F(SoftCudaCapture, SomeCallsAreForbidden) {
    EXPECT_FORBIDDEN(cuMemAllocManaged(&pointer_, 16, CU_MEM_ATTACH_GLOBAL));
    EXPECT_FORBIDDEN(cuMemAllocPitch_v2(&pointer_, &size_, 100, 8, 4));
    EXPECT_FORBIDDEN(cuPointerSetAttribute(&number_, CU_POINTER_ATTRIBUTE_SYNC_MEMOPS, memory_));
    EXPECT_FORBIDDEN(cuCtxSetLimit(CU_LIMIT_STACK_SIZE, 2048));
    EXPECT_FORBIDDEN(cuCtxSetCacheConfig(CU_FUNC_CACHE_PREFER_L1));
    EXPECT_FORBIDDEN(cuMemAdvise(managed_, 4096, CU_MEM_ADVISE_SET_READ_MOSTLY, 0));
    EXPECT_FORBIDDEN(cuStreamAttachMemAsync(other_, managed_, 0, CU_MEM_ATTACH_GLOBAL));
    EXPECT_FORBIDDEN(cuStreamGetFlags(capturing_, &number_));
}

TEST_F(SoftCudaCapture, OthersAreNot) {
    CUfunc_cache cache{};
    int priority = 0;
    EXPECT_HARMLESS(cuPointerGetAttribute(&number_, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, memory_));
    EXPECT_HARMLESS(cuMemGetAddressRange_v2(&pointer_, &size_, memory_));
    EXPECT_HARMLESS(cuMemHostGetFlags(&number_, reinterpret_cast<void*>(managed_)));
    EXPECT_HARMLESS(cuMemsetD2D8_v2(memory_, 64, 1, 16, 4));
    EXPECT_HARMLESS(cuMemcpy(memory_, memory_ + 64, 16));
    EXPECT_HARMLESS(cuMemcpyPeer(memory_, context_, memory_ + 64, context_, 16));
    EXPECT_HARMLESS(cuCtxGetLimit(&size_, CU_LIMIT_STACK_SIZE));
    EXPECT_HARMLESS(cuCtxGetFlags(&number_));
    EXPECT_HARMLESS(cuCtxSetFlags(0));
    EXPECT_HARMLESS(cuCtxGetCacheConfig(&cache));
    EXPECT_HARMLESS(cuDevicePrimaryCtxReset_v2(1));
    EXPECT_HARMLESS(cuStreamGetFlags(other_, &number_));
    EXPECT_HARMLESS(cuStreamGetPriority(capturing_, &priority));
    EXPECT_HARMLESS(cuMemsetD2D8Async(memory_, 64, 1, 16, 4, other_));
    EXPECT_HARMLESS(cuMemPrefetchAsync(managed_, 4096, 0, other_));
}

// Whatever the mode; another context may be waited for.
TEST_F(SoftCudaCapture, WaitingForTheContextIsForbidden) {
    CUcontext other_context = nullptr;
    ASSERT_OK(cuCtxCreate_v2(&other_context, 0, 0));
    EXPECT_HARMLESS(cuCtxSynchronize());
    EXPECT_FORBIDDEN(cuCtxSynchronize_v2(context_));
    EXPECT_OK(cuCtxDestroy_v2(other_context));
    CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_RELAXED;
    ASSERT_OK(cuThreadExchangeStreamCaptureMode(&mode));
    EXPECT_FORBIDDEN(cuCtxSynchronize());
    EXPECT_FORBIDDEN(cuCtxSynchronize_v2(nullptr));
    EXPECT_OK(cuThreadExchangeStreamCaptureMode(&mode));
}

// A capture takes no work here, so what a GPU would capture is refused like the rest.
TEST_F(SoftCudaCapture, WorkOfTheCapturingStreamIsRefused) {
    EXPECT_FORBIDDEN(cuMemPrefetchAsync(managed_, 4096, 0, capturing_));
    EXPECT_FORBIDDEN(cuMemcpyPeerAsync(memory_, context_, memory_ + 64, context_, 16, capturing_));
    EXPECT_FORBIDDEN(cuMemsetD2D32Async(memory_, 64, 1, 4, 4, capturing_));
    EXPECT_FORBIDDEN(cuStreamAddCallback(
        capturing_, [](CUstream, CUresult, void*) {}, nullptr, 0));
}

}  // namespace
}  // namespace opennvsci::softcuda_test
