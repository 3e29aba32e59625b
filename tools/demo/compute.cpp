// SPDX-License-Identifier: Apache-2.0
#include "demo/compute.h"

#include <array>

#include "demo/kernel_module.h"
#include "driver_objects.h"

namespace opennvsci::tool {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

namespace {

// Rec. 601 luma in 256ths, rounded; the kernel in kernels.ptx computes the same.
constexpr std::uint8_t gray_value(std::uint32_t red, std::uint32_t green, std::uint32_t blue) {
    return static_cast<std::uint8_t>((77 * red + 150 * green + 29 * blue + 128) >> 8);
}

Result<> compute_by_kernels(const Driver& driver, CUstream stream, const GrayTask& task) {
    OPENNVSCI_TRY_ASSIGN(kernels, KernelModule::load(driver));
    OPENNVSCI_TRY(kernels.launch("gray", stream, task.rgb, task.gray, task.pixels));
    OPENNVSCI_TRY(kernels.launch("histogram", stream, task.gray, task.bins, task.pixels));
    OPENNVSCI_TRY(check(driver, driver.call.cuStreamSynchronize(stream), "cuStreamSynchronize"));
    return kernels.unload();
}

void gray_on_host(void* argument) {
    const auto& task = *static_cast<const GrayTask*>(argument);
    const auto* rgb = host_pointer<const std::uint8_t>(task.rgb);
    auto* gray = host_pointer<std::uint8_t>(task.gray);
    for (std::size_t i = 0; i < task.pixels; ++i)
        gray[i] = gray_value(rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]);
}

void histogram_on_host(void* argument) {
    const auto& task = *static_cast<const GrayTask*>(argument);
    const auto* gray = host_pointer<const std::uint8_t>(task.gray);
    auto* bins = host_pointer<std::uint32_t>(task.bins);
    for (std::size_t i = 0; i < task.pixels; ++i)
        ++bins[gray[i]];
}

Result<> compute_by_host_functions(const Driver& driver, CUstream stream, GrayTask task) {
    Result<> submitted;
    for (const CUhostFn step : {&gray_on_host, &histogram_on_host}) {
        if (submitted) submitted = check(driver, driver.call.cuLaunchHostFunc(stream, step, &task), "cuLaunchHostFunc");
    }
    // Waited for after a failure too: the first step may still use `task`.
    OPENNVSCI_TRY(check(driver, driver.call.cuStreamSynchronize(stream), "cuStreamSynchronize"));
    return submitted;
}

}  // namespace

Result<> compute(const Driver& driver, CUstream stream, const GrayTask& task) {
    return driver.description.isSoftware ? compute_by_host_functions(driver, stream, task)
                                         : compute_by_kernels(driver, stream, task);
}

GrayResult compute_reference(const Picture& picture) {
    GrayResult result;
    result.gray.reserve(picture.pixels());
    for (std::size_t at = 0; at < picture.rgb.size(); at += 3) {
        const std::uint8_t value = gray_value(picture.rgb[at], picture.rgb[at + 1], picture.rgb[at + 2]);
        result.gray.push_back(value);
        ++result.histogram[value];
    }
    return result;
}

}  // namespace opennvsci::tool
