// SPDX-License-Identifier: Apache-2.0
#include "driver_objects.h"

#include <fmt/format.h>

#include "opennvsci.h"

namespace opennvsci::tool {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants
using driver::Driver;

std::string name_of(const Driver& driver, CUresult code) {
    const char* name = nullptr;
    if (driver.call.cuGetErrorName(code, &name) == CUDA_SUCCESS && name != nullptr) return name;
    return fmt::format("CUDA error {}", static_cast<unsigned>(code));
}

Result<> check(const Driver& driver, CUresult code, std::string_view call) {
    if (code == CUDA_SUCCESS) return {};
    auto error = driver.error(code, call);
    constexpr std::string_view kOurs = "nvsci";  // "nvsciCuMemFree" and its like
    if (call.substr(0, kOurs.size()) == kOurs) error.value().text += fmt::format(": {}", opennvsciGetLastErrorText());
    return error;
}

Result<PrimaryContext> PrimaryContext::make_current(const Driver& driver, const driver::Device& device) {
    CUcontext handle = nullptr;
    OPENNVSCI_TRY(
        check(driver, driver.call.cuDevicePrimaryCtxRetain(&handle, device.handle), "cuDevicePrimaryCtxRetain"));
    PrimaryContext context(driver, device);
    OPENNVSCI_TRY(check(driver, driver.call.cuCtxSetCurrent(handle), "cuCtxSetCurrent"));
    return context;
}

PrimaryContext::~PrimaryContext() {
    if (device_ != nullptr) driver_.call.cuDevicePrimaryCtxRelease(device_->handle);
}

Result<> PrimaryContext::release() {
    return check(driver_, driver_.call.cuDevicePrimaryCtxRelease(std::exchange(device_, nullptr)->handle),
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
