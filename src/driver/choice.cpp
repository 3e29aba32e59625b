// SPDX-License-Identifier: Apache-2.0
//
// The choice of the driver: which library, and what is said about it.
//
// It is made outside of every lock and of the guard of any static: loading a library waits for the dynamic linker, and
// the constructor of a plug-in, which runs while the dynamic linker is held, may ask for the driver too. So several
// threads may make the choice at once. The first that is done keeps its driver and says what there is to say.
//
// Only a driver is kept, never a failure: descriptors or memory may be there the next time.
#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "base/c_library.h"
#include "base/log.h"
#include "base/os.h"
#include "driver/driver.h"
#include "driver/software_device.h"
#include "driver/standstill.h"

namespace opennvsci::driver {
namespace {

// Never destroyed: see the header.
constinit std::atomic<Driver*> g_driver{nullptr};

struct Choice {
    std::unique_ptr<Driver> driver;
    log::Level level = log::Level::notice;
    std::string line;  // to be said when the choice is kept; empty: nothing
};

Result<Choice> choice_of(Result<Driver> driver, std::string reason) {
    if (!driver) return tl::make_unexpected(std::move(driver).error());
    driver->reason = std::move(reason);
    Choice choice;
    choice.driver = std::make_unique<Driver>(*std::move(driver));
    return choice;
}

Result<Driver> load_software_driver() {
    return Driver::load((software_device_folder() + "/libcuda.so.1").c_str());
}

// Where descriptors lack, both the dynamic linker and the driver may say that there is nothing, and the dynamic linker
// would find no library by its cache any more, for the life of the process. So that is asked first. The driver opens
// about ten in cuInit.
Result<Driver> load_gpu_driver() {
    constexpr int kDescriptors = 16;
    OPENNVSCI_TRY(os::require_descriptors(kDescriptors));
    return Driver::load("libcuda.so.1");
}

// No such library, a library that only stands for one where programs are linked, or no device. Anything else may pass,
// or is to be repaired, and is not replaced, also because the program may talk to that driver already.
bool has_no_gpu(const Error& error) {
    return error.cuda == CUDA_ERROR_NO_DEVICE || error.cuda == CUDA_ERROR_STUB_LIBRARY;
}

// A program that is linked with the GPU's driver and told to use the software device would pass pointers of one to the
// other. `opennvsci run --soft` gives the program the software device as its libcuda.so.1 instead.
bool is_gpu_driver_loaded() {
    void* loaded = ::dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
    if (loaded == nullptr) return false;
    const bool is_software = c_library::look_up(loaded, kSoftwareDeviceMark) != nullptr;
    ::dlclose(loaded);
    return !is_software;
}

Result<Choice> choose_software() {
    OPENNVSCI_TRY_ASSIGN(choice, choice_of(load_software_driver(), "OPENNVSCI_DEVICE=soft asks for it"));
    if (is_gpu_driver_loaded()) {
        choice.level = log::Level::warning;
        choice.line =
            "OPENNVSCI_DEVICE=soft, but this process has loaded another libcuda.so.1; start it with `opennvsci run "
            "--soft`";
    }
    return std::move(choice);
}

Result<Choice> choose_gpu() {
    auto gpu = load_gpu_driver();
    if (gpu && gpu->is_software) {
        return fail(NvSciError_ResourceError,
                    fmt::format("OPENNVSCI_DEVICE=gpu, but the libcuda.so.1 of this process is the software device {}",
                                gpu->path),
                    CUDA_ERROR_NO_DEVICE);
    }
    return choice_of(std::move(gpu), "OPENNVSCI_DEVICE=gpu asks for it");
}

Result<Choice> choose_automatically() {
    auto gpu = load_gpu_driver();
    if (gpu) {
        const bool is_software = gpu->is_software;
        return choice_of(std::move(gpu),
                         is_software ? "it is the libcuda.so.1 that this process finds" : "it has a GPU");
    }
    if (!has_no_gpu(gpu.error())) {
        return fail(gpu.error().code,
                    gpu.error().text +
                        "; it is tried again at the next call (OPENNVSCI_DEVICE=soft asks for the "
                        "software device)",
                    gpu.error().cuda);
    }
    OPENNVSCI_TRY_ASSIGN(choice, choice_of(load_software_driver(), fmt::format("no GPU: {}", gpu.error().text)));
    choice.line =
        fmt::format("no GPU ({}): using the software CUDA device; OPENNVSCI_DEVICE=soft asks for it without this line",
                    gpu.error().text);
    return std::move(choice);
}

Result<Choice> choose() {
    const char* variable = std::getenv("OPENNVSCI_DEVICE");
    const std::string_view wanted = variable != nullptr ? variable : "auto";
    if (wanted == "gpu") return choose_gpu();
    if (wanted == "soft") return choose_software();
    if (wanted == "auto" || wanted.empty()) return choose_automatically();
    return fail(NvSciError_ResourceError, fmt::format("OPENNVSCI_DEVICE={}: not one of auto, gpu and soft", wanted),
                CUDA_ERROR_NOT_INITIALIZED);
}

[[gnu::noinline, gnu::cold]] Result<Driver*> choose_and_keep() {
    log::tell_unknown_level();
    OPENNVSCI_TRY_ASSIGN(choice, choose());
    Driver* kept = nullptr;
    if (!g_driver.compare_exchange_strong(kept, choice.driver.get(), std::memory_order_acq_rel)) return kept;
    if (!choice.line.empty()) log::write(choice.level, choice.line);
    return choice.driver.release();
}

Result<Driver*> chosen() {
    if (Driver* const kept = g_driver.load(std::memory_order_acquire)) return kept;
    if (Standstill::forbids()) {
        return fail(NvSciError_ResourceError, "the driver is not loaded yet", CUDA_ERROR_NOT_INITIALIZED);
    }
    return choose_and_keep();
}

}  // namespace

Result<const Driver*> instance() {
    return chosen();
}

Driver* instance_for_testing() {
    return chosen().value_or(nullptr);
}

}  // namespace opennvsci::driver
