// SPDX-License-Identifier: Apache-2.0
//
// The choice of the driver: which library, and what is said about it.
#include <dlfcn.h>
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

// A driver that is too old is not replaced: the program may talk to it already.
bool may_fall_back(const Error& error) {
    return error.cuda != CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND;
}

// A program that is linked with the GPU's driver and told to use the software device would pass pointers of one to the
// other. `opennvsci run --soft` gives the program the software device as its libcuda.so.1 instead.
void warn_if_gpu_driver_is_loaded() {
    void* loaded = ::dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
    if (loaded == nullptr || ::dlsym(loaded, kSoftwareDeviceMark) != nullptr) return;
    log::write(log::Level::warning,
               "OPENNVSCI_DEVICE=soft, but this process has loaded another libcuda.so.1; start it with `opennvsci run "
               "--soft`");
}

Result<Driver> with_reason(Result<Driver> driver, std::string reason) {
    if (driver) driver->reason = std::move(reason);
    return driver;
}

Result<Driver> load_only_gpu_driver() {
    auto gpu = load_gpu_driver();
    if (gpu && gpu->is_software) {
        return fail(NvSciError_ResourceError,
                    fmt::format("OPENNVSCI_DEVICE=gpu, but the libcuda.so.1 of this process is the software device {}",
                                gpu->path),
                    CUDA_ERROR_NO_DEVICE);
    }
    return with_reason(std::move(gpu), "OPENNVSCI_DEVICE=gpu asks for it");
}

Result<Driver> choose() {
    const char* variable = std::getenv("OPENNVSCI_DEVICE");
    const std::string_view wanted = variable != nullptr ? variable : "auto";
    if (wanted == "gpu") return load_only_gpu_driver();
    if (wanted == "soft") {
        warn_if_gpu_driver_is_loaded();
        return with_reason(load_software_driver(), "OPENNVSCI_DEVICE=soft asks for it");
    }
    if (wanted != "auto") {
        return fail(NvSciError_ResourceError, fmt::format("OPENNVSCI_DEVICE={}: not one of auto, gpu and soft", wanted),
                    CUDA_ERROR_NOT_INITIALIZED);
    }
    auto gpu = load_gpu_driver();
    if (gpu || !may_fall_back(gpu.error())) {
        const bool is_software = gpu && gpu->is_software;
        return with_reason(std::move(gpu),
                           is_software ? "it is the libcuda.so.1 that this process finds" : "it has a GPU");
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
