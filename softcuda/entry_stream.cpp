// SPDX-License-Identifier: Apache-2.0
//
// Entry points: streams, events, host functions, modules.
#include "softcuda/entry.h"
#include "softcuda/event.h"
#include "softcuda/module.h"
#include "softcuda/stream.h"

namespace opennvsci::softcuda {
namespace {

template <InCapture kInCapture = InCapture::allowed, typename Body>
CUresult with_event(CUevent handle, Body&& body) noexcept {
    return with_init<kInCapture>([&] {
        const auto event = event_handles().find(from_opaque(handle));
        return event != nullptr ? body(*event) : CUDA_ERROR_INVALID_HANDLE;
    });
}

}  // namespace

CUresult cuStreamCreate(CUstream* stream, unsigned flags) {
    return with_context([&](const Context& context) {
        if (stream == nullptr || (flags & ~CU_STREAM_NON_BLOCKING) != 0) return CUDA_ERROR_INVALID_VALUE;
        const bool blocking = flags == CU_STREAM_DEFAULT;
        auto made = Stream::make(context.streams(), blocking ? StreamKind::blocking : StreamKind::non_blocking);
        return context.publish(stream_handles(), std::move(made), *stream);
    });
}

// There is one priority, so every number means it: numbers out of range are documented to be clamped.
CUresult cuStreamCreateWithPriority(CUstream* stream, unsigned flags, int /*priority*/) {
    return cuStreamCreate(stream, flags);
}

CUresult cuStreamGetPriority(CUstream stream, int* priority) {
    return with_stream(stream, [&](const Stream&) {
        if (priority == nullptr) return CUDA_ERROR_INVALID_VALUE;
        *priority = 0;
        return CUDA_SUCCESS;
    });
}

CUresult cuStreamGetFlags(CUstream stream, unsigned* flags) {
    return with_stream(stream, [&](Stream& found) {
        if (flags == nullptr) return CUDA_ERROR_INVALID_VALUE;
        if (found.is_capturing()) {  // driver-facts.md F53
            found.invalidate_capture();
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
        *flags = found.kind() == StreamKind::non_blocking ? CU_STREAM_NON_BLOCKING : CU_STREAM_DEFAULT;
        return CUDA_SUCCESS;
    });
}

CUresult cuStreamDestroy_v2(CUstream stream) {
    return with_init([&] {
        const auto found = stream_handles().take(from_opaque(stream));
        if (found == nullptr) return CUDA_ERROR_INVALID_HANDLE;
        found->close();
        return CUDA_SUCCESS;
    });
}

CUresult cuStreamSynchronize(CUstream stream) {
    return with_stream<InCapture::forbidden>(stream, [](Stream& found) { return found.synchronize(); });
}

CUresult cuStreamQuery(CUstream stream) {
    return with_stream<InCapture::forbidden>(stream, [](Stream& found) { return found.query(); });
}

CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags) {
    return with_stream(stream, [&](Stream& found) {
        if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
        const auto awaited = event_handles().find(from_opaque(event));
        if (awaited == nullptr) return CUDA_ERROR_INVALID_HANDLE;
        const auto recorded = awaited->recorded();
        return recorded != nullptr ? found.submit(nullptr, recorded) : CUDA_SUCCESS;
    });
}

CUresult cuLaunchHostFunc(CUstream stream, CUhostFn function, void* userData) {
    return with_stream(stream, [&](Stream& found) {
        if (function == nullptr) return CUDA_ERROR_INVALID_VALUE;
        return found.submit([function, userData] {
            const HostFunctionScope scope;
            function(userData);
        });
    });
}

CUresult cuStreamAddCallback(CUstream stream, StreamCallback* callback, void* userData, unsigned flags) {
    return with_stream(stream, [&](Stream& found) {
        if (callback == nullptr || flags != 0) return CUDA_ERROR_INVALID_VALUE;
        return found.submit([callback, stream, userData] {
            const HostFunctionScope scope;
            callback(stream, CUDA_SUCCESS, userData);
        });
    });
}

CUresult cuEventCreate(CUevent* event, unsigned flags) {
    return with_context([&](const Context& context) {
        if (event == nullptr) return CUDA_ERROR_INVALID_VALUE;
        return create_event(context, flags, *event);
    });
}

CUresult cuEventDestroy_v2(CUevent event) {
    return with_init([&] {
        const bool live = event_handles().take(from_opaque(event)) != nullptr;
        return live ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
    });
}

CUresult cuEventRecord(CUevent event, CUstream stream) {
    return with_event(
        event, [&](Event& found) { return with_stream(stream, [&](Stream& onto) { return found.record(onto); }); });
}

// The flag for captured records changes nothing outside a capture, and a capture takes no work here.
CUresult cuEventRecordWithFlags(CUevent event, CUstream stream, unsigned flags) {
    constexpr unsigned kRecordExternal = 1;
    return flags <= kRecordExternal ? cuEventRecord(event, stream) : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuEventQuery(CUevent event) {
    return with_event<InCapture::forbidden>(event, [](const Event& found) {
        const auto recorded = found.recorded();
        return recorded == nullptr || recorded->done() ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
    });
}

CUresult cuEventSynchronize(CUevent event) {
    return with_event<InCapture::forbidden>(event, [](const Event& found) {
        if (const auto recorded = found.recorded()) recorded->wait();
        return CUDA_SUCCESS;
    });
}

CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) {
    return with_event(start, [&](const Event& from) {
        return with_event(end, [&](const Event& to) {
            return milliseconds != nullptr ? elapsed_time(from, to, *milliseconds) : CUDA_ERROR_INVALID_VALUE;
        });
    });
}

CUresult cuEventElapsedTime_v2(float* milliseconds, CUevent start, CUevent end) {
    return cuEventElapsedTime(milliseconds, start, end);
}

CUresult cuModuleLoadData(CUmodule* module, const void* image) {
    return cuModuleLoadDataEx(module, image, 0, nullptr, nullptr);
}

CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned count, CUjit_option* options, void** values) {
    return with_context([&](const Context&) {
        if (module == nullptr || image == nullptr) return CUDA_ERROR_INVALID_VALUE;
        return load_module(image, count, options, values);
    });
}

// No module can be loaded, so no handle can be valid.

CUresult cuModuleUnload(CUmodule /*module*/) {
    return with_init([] { return CUDA_ERROR_INVALID_HANDLE; });
}

CUresult cuModuleGetFunction(CUfunction* function, CUmodule /*module*/, const char* name) {
    return with_init(
        [&] { return function != nullptr && name != nullptr ? CUDA_ERROR_INVALID_HANDLE : CUDA_ERROR_INVALID_VALUE; });
}

CUresult cuLaunchKernel(CUfunction /*function*/, unsigned /*gridX*/, unsigned /*gridY*/, unsigned /*gridZ*/,
                        unsigned /*blockX*/, unsigned /*blockY*/, unsigned /*blockZ*/, unsigned /*sharedBytes*/,
                        CUstream /*stream*/, void** /*parameters*/, void** /*extra*/) {
    return with_init([] { return CUDA_ERROR_INVALID_HANDLE; });
}

}  // namespace opennvsci::softcuda
