// SPDX-License-Identifier: Apache-2.0
#include "cuda/sync_attributes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "sync/keys.h"

namespace opennvsci::cuda {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

Result<const driver::Device*> find_device(CUdevice device) {
    OPENNVSCI_TRY_ASSIGN(driver, driver::instance());
    const auto found = std::find_if(driver->devices.begin(), driver->devices.end(),
                                    [&](const driver::Device& known) { return known.handle == device; });
    if (found != driver->devices.end()) return &*found;
    return fail(NvSciError_BadParameter, fmt::format("there is no device {}", device), CUDA_ERROR_INVALID_DEVICE);
}

Result<> set_sync_attributes(attr::List& list, const driver::Device& device, int flags) {
    if (!list.is_writable()) {
        return fail(NvSciError_BadParameter, {"list", "read-only", "writable"},
                    "the list cannot be written: it is reconciled, appended or imported", CUDA_ERROR_INVALID_HANDLE);
    }
    if (flags == 0 || (flags & ~(kNvSciSyncAttrSignal | kNvSciSyncAttrWait)) != 0) {
        return fail(NvSciError_BadParameter,
                    fmt::format("flags are {:#x}, and must be signal (1), wait (2) or both", flags));
    }
    if (!device.supports_stream_memory_operations) {
        return fail(
            NvSciError_NotSupported, {"device attribute 122", "0", "1"},
            fmt::format("{} has no 64-bit stream memory operations (device attribute 122, CUDA 11.7)", device.name),
            CUDA_ERROR_NOT_SUPPORTED);
    }
    const NvSciSyncAccessPerm permission = ((flags & kNvSciSyncAttrSignal) != 0 ? NvSciSyncAccessPerm_SignalOnly : 0) |
                                           ((flags & kNvSciSyncAttrWait) != 0 ? NvSciSyncAccessPerm_WaitOnly : 0);
    NvSciRmGpuId gpu;
    std::memcpy(gpu.bytes, device.uuid.bytes.data(), sizeof(gpu.bytes));
    const std::array<attr::KeyValue, 3> pairs{{
        {NvSciSyncAttrKey_RequiredPerm, &permission, sizeof(permission)},
        {NvSciSyncAttrKey_PrimitiveInfo, sync::kPrimitivesOfThisMachine.data(), sizeof(sync::kPrimitivesOfThisMachine)},
        {NvSciSyncAttrKey_GpuId, &gpu, sizeof(gpu)},
    }};
    return list.set(pairs.size(), [&](std::size_t i) { return pairs[i]; });
}

}  // namespace opennvsci::cuda
