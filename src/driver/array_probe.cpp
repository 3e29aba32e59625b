// SPDX-License-Identifier: Apache-2.0
#include "driver/array_probe.h"

#include <fmt/format.h>

#include "base/log.h"
#include "driver/relaxed_capture.h"

namespace opennvsci::driver {

Result<ArrayNeeds> ArrayProbe::ask(const ArrayShape& shape) {
    if (!device_.supports_deferred_arrays) return ArrayNeeds{};
    if (const auto known = device_.array_answers().find(shape)) return *known;
    OPENNVSCI_TRY_ASSIGN(needs, ask_driver(shape));
    if (needs.size != 0) device_.array_answers().insert(shape, needs);
    return needs;
}

// Nothing but a shape that the device refuses is an error: a driver that cannot answer leaves the decision to the
// formulas.
Result<ArrayNeeds> ArrayProbe::ask_driver(const ArrayShape& shape) {
    const auto no_answer = [&](CUresult result, const char* call) {
        if (log::enabled(log::Level::info)) log::write(log::Level::info, driver_.error(result, call).value().text);
        return ArrayNeeds{};
    };
    if (!context_) context_.emplace(driver_, device_);
    if (context_->result() != CUDA_SUCCESS) return no_answer(context_->result(), "cuDevicePrimaryCtxRetain");

    CUarray array = nullptr;
    const auto [format, channels] = shape.element;
    const CUDA_ARRAY3D_DESCRIPTOR descriptor{shape.width, shape.height, 0, format, channels, kArray3DDeferredMapping};
    CUresult result = apart(driver_)->cuArray3DCreate(&array, &descriptor);
    if (result == CUDA_ERROR_INVALID_VALUE) {
        return fail(NvSciError_NotSupported,
                    fmt::format("{} makes no array of {} x {} pixels (format {:#x}, {} channels)", device_.name,
                                shape.width, shape.height, static_cast<unsigned>(format), channels),
                    CUDA_ERROR_NOT_SUPPORTED);
    }
    if (result != CUDA_SUCCESS) return no_answer(result, "cuArray3DCreate");
    CUDA_ARRAY_MEMORY_REQUIREMENTS needs{};
    result = apart(driver_)->cuArrayGetMemoryRequirements(&needs, array, device_.handle);
    apart(driver_)->cuArrayDestroy(array);
    if (result != CUDA_SUCCESS) return no_answer(result, "cuArrayGetMemoryRequirements");
    return ArrayNeeds{needs.size, needs.alignment};
}

}  // namespace opennvsci::driver
