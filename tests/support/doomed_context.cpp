// SPDX-License-Identifier: Apache-2.0
#include "doomed_context.h"

#include "own_process.h"

namespace opennvsci::test {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

DoomedContext::DoomedContext() {
    const auto& cuda = device_.cuda();
    device_.make_current();
    gate_.emplace(cuda);
    EXPECT_EQ(cuda.cuCtxCreate(&context_, 0, device_.device().handle), CUDA_SUCCESS);
    EXPECT_EQ(cuda.cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    if (!device_.driver().is_software) {
        store_kernel_ = device_.load_store_kernel();
        // Launched once now: a first launch behind a stream that waits would load the kernel, and wait for the stream.
        CUdeviceptr word = 0;
        unsigned value = 0;
        EXPECT_EQ(cuda.cuMemAlloc(&word, sizeof(value)), CUDA_SUCCESS);
        void* parameters[] = {&word, &value};
        EXPECT_EQ(cuda.cuLaunchKernel(store_kernel_, 1, 1, 1, 1, 1, 1, 0, stream_, parameters, nullptr), CUDA_SUCCESS);
        EXPECT_EQ(cuda.cuStreamSynchronize(stream_), CUDA_SUCCESS);
    }
    device_.make_current();
}

DoomedContext::~DoomedContext() {
    if (::testing::Test::HasFailure()) end_new_process();  // a stream that goes on for ever cannot be waited for
    if (!is_over_) lose();
    if (destroys_.joinable()) destroys_.join();
    device_.make_current();
}

void DoomedContext::hold() {
    gate_->hold(stream_);
    if (store_kernel_ == nullptr) return;
    CUcontext current = nullptr;
    CUdeviceptr nowhere = CUdeviceptr{1} << 44;
    unsigned value = 1;
    void* parameters[] = {&nowhere, &value};
    const auto& cuda = device_.cuda();
    EXPECT_EQ(cuda.cuCtxPushCurrent(context_), CUDA_SUCCESS);
    EXPECT_EQ(cuda.cuLaunchKernel(store_kernel_, 1, 1, 1, 1, 1, 1, 0, stream_, parameters, nullptr), CUDA_SUCCESS);
    EXPECT_EQ(cuda.cuCtxPopCurrent(&current), CUDA_SUCCESS);
}

bool DoomedContext::exists() const {
    unsigned long long id = 0;
    return device_.cuda().cuCtxGetId(context_, &id) == CUDA_SUCCESS;
}

void DoomedContext::lose() {
    is_over_ = true;
    const auto& cuda = device_.cuda();
    if (store_kernel_ != nullptr) {
        gate_->open();
        while (cuda.cuStreamQuery(stream_) == CUDA_ERROR_NOT_READY)
            std::this_thread::yield();
        return;
    }
    // The driver no longer knows the context at once, but waits for what its streams wait for in others: so in a
    // thread.
    destroys_ = std::thread([this] { EXPECT_EQ(device_.cuda().cuCtxDestroy(context_), CUDA_SUCCESS); });
    while (exists())
        std::this_thread::yield();
}

void DoomedContext::destroy() {
    is_over_ = true;
    EXPECT_EQ(device_.cuda().cuCtxDestroy(context_), CUDA_SUCCESS);
    device_.make_current();
}

}  // namespace opennvsci::test
