// SPDX-License-Identifier: Apache-2.0
#include "demo/kernel_module.h"

#include <fmt/format.h>

#include <array>

#include "demo/kernels_ptx.h"
#include "driver_objects.h"

namespace opennvsci::tool {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

Result<KernelModule> KernelModule::load(const Driver& driver) {
    std::array<char, 4096> log{};
    std::array options{CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
    std::array<void*, 2> values{log.data(), reinterpret_cast<void*>(log.size())};
    CUmodule handle = nullptr;
    const CUresult code =
        driver.call.cuModuleLoadDataEx(&handle, kKernelsPtx, options.size(), options.data(), values.data());
    if (auto loaded = check(driver, code, "cuModuleLoadDataEx"); !loaded) {
        loaded.error().text += fmt::format("\nlog of the PTX compiler:\n{}", log.data());
        return tl::make_unexpected(std::move(loaded).error());
    }
    return KernelModule(driver, handle);
}

KernelModule::~KernelModule() {
    if (handle_ != nullptr) driver_.call.cuModuleUnload(handle_);
}

Result<> KernelModule::unload() {
    return check(driver_, driver_.call.cuModuleUnload(std::exchange(handle_, nullptr)), "cuModuleUnload");
}

Result<> KernelModule::launch(const char* name, CUstream stream, std::uint64_t first, std::uint64_t second,
                              std::uint32_t threads) const {
    CUfunction function = nullptr;
    OPENNVSCI_TRY(check(driver_, driver_.call.cuModuleGetFunction(&function, handle_, name), "cuModuleGetFunction"));
    constexpr std::uint32_t kThreads = 256;  // the histogram kernel has one thread per bin
    const std::uint32_t blocks = (threads + kThreads - 1) / kThreads;
    std::array<void*, 3> parameters{&first, &second, &threads};
    return check(
        driver_,
        driver_.call.cuLaunchKernel(function, blocks, 1, 1, kThreads, 1, 1, 0, stream, parameters.data(), nullptr),
        fmt::format("cuLaunchKernel of {}", name));
}

}  // namespace opennvsci::tool
