// SPDX-License-Identifier: Apache-2.0
#include "driver/scoped_context.h"

#include "driver/kept_contexts.h"
#include "driver/standstill.h"

namespace opennvsci::driver {

ScopedContext::ScopedContext(const Driver& driver, const Device& device) noexcept : driver_(driver), device_(device) {
    if (is_device_current()) return;
    const bool is_there = is_primary_there();
    if (!is_there && Standstill::forbids()) {
        result_ = CUDA_ERROR_INVALID_CONTEXT;
        return;
    }
    CUcontext context = nullptr;
    result_ = driver.call.cuDevicePrimaryCtxRetain(&context, device.handle);
    if (result_ != CUDA_SUCCESS) return;
    retained_ = true;
    if (!is_there) keep_primary_context(driver, device);
    result_ = driver.call.cuCtxPushCurrent(context);
    pushed_ = result_ == CUDA_SUCCESS;
}

ScopedContext::~ScopedContext() {
    CUcontext popped = nullptr;
    if (pushed_) driver_.call.cuCtxPopCurrent(&popped);
    if (retained_) driver_.call.cuDevicePrimaryCtxRelease(device_.handle);
}

bool ScopedContext::is_device_current() const noexcept {
    CUcontext context = nullptr;
    CUdevice current = 0;
    return driver_.call.cuCtxGetCurrent(&context) == CUDA_SUCCESS && context != nullptr &&
           driver_.call.cuCtxGetDevice(&current) == CUDA_SUCCESS && current == device_.handle;
}

bool ScopedContext::is_primary_there() const noexcept {
    unsigned flags = 0;
    int is_active = 0;
    return driver_.call.cuDevicePrimaryCtxGetState(device_.handle, &flags, &is_active) == CUDA_SUCCESS &&
           is_active != 0;
}

}  // namespace opennvsci::driver
