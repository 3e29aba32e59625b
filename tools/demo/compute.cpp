// SPDX-License-Identifier: Apache-2.0
#include "demo/compute.h"

#include <fmt/format.h>

#include <string_view>

#include "demo/kernels_ptx.h"
#include "driver_objects.h"

namespace opennvsci::tool {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names for its constants

namespace {

// Rec. 601 luma in 256ths, rounded; the kernel in kernels.ptx computes the same.
constexpr std::uint8_t gray_value(std::uint32_t red, std::uint32_t green, std::uint32_t blue) {
    return static_cast<std::uint8_t>((77 * red + 150 * green + 29 * blue + 128) >> 8);
}

// The kernels, translated by the driver for the device of the current context.
class KernelModule {
  public:
    [[nodiscard]] static Result<KernelModule> load(const Driver& driver) {
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
    KernelModule(KernelModule&& other) noexcept
        : driver_(other.driver_), handle_(std::exchange(other.handle_, nullptr)) {}
    ~KernelModule() {
        if (handle_ != nullptr) driver_.call.cuModuleUnload(handle_);
    }
    [[nodiscard]] Result<> unload() {
        return check(driver_, driver_.call.cuModuleUnload(std::exchange(handle_, nullptr)), "cuModuleUnload");
    }

    /// Starts a kernel of this signature, with one thread per pixel.
    [[nodiscard]] Result<> launch(const char* name, CUstream stream, CUdeviceptr input, CUdeviceptr output,
                                  std::uint32_t pixels) const {
        CUfunction function = nullptr;
        OPENNVSCI_TRY(
            check(driver_, driver_.call.cuModuleGetFunction(&function, handle_, name), "cuModuleGetFunction"));
        constexpr std::uint32_t kThreads = 256;  // the histogram kernel has one thread per bin
        const std::uint32_t blocks = (pixels + kThreads - 1) / kThreads;
        std::array<void*, 3> parameters{&input, &output, &pixels};
        return check(
            driver_,
            driver_.call.cuLaunchKernel(function, blocks, 1, 1, kThreads, 1, 1, 0, stream, parameters.data(), nullptr),
            fmt::format("cuLaunchKernel of {}", name));
    }

  private:
    KernelModule(const Driver& driver, CUmodule handle) : driver_(driver), handle_(handle) {}

    const Driver& driver_;
    CUmodule handle_;
};

Result<> compute_by_kernels(const Driver& driver, CUstream stream, const GrayTask& task) {
    OPENNVSCI_TRY_ASSIGN(kernels, KernelModule::load(driver));
    OPENNVSCI_TRY(kernels.launch("gray", stream, task.rgb, task.gray, task.pixels));
    OPENNVSCI_TRY(kernels.launch("histogram", stream, task.gray, task.bins, task.pixels));
    OPENNVSCI_TRY(check(driver, driver.call.cuStreamSynchronize(stream), "cuStreamSynchronize"));
    return kernels.unload();
}

// The software device's memory is memory of the process, so its addresses are pointers.
template <class T>
T* pointer(CUdeviceptr address) {
    return reinterpret_cast<T*>(static_cast<std::uintptr_t>(address));
}

void gray_on_host(void* argument) {
    const auto& task = *static_cast<const GrayTask*>(argument);
    const auto* rgb = pointer<const std::uint8_t>(task.rgb);
    auto* gray = pointer<std::uint8_t>(task.gray);
    for (std::size_t i = 0; i < task.pixels; ++i)
        gray[i] = gray_value(rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2]);
}

void histogram_on_host(void* argument) {
    const auto& task = *static_cast<const GrayTask*>(argument);
    const auto* gray = pointer<const std::uint8_t>(task.gray);
    auto* bins = pointer<std::uint32_t>(task.bins);
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
