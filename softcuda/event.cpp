// SPDX-License-Identifier: Apache-2.0
#include "softcuda/event.h"

#include <chrono>
#include <utility>

#include "softcuda/context.h"

namespace opennvsci::softcuda {

CUresult Event::record(Stream& stream) {
    if (stream.group()->context() != context_) return CUDA_ERROR_INVALID_HANDLE;
    // The lock spans both steps, so that of two racing records the one submitted last is the one remembered.
    const std::lock_guard lock(mutex_);
    return stream.submit(nullptr, nullptr, &recorded_);
}

std::shared_ptr<Completion> Event::recorded() const {
    const std::lock_guard lock(mutex_);
    return recorded_;
}

CUresult create_event(const Context& context, unsigned flags, CUevent& event) {
    constexpr unsigned kKnownFlags = CU_EVENT_BLOCKING_SYNC | CU_EVENT_DISABLE_TIMING | CU_EVENT_INTERPROCESS;
    if ((flags & ~kKnownFlags) != 0) return CUDA_ERROR_INVALID_VALUE;
    if ((flags & CU_EVENT_INTERPROCESS) != 0) {
        return (flags & CU_EVENT_DISABLE_TIMING) != 0 ? CUDA_ERROR_NOT_SUPPORTED : CUDA_ERROR_INVALID_VALUE;
    }
    return context.publish(event_handles(), std::make_shared<Event>(context.id(), flags), event);
}

CUresult elapsed_time(const Event& start, const Event& end, float& milliseconds) {
    if (!start.timed() || !end.timed() || start.context() != end.context()) return CUDA_ERROR_INVALID_HANDLE;
    const auto from = start.recorded();
    const auto to = end.recorded();
    if (from == nullptr || to == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (!from->done() || !to->done()) return CUDA_ERROR_NOT_READY;
    milliseconds = std::chrono::duration<float, std::milli>(to->finished_at() - from->finished_at()).count();
    return CUDA_SUCCESS;
}

HandleTable<Event>& event_handles() {
    static auto& table = *new HandleTable<Event>(HandleKind::soft_event);
    return table;
}

}  // namespace opennvsci::softcuda
