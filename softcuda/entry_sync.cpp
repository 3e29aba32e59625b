// SPDX-License-Identifier: Apache-2.0
//
// Entry points: what a stream is, stream memory operations, stream capture, external semaphores.
#include "softcuda/capture.h"
#include "softcuda/entry.h"
#include "softcuda/memory_operation.h"
#include "softcuda/stream.h"

namespace opennvsci::softcuda {
namespace {

/// What a capture gives: there is never anything in it.
struct Graph {};

HandleTable<Graph>& graph_handles() {
    static auto& table = *new HandleTable<Graph>(HandleKind::soft_graph);
    return table;
}

CUresult submit_one(CUstream stream, CUstreamBatchMemOpType operation, CUdeviceptr address, std::uint64_t value,
                    unsigned flags) {
    return with_stream(stream, [&](Stream& found) {
        CUstreamBatchMemOpParams given{};
        given.waitValue.operation = operation;
        given.waitValue.address = address;
        given.waitValue.value64 = value;  // its low half is the 32-bit value
        given.waitValue.flags = flags;
        return submit_memory_operations(found, {&given, 1});
    });
}

}  // namespace

CUresult cuStreamGetCtx(CUstream stream, CUcontext* context) {
    return with_work_stream(stream, [&](const Context& owner, const Stream&) {
        if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
        *context = owner.handle();
        return CUDA_SUCCESS;
    });
}

CUresult cuStreamGetCtx_v2(CUstream stream, CUcontext* context, CUgreenCtx* greenContext) {
    const CUresult found = cuStreamGetCtx(stream, context);
    if (found == CUDA_SUCCESS && greenContext != nullptr) *greenContext = nullptr;
    return found;
}

CUresult cuStreamGetDevice(CUstream stream, CUdevice* device) {
    return with_work_stream(stream, [&](const Context& owner, const Stream&) {
        if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
        *device = owner.device().ordinal();
        return CUDA_SUCCESS;
    });
}

CUresult cuStreamGetId(CUstream stream, unsigned long long* id) {
    return with_stream(stream, [&](const Stream& found) {
        if (id == nullptr) return CUDA_ERROR_INVALID_VALUE;
        *id = found.id();
        return CUDA_SUCCESS;
    });
}

CUresult cuStreamWaitValue32_v2(CUstream stream, CUdeviceptr address, std::uint32_t value, unsigned flags) {
    return submit_one(stream, CU_STREAM_MEM_OP_WAIT_VALUE_32, address, value, flags);
}

CUresult cuStreamWaitValue64_v2(CUstream stream, CUdeviceptr address, std::uint64_t value, unsigned flags) {
    return submit_one(stream, CU_STREAM_MEM_OP_WAIT_VALUE_64, address, value, flags);
}

CUresult cuStreamWriteValue32_v2(CUstream stream, CUdeviceptr address, std::uint32_t value, unsigned flags) {
    return submit_one(stream, CU_STREAM_MEM_OP_WRITE_VALUE_32, address, value, flags);
}

CUresult cuStreamWriteValue64_v2(CUstream stream, CUdeviceptr address, std::uint64_t value, unsigned flags) {
    return submit_one(stream, CU_STREAM_MEM_OP_WRITE_VALUE_64, address, value, flags);
}

CUresult cuStreamBatchMemOp_v2(CUstream stream, unsigned count, CUstreamBatchMemOpParams* operations, unsigned flags) {
    constexpr unsigned kMostOperations = 255;  // as documented
    return with_stream(stream, [&](Stream& found) {
        if (count == 0 || count > kMostOperations || operations == nullptr || flags != 0) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        return submit_memory_operations(found, {operations, count});
    });
}

CUresult cuStreamIsCapturing(CUstream stream, CUstreamCaptureStatus* status) {
    return with_stream(stream, [&](const Stream& found) {
        return status != nullptr ? found.capture_status(*status) : CUDA_ERROR_INVALID_VALUE;
    });
}

CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode) {
    return with_stream(stream, [&](Stream& found) {
        return mode <= CU_STREAM_CAPTURE_MODE_RELAXED ? found.begin_capture(mode) : CUDA_ERROR_INVALID_VALUE;
    });
}

CUresult cuStreamEndCapture(CUstream stream, CUgraph* graph) {
    return with_stream(stream, [&](Stream& found) {
        if (graph == nullptr) return CUDA_ERROR_INVALID_VALUE;
        *graph = nullptr;
        const CUresult ended = found.end_capture();
        if (ended == CUDA_SUCCESS) {
            *graph = to_opaque<CUgraph>(graph_handles().insert(std::make_shared<Graph>()));
        }
        return ended;
    });
}

CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode* mode) {
    return with_init([&] {
        if (mode == nullptr || *mode > CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_ERROR_INVALID_VALUE;
        exchange_capture_mode(*mode);
        return CUDA_SUCCESS;
    });
}

CUresult cuGraphDestroy(CUgraph graph) {
    return with_init([&] {
        const bool live = graph_handles().take(from_opaque(graph)) != nullptr;
        return live ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
    });
}

// There are no other exporters whose semaphores this device could import, so no handle can be valid.

CUresult cuImportExternalSemaphore(CUexternalSemaphore* semaphore, const CUDA_EXTERNAL_SEMAPHORE_HANDLE_DESC* desc) {
    return with_context([&](const Context&) {
        return semaphore != nullptr && desc != nullptr ? CUDA_ERROR_NOT_SUPPORTED : CUDA_ERROR_INVALID_VALUE;
    });
}

CUresult cuSignalExternalSemaphoresAsync(const CUexternalSemaphore* semaphores,
                                         const CUDA_EXTERNAL_SEMAPHORE_SIGNAL_PARAMS* parameters, unsigned count,
                                         CUstream stream) {
    return with_stream(stream, [&](const Stream&) {
        if (count == 0) return CUDA_SUCCESS;
        return semaphores != nullptr && parameters != nullptr ? CUDA_ERROR_INVALID_HANDLE : CUDA_ERROR_INVALID_VALUE;
    });
}

CUresult cuWaitExternalSemaphoresAsync(const CUexternalSemaphore* semaphores,
                                       const CUDA_EXTERNAL_SEMAPHORE_WAIT_PARAMS* parameters, unsigned count,
                                       CUstream stream) {
    return with_stream(stream, [&](const Stream&) {
        if (count == 0) return CUDA_SUCCESS;
        return semaphores != nullptr && parameters != nullptr ? CUDA_ERROR_INVALID_HANDLE : CUDA_ERROR_INVALID_VALUE;
    });
}

CUresult cuDestroyExternalSemaphore(CUexternalSemaphore semaphore) {
    return with_init([&] { return semaphore != nullptr ? CUDA_ERROR_INVALID_HANDLE : CUDA_ERROR_INVALID_VALUE; });
}

}  // namespace opennvsci::softcuda
