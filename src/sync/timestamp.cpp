// SPDX-License-Identifier: Apache-2.0
#include "sync/timestamp.h"

#include <chrono>
#include <mutex>
#include <unordered_map>

namespace opennvsci::sync {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

namespace {

constexpr const char* kPtx = R"(
.version 6.0
.target sm_50
.address_size 64
.visible .entry store_timestamp(.param .u64 word)
{
    .reg .u64 %address;
    .reg .u64 %time;
    ld.param.u64 %address, [word];
    mov.u64 %time, %globaltimer;
    div.u64 %time, %time, 1000;
    st.global.u64 [%address], %time;
    ret;
}
)";

Result<CUfunction> load_kernel(const driver::ContextWatch& context) {
    const driver::Driver& driver = context.driver();
    const driver::PushedContext pushed(context);
    const driver::RelaxedCapture relaxed(driver);
    CUmodule module = nullptr;
    if (const CUresult result = driver.call.cuModuleLoadData(&module, kPtx); result != CUDA_SUCCESS) {
        return driver.error(result, "cuModuleLoadData");
    }
    CUfunction kernel = nullptr;
    const CUresult result = driver.call.cuModuleGetFunction(&kernel, module, "store_timestamp");
    if (result == CUDA_SUCCESS) return kernel;
    return driver.error(result, "cuModuleGetFunction");
}

// Loaded once per context, with which it goes. Loading may wait for the GPU, so that is done without the lock;
// unloading may too, so a second one that another thread has loaded meanwhile stays.
Result<CUfunction> kernel_of(const driver::ContextWatch& context) {
    static std::mutex& mutex = *new std::mutex;
    static auto& kernels = *new std::unordered_map<unsigned long long, CUfunction>;
    {
        const std::lock_guard lock(mutex);
        if (CUfunction const known = kernels[context.id()]; known != nullptr) return known;
    }
    OPENNVSCI_TRY_ASSIGN(loaded, load_kernel(context));
    const std::lock_guard lock(mutex);
    CUfunction& kernel = kernels[context.id()];
    if (kernel == nullptr) kernel = loaded;
    return kernel;
}

Result<> launch_host_function(const driver::Driver& driver, CUstream stream, TimestampTarget target) {
    auto owned = std::make_unique<TimestampTarget>(std::move(target));
    const auto store = [](void* data) {
        const std::unique_ptr<TimestampTarget> given(static_cast<TimestampTarget*>(data));
        given->word->store(cpu_timestamp(), std::memory_order_release);
    };
    const CUresult result = driver.call.cuLaunchHostFunc(stream, store, owned.get());
    if (result != CUDA_SUCCESS) return driver.error(result, "cuLaunchHostFunc");
    (void)owned.release();  // the function has it now
    return {};
}

}  // namespace

std::uint64_t cpu_timestamp() noexcept {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

Result<> prepare_timestamps(const driver::ContextWatch& context) {
    if (context.device().runs_kernels) OPENNVSCI_TRY(kernel_of(context));
    return {};
}

Result<> store_timestamp(const driver::ContextWatch& context, CUstream stream, TimestampTarget target) {
    const driver::Driver& driver = context.driver();
    if (!context.device().runs_kernels) return launch_host_function(driver, stream, std::move(target));
    OPENNVSCI_TRY_ASSIGN(kernel, kernel_of(context));
    void* parameters[] = {&target.address};
    const CUresult result = driver.call.cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, stream, parameters, nullptr);
    if (result != CUDA_SUCCESS) return driver.error(result, "cuLaunchKernel");
    return {};
}

}  // namespace opennvsci::sync
