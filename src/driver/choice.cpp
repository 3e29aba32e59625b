// SPDX-License-Identifier: Apache-2.0
//
// The choice of the driver: which library, and what is said about it.
#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "base/log.h"
#include "driver/driver.h"

namespace opennvsci::driver {
namespace {

// The software device lies beside this library, in a folder of its own because of its file name.
std::string software_driver_path() {
    Dl_info info{};
    if (::dladdr(reinterpret_cast<void*>(&software_driver_path), &info) == 0 || info.dli_fname == nullptr) return {};
    const std::string_view here = info.dli_fname;
    const auto slash = here.rfind('/');
    const std::string_view folder = slash == std::string_view::npos ? "." : here.substr(0, slash);
    return fmt::format("{}/opennvsci/softcuda/libcuda.so.1", folder);
}

Result<Driver> load_software_driver() {
    return Driver::load(software_driver_path().c_str());
}

Result<Driver> load_gpu_driver() {
    return Driver::load("libcuda.so.1");
}

// A driver with a GPU that lacks an entry point is not replaced: the program talks to it already.
bool may_fall_back(const Error& error) {
    return error.cuda != CUDA_ERROR_NOT_SUPPORTED;
}

Result<Driver> choose() {
    const char* variable = std::getenv("OPENNVSCI_DEVICE");
    const std::string_view wanted = variable != nullptr ? variable : "auto";
    if (wanted == "soft") return load_software_driver();
    if (wanted != "auto" && wanted != "gpu") {
        return fail(NvSciError_ResourceError, fmt::format("OPENNVSCI_DEVICE={}: not one of auto, gpu and soft", wanted),
                    CUDA_ERROR_NOT_INITIALIZED);
    }
    auto gpu = load_gpu_driver();
    if (gpu || wanted == "gpu" || !may_fall_back(gpu.error())) return gpu;
    auto software = load_software_driver();
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
