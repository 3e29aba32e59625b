// SPDX-License-Identifier: Apache-2.0
#include "driver/scoped_context.h"

namespace opennvsci::driver {

ScopedContext::ScopedContext(const Driver& driver, CUcontext context) noexcept : driver_(driver) {
    result_ = driver.call.cuCtxPushCurrent(context);
    pushed_ = result_ == CUDA_SUCCESS;
}

ScopedContext::ScopedContext(const Driver& driver, const Device& device) noexcept : driver_(driver) {
    CUcontext context = nullptr;
    CUdevice current = 0;
    if (driver.call.cuCtxGetCurrent(&context) == CUDA_SUCCESS && context != nullptr &&
        driver.call.cuCtxGetDevice(&current) == CUDA_SUCCESS && current == device.handle) {
        return;
    }
    result_ = driver.call.cuDevicePrimaryCtxRetain(&context, device.handle);
    if (result_ != CUDA_SUCCESS) return;
    retained_ = &device;
    result_ = driver.call.cuCtxPushCurrent(context);
    pushed_ = result_ == CUDA_SUCCESS;
}

ScopedContext::~ScopedContext() {
    CUcontext popped = nullptr;
    if (pushed_) driver_.call.cuCtxPopCurrent(&popped);
    if (retained_ != nullptr) driver_.call.cuDevicePrimaryCtxRelease(retained_->handle);
}

}  // namespace opennvsci::driver
