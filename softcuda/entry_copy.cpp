// SPDX-License-Identifier: Apache-2.0
//
// Entry points: copies between addresses, also of peers, and memsets.
#include <cstdint>

#include "softcuda/copy.h"
#include "softcuda/entry.h"

namespace opennvsci::softcuda {
namespace {

Operand on_host(const void* pointer) noexcept {
    return {reinterpret_cast<std::uintptr_t>(pointer), Side::host};
}

Operand on_device(CUdeviceptr pointer) noexcept {
    return {pointer, Side::device};
}

CUresult copy_now(Operand destination, Operand source, std::size_t size) noexcept {
    return with_context([&](const Context& context) {
        return copy({context, context}, *context.legacy_stream(), destination, source, size, Return::when_done);
    });
}

CUresult copy_async(Operand destination, Operand source, std::size_t size, CUstream stream) noexcept {
    return with_work_stream(stream, [&](const Context& context, Stream& found) {
        return copy({context, context}, found, destination, source, size, Return::when_submitted);
    });
}

struct Peer {
    CUdeviceptr pointer;
    CUcontext context;  // null: the caller's own
};

CUresult copy_peers(const Context& own, Stream& stream, Peer destination, Peer source, std::size_t size, Return when) {
    const auto to = find_context_or_own(destination.context, own);
    const auto from = find_context_or_own(source.context, own);
    if (to == nullptr || from == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
    return copy({*to, *from}, stream, on_device(destination.pointer), on_device(source.pointer), size, when);
}

CUresult fill_now(const Fill& wanted) noexcept {
    return with_context(
        [&](const Context& context) { return fill(context, *context.legacy_stream(), wanted, Return::when_done); });
}

CUresult fill_async(const Fill& wanted, CUstream stream) noexcept {
    return with_work_stream(stream, [&](const Context& context, Stream& found) {
        return fill(context, found, wanted, Return::when_submitted);
    });
}

}  // namespace

// With unified addressing the kind of memory follows from the address: what the device does not know is the host's.

CUresult cuMemcpy(CUdeviceptr destination, CUdeviceptr source, std::size_t size) {
    return copy_now({destination, Side::host}, {source, Side::host}, size);
}

CUresult cuMemcpyAsync(CUdeviceptr destination, CUdeviceptr source, std::size_t size, CUstream stream) {
    return copy_async({destination, Side::host}, {source, Side::host}, size, stream);
}

CUresult cuMemcpyHtoD_v2(CUdeviceptr destination, const void* source, std::size_t size) {
    return copy_now(on_device(destination), on_host(source), size);
}

CUresult cuMemcpyDtoH_v2(void* destination, CUdeviceptr source, std::size_t size) {
    return copy_now(on_host(destination), on_device(source), size);
}

CUresult cuMemcpyDtoD_v2(CUdeviceptr destination, CUdeviceptr source, std::size_t size) {
    return copy_now(on_device(destination), on_device(source), size);
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr destination, const void* source, std::size_t size, CUstream stream) {
    return copy_async(on_device(destination), on_host(source), size, stream);
}

CUresult cuMemcpyDtoHAsync_v2(void* destination, CUdeviceptr source, std::size_t size, CUstream stream) {
    return copy_async(on_host(destination), on_device(source), size, stream);
}

CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr destination, CUdeviceptr source, std::size_t size, CUstream stream) {
    return copy_async(on_device(destination), on_device(source), size, stream);
}

CUresult cuMemcpyPeer(CUdeviceptr destination, CUcontext destinationContext, CUdeviceptr source,
                      CUcontext sourceContext, std::size_t size) {
    return with_context([&](const Context& context) {
        return copy_peers(context, *context.legacy_stream(), {destination, destinationContext}, {source, sourceContext},
                          size, Return::when_done);
    });
}

CUresult cuMemcpyPeerAsync(CUdeviceptr destination, CUcontext destinationContext, CUdeviceptr source,
                           CUcontext sourceContext, std::size_t size, CUstream stream) {
    return with_work_stream(stream, [&](const Context& context, Stream& found) {
        return copy_peers(context, found, {destination, destinationContext}, {source, sourceContext}, size,
                          Return::when_submitted);
    });
}

CUresult cuMemsetD8_v2(CUdeviceptr destination, unsigned char value, std::size_t count) {
    return fill_now({destination, 0, value, 1, count, 1});
}

CUresult cuMemsetD8Async(CUdeviceptr destination, unsigned char value, std::size_t count, CUstream stream) {
    return fill_async({destination, 0, value, 1, count, 1}, stream);
}

CUresult cuMemsetD2D8_v2(CUdeviceptr destination, std::size_t pitch, unsigned char value, std::size_t width,
                         std::size_t height) {
    return fill_now({destination, pitch, value, 1, width, height});
}

CUresult cuMemsetD2D8Async(CUdeviceptr destination, std::size_t pitch, unsigned char value, std::size_t width,
                           std::size_t height, CUstream stream) {
    return fill_async({destination, pitch, value, 1, width, height}, stream);
}

CUresult cuMemsetD16_v2(CUdeviceptr destination, unsigned short value, std::size_t count) {
    return fill_now({destination, 0, value, 2, count, 1});
}

CUresult cuMemsetD16Async(CUdeviceptr destination, unsigned short value, std::size_t count, CUstream stream) {
    return fill_async({destination, 0, value, 2, count, 1}, stream);
}

CUresult cuMemsetD2D16_v2(CUdeviceptr destination, std::size_t pitch, unsigned short value, std::size_t width,
                          std::size_t height) {
    return fill_now({destination, pitch, value, 2, width, height});
}

CUresult cuMemsetD2D16Async(CUdeviceptr destination, std::size_t pitch, unsigned short value, std::size_t width,
                            std::size_t height, CUstream stream) {
    return fill_async({destination, pitch, value, 2, width, height}, stream);
}

CUresult cuMemsetD32_v2(CUdeviceptr destination, unsigned value, std::size_t count) {
    return fill_now({destination, 0, value, 4, count, 1});
}

CUresult cuMemsetD32Async(CUdeviceptr destination, unsigned value, std::size_t count, CUstream stream) {
    return fill_async({destination, 0, value, 4, count, 1}, stream);
}

CUresult cuMemsetD2D32_v2(CUdeviceptr destination, std::size_t pitch, unsigned value, std::size_t width,
                          std::size_t height) {
    return fill_now({destination, pitch, value, 4, width, height});
}

CUresult cuMemsetD2D32Async(CUdeviceptr destination, std::size_t pitch, unsigned value, std::size_t width,
                            std::size_t height, CUstream stream) {
    return fill_async({destination, pitch, value, 4, width, height}, stream);
}

}  // namespace opennvsci::softcuda
