// SPDX-License-Identifier: Apache-2.0
#include "driver/stream_place.h"

namespace opennvsci::driver {
namespace {

// A thread mostly uses the same streams again. Ids are never used again, so an entry cannot become wrong.
struct KnownStream {
    unsigned long long id = 0;
    const ContextWatch* context = nullptr;
};
[[gnu::tls_model("initial-exec")]] constinit thread_local KnownStream t_known[2];

}  // namespace

Result<StreamPlace> StreamPlace::of(const Driver& driver, CUstream stream) {
    CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
    if (const CUresult result = driver.call.cuStreamIsCapturing(stream, &status); result != CUDA_SUCCESS) {
        return driver.error(result, "cuStreamIsCapturing");
    }
    if (status != CU_STREAM_CAPTURE_STATUS_NONE) {
        return fail(NvSciError_InvalidState,
                    "the stream captures a graph, which cannot hold an NvSciSync signal or wait; wait before the "
                    "graph is launched and signal after it, in the stream of the launch",
                    CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    }
    StreamPlace place{stream, 0, nullptr};
    if (driver.call.cuStreamGetId != nullptr) {
        if (const CUresult result = driver.call.cuStreamGetId(stream, &place.id); result != CUDA_SUCCESS) {
            return driver.error(result, "cuStreamGetId");
        }
    }
    KnownStream& known = t_known[place.id % 2];
    if (place.is_same_stream(known.id)) {
        place.context = known.context;
        return place;
    }
    OPENNVSCI_TRY_ASSIGN(context, ContextWatch::of_stream(driver, stream));
    place.context = context;
    known = {place.id, context};
    return place;
}

}  // namespace opennvsci::driver
