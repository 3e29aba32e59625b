// SPDX-License-Identifier: Apache-2.0
//
// The choice of the driver: which library, and what is said about it.
#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "base/log.h"
#include "driver/driver.h"
#include "driver/software_device.h"

namespace opennvsci::driver {
namespace {

Result<Driver> load_software_driver() {
    return Driver::load((software_device_folder() + "/libcuda.so.1").c_str());
}

Result<Driver> load_gpu_driver() {
    return Driver::load("libcuda.so.1");
}

// A driver with a GPU that lacks an entry point is not replaced: the program talks to it already.
bool may_fall_back(const Error& error) {
    return error.cuda != CUDA_ERROR_NOT_SUPPORTED;
}

Result<Driver> with_reason(Result<Driver> driver, std::string reason) {
    if (driver) driver->reason = std::move(reason);
    return driver;
}

Result<Driver> choose() {
    const char* variable = std::getenv("OPENNVSCI_DEVICE");
    const std::string_view wanted = variable != nullptr ? variable : "auto";
    if (wanted == "soft") return with_reason(load_software_driver(), "OPENNVSCI_DEVICE=soft asks for it");
    if (wanted != "auto" && wanted != "gpu") {
        return fail(NvSciError_ResourceError, fmt::format("OPENNVSCI_DEVICE={}: not one of auto, gpu and soft", wanted),
                    CUDA_ERROR_NOT_INITIALIZED);
    }
    auto gpu = load_gpu_driver();
    if (gpu || wanted == "gpu" || !may_fall_back(gpu.error())) {
        const char* reason = gpu && gpu->is_software ? "it is the libcuda.so.1 that this process finds"
                             : wanted == "gpu"       ? "OPENNVSCI_DEVICE=gpu asks for it"
                                                     : "it has a GPU";
        return with_reason(std::move(gpu), reason);
    }
    auto software = with_reason(load_software_driver(), fmt::format("no GPU: {}", gpu.error().text));
    if (software && log::enabled(log::Level::notice)) {
        log::write(log::Level::notice,
                   fmt::format("no GPU ({}): using the software CUDA device; OPENNVSCI_DEVICE=soft asks for it "
                               "without this line",
                               gpu.error().text));
    }
    return software;
}

Result<Driver>& chosen() {
    static Result<Driver>& driver = *new Result<Driver>(choose());  // never destroyed: see the header
    return driver;
}

}  // namespace

Result<const Driver*> instance() {
    const Result<Driver>& driver = chosen();
    if (!driver) return tl::make_unexpected(driver.error());
    return &*driver;
}

Driver* instance_for_testing() {
    Result<Driver>& driver = chosen();
    return driver ? &*driver : nullptr;
}

}  // namespace opennvsci::driver
