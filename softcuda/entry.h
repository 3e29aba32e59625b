// SPDX-License-Identifier: Apache-2.0
//
// The exported functions, declared from the tables of entry points, and the frame around each of them: what must hold
// before the call, and that no C++ exception leaves. The entry files check pointers, call down and store results.
#pragma once

#include <memory>
#include <new>
#include <system_error>

#include "base/cuda_entry_points.h"
#include "softcuda/abi.h"
#include "softcuda/capture.h"
#include "softcuda/current.h"
#include "softcuda/device.h"
#include "softcuda/entry_points.h"
#include "softcuda/process.h"

#define OPENNVSCI_SOFTCUDA_EXPORT __attribute__((visibility("default")))

namespace opennvsci::softcuda {

extern "C" {
#define OPENNVSCI_DECLARE(name, symbol, version, presence, parameters) \
    OPENNVSCI_SOFTCUDA_EXPORT CUresult symbol parameters;
OPENNVSCI_CUDA_ENTRY_POINTS(OPENNVSCI_DECLARE)
#undef OPENNVSCI_DECLARE

#define OPENNVSCI_DECLARE(name, symbol, version, parameters) OPENNVSCI_SOFTCUDA_EXPORT CUresult symbol parameters;
OPENNVSCI_SOFTCUDA_ENTRY_POINTS(OPENNVSCI_DECLARE)
#undef OPENNVSCI_DECLARE

/// Only the software device has this symbol. Returns the version of the device's own behaviour, now 1.
OPENNVSCI_SOFTCUDA_EXPORT int opennvsciSoftCudaVersion();
/// For libopennvsci, before it calls cuInit: whether the process had a stderr when that was loaded.
OPENNVSCI_SOFTCUDA_EXPORT void opennvsciSoftCudaFollowLog(bool had_stderr);
}

/// For functions that need no initialisation.
template <typename Body>
CUresult without_init(Body&& body) noexcept {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    } catch (const std::system_error&) {
        return CUDA_ERROR_OPERATING_SYSTEM;
    } catch (...) {
        return CUDA_ERROR_UNKNOWN;
    }
}

/// What becomes of a function's call during a capture (softcuda/capture.h).
enum class InCapture { allowed, forbidden };

/// For functions that need cuInit.
template <InCapture kInCapture = InCapture::allowed, typename Body>
CUresult with_init(Body&& body) noexcept {
    if (const CUresult callable = check_callable(); callable != CUDA_SUCCESS) return callable;
    return without_init([&] {
        if constexpr (kInCapture == InCapture::forbidden) {
            if (const CUresult apart = check_no_capture(); apart != CUDA_SUCCESS) return apart;
        }
        return body();
    });
}

/// For functions of a device; the body gets it.
template <typename Body>
CUresult with_device(CUdevice ordinal, const void* output, Body&& body) noexcept {
    return with_init([&] {
        if (output == nullptr) return CUDA_ERROR_INVALID_VALUE;
        Device* device = find_device(ordinal);
        return device != nullptr ? body(*device) : CUDA_ERROR_INVALID_DEVICE;
    });
}

/// For functions that need a current context; the body gets it.
template <InCapture kInCapture = InCapture::allowed, typename Body>
CUresult with_context(Body&& body) noexcept {
    return with_init<kInCapture>([&] {
        std::shared_ptr<Context> context;
        const CUresult current = current_context(context);
        return current == CUDA_SUCCESS ? body(*context) : current;
    });
}

/// For functions of a stream; the body gets it.
template <InCapture kInCapture = InCapture::allowed, typename Body>
CUresult with_stream(CUstream handle, Body&& body) noexcept {
    return with_init<kInCapture>([&] {
        std::shared_ptr<Stream> stream;
        const CUresult found = find_stream(handle, stream);
        return found == CUDA_SUCCESS ? body(*stream) : found;
    });
}

/// For work of a stream; the body gets the stream's context too, which need not be the current one.
template <InCapture kInCapture = InCapture::allowed, typename Body>
CUresult with_work_stream(CUstream handle, Body&& body) noexcept {
    return with_stream<kInCapture>(handle, [&](Stream& stream) {
        const auto context = find_context(stream.group()->context());
        return context != nullptr ? body(*context, stream) : CUDA_ERROR_CONTEXT_IS_DESTROYED;
    });
}

}  // namespace opennvsci::softcuda
