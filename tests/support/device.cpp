// SPDX-License-Identifier: Apache-2.0
#include "device.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include "driver_hooks.h"

namespace opennvsci::test {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

namespace {

// store(uint32_t* pointer, uint32_t value): one thread stores one word.
constexpr const char* kStorePtx = R"(
.version 6.0
.target sm_50
.address_size 64
.visible .entry store(.param .u64 pointer, .param .u32 value)
{
    .reg .u64 %p;
    .reg .u32 %v;
    ld.param.u64 %p, [pointer];
    ld.param.u32 %v, [value];
    st.global.u32 [%p], %v;
    ret;
}
)";

// A failing set-up call of the test itself: there is nothing to test then.
void require(CUresult result, const char* call) {
    if (result == CUDA_SUCCESS) return;
    std::fprintf(stderr, "test set-up: %s failed with %u\n", call, result);
    std::abort();
}

}  // namespace

TestDevice& TestDevice::instance() {
    static TestDevice& device = *[] {
        auto driver = driver::instance();
        if (!driver) {
            std::fprintf(stderr, "test set-up: %s\n", driver.error().text.c_str());
            std::abort();
        }
        return new TestDevice(**driver);
    }();
    return device;
}

TestDevice::TestDevice(const driver::Driver& driver) : driver_(driver), cuda_(DriverHooks::instance().real()) {
    require(cuda_.cuDevicePrimaryCtxRetain(&context_, device().handle), "cuDevicePrimaryCtxRetain");
    make_current();
    require(cuda_.cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING), "cuStreamCreate");
    if (!driver.is_software) store_kernel_ = load_store_kernel();
}

CUfunction TestDevice::load_store_kernel() const {
    CUmodule module = nullptr;
    CUfunction kernel = nullptr;
    require(cuda_.cuModuleLoadData(&module, kStorePtx), "cuModuleLoadData");
    require(cuda_.cuModuleGetFunction(&kernel, module, "store"), "cuModuleGetFunction");
    return kernel;
}

void TestDevice::make_current() const {
    require(cuda_.cuCtxSetCurrent(context_), "cuCtxSetCurrent");
}

CUresult TestDevice::write(CUdeviceptr pointer, std::span<const unsigned char> bytes) const {
    return cuda_.cuMemcpyHtoD(pointer, bytes.data(), bytes.size());
}

std::vector<unsigned char> TestDevice::read(CUdeviceptr pointer, std::size_t size) const {
    std::vector<unsigned char> bytes(size);
    require(cuda_.cuMemcpyDtoH(bytes.data(), pointer, size), "cuMemcpyDtoH");
    return bytes;
}

void TestDevice::store_later(CUdeviceptr pointer, std::uint32_t value, int delay_ms, CUstream stream) {
    if (stream == nullptr) stream = stream_;
    struct Work {
        CUdeviceptr pointer;
        std::uint32_t value;
        int delay_ms;
        bool stores;
    };
    const auto run = [](void* data) {
        const std::unique_ptr<Work> work(static_cast<Work*>(data));
        std::this_thread::sleep_for(std::chrono::milliseconds(work->delay_ms));
        if (work->stores) *reinterpret_cast<volatile std::uint32_t*>(work->pointer) = work->value;
    };
    auto work = std::make_unique<Work>(Work{pointer, value, delay_ms, driver_.is_software});
    require(cuda_.cuLaunchHostFunc(stream, run, work.release()), "cuLaunchHostFunc");
    if (driver_.is_software) return;
    void* parameters[] = {&pointer, &value};
    require(cuda_.cuLaunchKernel(store_kernel_, 1, 1, 1, 1, 1, 1, 0, stream, parameters, nullptr), "cuLaunchKernel");
}

CUresult TestDevice::store(CUdeviceptr pointer, std::uint32_t value) {
    store_later(pointer, value, 0);
    return cuda_.cuStreamSynchronize(stream_);
}

}  // namespace opennvsci::test
