// SPDX-License-Identifier: Apache-2.0
#include "driver/stream_event.h"

namespace opennvsci::driver {

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

CUresult StreamEvent::query() const noexcept {
    if (!context_->is_alive()) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
    const PushedContext pushed(*context_);
    if (pushed.result() != CUDA_SUCCESS) return pushed.result();
    const RelaxedCapture relaxed(context_->driver());
    return context_->driver().call.cuEventQuery(event_);
}

}  // namespace opennvsci::driver
