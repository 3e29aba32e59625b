// SPDX-License-Identifier: Apache-2.0
#include "driver/stream_event.h"

namespace opennvsci::driver {
namespace {

// The errors after which a context takes no more work. Source: CUDA 13.0 <cuda.h>, "leaves the process in an
// inconsistent state", and those of hardware that is gone. Any other says nothing about the work.
bool ends_context(CUresult result) {
    switch (result) {
        case CUDA_ERROR_DEVICE_UNAVAILABLE:
        case CUDA_ERROR_ECC_UNCORRECTABLE:
        case CUDA_ERROR_NVLINK_UNCORRECTABLE:
        case CUDA_ERROR_CONTAINED:
        case CUDA_ERROR_ILLEGAL_ADDRESS:
        case CUDA_ERROR_LAUNCH_TIMEOUT:
        case CUDA_ERROR_CONTEXT_IS_DESTROYED:
        case CUDA_ERROR_ASSERT:
        case CUDA_ERROR_HARDWARE_STACK_ERROR:
        case CUDA_ERROR_ILLEGAL_INSTRUCTION:
        case CUDA_ERROR_MISALIGNED_ADDRESS:
        case CUDA_ERROR_INVALID_ADDRESS_SPACE:
        case CUDA_ERROR_INVALID_PC:
        case CUDA_ERROR_LAUNCH_FAILED:
        case CUDA_ERROR_EXTERNAL_DEVICE:
        case CUDA_ERROR_UNKNOWN:
            return true;
        default:
            return false;
    }
}

}  // namespace

Result<StreamEvent> StreamEvent::create(const ContextWatch* context) {
    const Driver& driver = context->driver();
    const PushedContext pushed(*context);
    if (pushed.result() != CUDA_SUCCESS) return driver.error(pushed.result(), "cuCtxPushCurrent");
    const RelaxedCapture relaxed(driver);
    CUevent event = nullptr;
    const CUresult result = driver.call.cuEventCreate(&event, CU_EVENT_DISABLE_TIMING);
    if (result != CUDA_SUCCESS) return driver.error(result, "cuEventCreate");
    return StreamEvent(context, event);
}

StreamEvent::~StreamEvent() {
    if (event_ != nullptr && context_->is_alive()) context_->driver().call.cuEventDestroy(event_);
}

Progress StreamEvent::progress() const noexcept {
    using State = Progress::State;
    if (!context_->is_alive()) return {State::lost, CUDA_ERROR_CONTEXT_IS_DESTROYED};
    const PushedContext pushed(*context_);
    CUresult result = pushed.result();
    if (result == CUDA_SUCCESS) {
        const RelaxedCapture relaxed(context_->driver());
        result = context_->driver().call.cuEventQuery(event_);
    }
    if (result == CUDA_SUCCESS) return {State::done, result};
    if (result == CUDA_ERROR_NOT_READY) return {State::running, result};
    return {ends_context(result) ? State::lost : State::unknown, result};
}

}  // namespace opennvsci::driver
