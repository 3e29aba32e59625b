// SPDX-License-Identifier: Apache-2.0
#include "exchange/device.h"

#include <dlfcn.h>

#include "exchange/cuda_ipc.h"
#include "exchange/peer.h"

namespace opennvsci::bench {

using namespace cu;  // NOLINT(google-build-using-namespace): CUDA's own names

namespace {

// Does nothing for so many clock cycles.
constexpr const char* kBusyKernel = R"(
.version 6.0
.target sm_50
.address_size 64
.visible .entry busy(.param .u64 cycles)
{
    .reg .pred %more;
    .reg .b64 %start, %now, %wanted;
    ld.param.u64 %wanted, [cycles];
    mov.u64 %start, %clock64;
again:
    mov.u64 %now, %clock64;
    sub.u64 %now, %now, %start;
    setp.lt.u64 %more, %now, %wanted;
    @%more bra again;
    ret;
}
)";

}  // namespace

CUdevice use_device(std::size_t ordinal) {
    const driver::Driver& driver = device_driver();
    BENCH_EXPECT(ordinal < driver.devices.size());
    const CUdevice device = driver.devices[ordinal].handle;
    CUcontext context = nullptr;
    BENCH_CHECK(driver.call.cuDevicePrimaryCtxRetain(&context, device));
    BENCH_CHECK(driver.call.cuCtxSetCurrent(context));
    return device;
}

Stream::Stream() {
    BENCH_CHECK(device_driver().call.cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING));
}

Stream::~Stream() {
    BENCH_CHECK(device_driver().call.cuStreamDestroy(stream_));
}

void Stream::synchronize() const {
    BENCH_CHECK(device_driver().call.cuStreamSynchronize(stream_));
}

BusyContext::BusyContext() {
    const auto& call = device_driver().call;
    CUcontext context = nullptr;
    BENCH_CHECK(call.cuCtxGetCurrent(&context));
    BENCH_CHECK(call.cuModuleLoadData(&module_, kBusyKernel));
    BENCH_CHECK(call.cuModuleGetFunction(&kernel_, module_, "busy"));
    thread_ = std::thread([this, context] { run(context); });
}

BusyContext::~BusyContext() {
    stop_ = true;
    thread_.join();
    BENCH_CHECK(device_driver().call.cuModuleUnload(module_));
}

void BusyContext::run(CUcontext context) {
    constexpr unsigned kInFlight = 4;  // so that the device never waits for this thread
    const auto& call = device_driver().call;
    BENCH_CHECK(call.cuCtxSetCurrent(context));
    const Stream stream;
    CUevent events[kInFlight] = {};
    for (CUevent& event : events)
        BENCH_CHECK(call.cuEventCreate(&event, CU_EVENT_DISABLE_TIMING));
    std::uint64_t cycles = 300000;
    void* parameters[] = {&cycles};
    for (unsigned i = 0; !stop_; ++i) {
        CUevent event = events[i % kInFlight];
        BENCH_CHECK(call.cuEventSynchronize(event));  // at once for one that was never recorded
        BENCH_CHECK(call.cuLaunchKernel(kernel_, 1, 1, 1, 1, 1, 1, 0, stream.get(), parameters, nullptr));
        BENCH_CHECK(call.cuEventRecord(event, stream.get()));
    }
    stream.synchronize();
    for (CUevent event : events)
        BENCH_CHECK(call.cuEventDestroy(event));
}

const CudaIpc* CudaIpc::instance() {
    static const CudaIpc* const found = []() -> const CudaIpc* {
        if (device_driver().is_software) return nullptr;
        void* library = ::dlopen(device_driver().path.c_str(), RTLD_NOW | RTLD_NOLOAD);
        const auto find = [library](auto& function, const char* symbol) {
            function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(library, symbol));
            return function != nullptr;
        };
        static CudaIpc ipc{};
        const bool has_all =
            find(ipc.get_mem_handle, "cuIpcGetMemHandle") && find(ipc.open_mem_handle, "cuIpcOpenMemHandle_v2") &&
            find(ipc.close_mem_handle, "cuIpcCloseMemHandle") && find(ipc.get_event_handle, "cuIpcGetEventHandle") &&
            find(ipc.open_event_handle, "cuIpcOpenEventHandle");
        return has_all ? &ipc : nullptr;
    }();
    return found;
}

}  // namespace opennvsci::bench
