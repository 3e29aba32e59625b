// SPDX-License-Identifier: Apache-2.0
#include "driver_objects.h"

#include <fmt/format.h>

#include "opennvsci.h"

namespace opennvsci::tool {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

std::string name_of(const Driver& driver, CUresult code) {
    const char* name = nullptr;
    if (driver.call.cuGetErrorName(code, &name) == CUDA_SUCCESS && name != nullptr) return name;
    return fmt::format("CUDA error {}", static_cast<unsigned>(code));
}

Result<> check(const Driver& driver, CUresult code, std::string_view call) {
    if (code == CUDA_SUCCESS) return {};
    const char* description = nullptr;
    driver.call.cuGetErrorString(code, &description);
    std::string text = fmt::format("{} failed: {} ({})", call, name_of(driver, code),
                                   description != nullptr ? description : "no description");
    if (call.starts_with("nvsci")) text += fmt::format(": {}", opennvsciGetLastErrorText());  // a function of ours
    return fail(std::move(text));
}

Result<PrimaryContext> PrimaryContext::make_current(const Driver& driver, const OpenNvSciDevice& device) {
    CUdevice number = 0;
    OPENNVSCI_TRY(check(driver, driver.call.cuDeviceGet(&number, static_cast<int>(device.ordinal)), "cuDeviceGet"));
    CUcontext handle = nullptr;
    OPENNVSCI_TRY(check(driver, driver.call.cuDevicePrimaryCtxRetain(&handle, number), "cuDevicePrimaryCtxRetain"));
    PrimaryContext context(driver, number);
    OPENNVSCI_TRY(check(driver, driver.call.cuCtxSetCurrent(handle), "cuCtxSetCurrent"));
    return context;
}

PrimaryContext::~PrimaryContext() {
    if (device_) driver_.call.cuDevicePrimaryCtxRelease(*device_);
}

Result<> PrimaryContext::release() {
    return check(driver_, driver_.call.cuDevicePrimaryCtxRelease(*std::exchange(device_, std::nullopt)),
                 "cuDevicePrimaryCtxRelease");
}

Result<Stream> Stream::create(const Driver& driver) {
    CUstream handle = nullptr;
    OPENNVSCI_TRY(check(driver, driver.call.cuStreamCreate(&handle, CU_STREAM_NON_BLOCKING), "cuStreamCreate"));
    return Stream(driver, handle);
}

Stream::~Stream() {
    if (handle_ != nullptr) driver_.call.cuStreamDestroy(handle_);
}

Result<> Stream::synchronize() const {
    return check(driver_, driver_.call.cuStreamSynchronize(handle_), "cuStreamSynchronize");
}

Result<> Stream::destroy() {
    return check(driver_, driver_.call.cuStreamDestroy(std::exchange(handle_, nullptr)), "cuStreamDestroy");
}

}  // namespace opennvsci::tool
