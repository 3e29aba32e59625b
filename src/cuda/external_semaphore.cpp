// SPDX-License-Identifier: Apache-2.0
#include "cuda/external_semaphore.h"

#include <fmt/format.h>

namespace opennvsci::cuda {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

Result<ExternalSemaphore> ExternalSemaphore::import(std::shared_ptr<sync::Object> object) {
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    OPENNVSCI_TRY_ASSIGN(context, driver::ContextWatch::of_current(*driver));
    OPENNVSCI_TRY(object->timeline().prepare(context));
    return ExternalSemaphore(*driver, std::move(object));
}

tl::unexpected<Error> Need::refuse(const SemaphoreUse& use) const {
    if ((use.flags & ~known_flags) != 0) {
        return fail_unmet(NvSciError_BadParameter,
                          {"flags", fmt::format("{:#x}", use.flags), fmt::format("0 or {:#x}", known_flags)},
                          "flags are {found}, and must be {needed}");
    }
    if (use.storage == nullptr) return fail(NvSciError_BadParameter, "params.nvSciSync.fence is NULL");
    if ((use.semaphore->object().permission() & permission) == 0) {
        return fail(NvSciError_NotPermitted, {"permission", fmt::format("none to {}", action), action},
                    fmt::format("the object's list (ActualPerm) gives no permission to {}", action),
                    CUDA_ERROR_NOT_SUPPORTED);
    }
    return fail(
        NvSciError_NotPermitted, {"a list that speaks for CUDA", "none", fmt::format("one that asks to {}", action)},
        fmt::format("streams may not {0}: no list that speaks for CUDA asked to {0}; fill one with "
                    "cuDeviceGetNvSciSyncAttributes and the flag for it, or name a GPU in NvSciSyncAttrKey_GpuId",
                    action),
        CUDA_ERROR_NOT_SUPPORTED);
}

Result<> Waits::check(SemaphoreUse& use) {
    if (!kNeed.is_met(use)) return kNeed.refuse(use);
    OPENNVSCI_TRY_ASSIGN(fence, sync::Fence::read(*use.storage));
    if (!fence.is_cleared() && !use.semaphore->object().owns(fence)) {
        return fail(NvSciError_BadParameter, {"object of the fence", "another one", "that of the semaphore"},
                    "the fence belongs to another object than the semaphore");
    }
    use.value = fence.is_cleared() ? 0 : fence.value;
    return {};
}

}  // namespace opennvsci::cuda
