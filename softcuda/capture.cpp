// SPDX-License-Identifier: Apache-2.0
#include "softcuda/capture.h"

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "softcuda/stream.h"

namespace opennvsci::softcuda {
namespace {

struct Capture {
    std::weak_ptr<Stream> stream;
    CUstreamCaptureMode mode;
    std::thread::id thread;
};

struct Captures {
    std::atomic<bool> any{false};  // so that a process without captures pays one load per call
    std::mutex mutex;
    std::vector<Capture> list;
};

Captures& captures() {
    static auto& all = *new Captures;
    return all;
}

thread_local CUstreamCaptureMode capture_mode = CU_STREAM_CAPTURE_MODE_GLOBAL;

bool is_in_the_way(const Capture& capture) {
    if (capture.thread == std::this_thread::get_id()) return capture.mode != CU_STREAM_CAPTURE_MODE_RELAXED;
    return capture.mode == CU_STREAM_CAPTURE_MODE_GLOBAL && capture_mode == CU_STREAM_CAPTURE_MODE_GLOBAL;
}

}  // namespace

void add_capture(const std::shared_ptr<Stream>& stream, CUstreamCaptureMode mode) {
    Captures& all = captures();
    const std::lock_guard lock(all.mutex);
    // An ended capture is forgotten when somebody looks, and may have been one of this stream.
    std::erase_if(all.list, [&](const Capture& capture) {
        const auto known = capture.stream.lock();
        return known == nullptr || known == stream;
    });
    all.list.push_back({stream, mode, std::this_thread::get_id()});
    all.any = true;
}

CUresult check_no_capture() {
    Captures& all = captures();
    if (!all.any || capture_mode == CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_SUCCESS;
    const std::lock_guard lock(all.mutex);
    CUresult result = CUDA_SUCCESS;
    std::erase_if(all.list, [&](const Capture& capture) {
        const auto stream = capture.stream.lock();
        if (stream == nullptr || !stream->is_capturing()) return true;
        if (!is_in_the_way(capture)) return false;
        stream->invalidate_capture();
        result = CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        return false;
    });
    all.any = !all.list.empty();
    return result;
}

void exchange_capture_mode(CUstreamCaptureMode& mode) noexcept {
    std::swap(capture_mode, mode);
}

}  // namespace opennvsci::softcuda
