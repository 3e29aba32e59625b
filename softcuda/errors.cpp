// SPDX-License-Identifier: Apache-2.0
#include "softcuda/errors.h"

#include <cerrno>

namespace opennvsci::softcuda {
namespace {

struct ErrorRow {
    CUresult error;
    const char* name;
    const char* text;
};

#define ROW(error, text)    \
    ErrorRow {              \
        error, #error, text \
    }

constexpr ErrorRow kErrors[] = {
    ROW(CUDA_SUCCESS, "no error"),
    ROW(CUDA_ERROR_INVALID_VALUE, "an argument is out of range or does not fit the others"),
    ROW(CUDA_ERROR_OUT_OF_MEMORY, "not enough memory"),
    ROW(CUDA_ERROR_NOT_INITIALIZED, "cuInit has not run in this process"),
    ROW(CUDA_ERROR_DEINITIALIZED, "the driver is shutting down"),
    ROW(CUDA_ERROR_NO_DEVICE, "there is no device"),
    ROW(CUDA_ERROR_INVALID_DEVICE, "there is no such device"),
    ROW(CUDA_ERROR_INVALID_IMAGE, "the module image cannot be used by this device"),
    ROW(CUDA_ERROR_INVALID_CONTEXT, "no context is current, or the handle is no context"),
    ROW(CUDA_ERROR_MAP_FAILED, "mapping failed"),
    ROW(CUDA_ERROR_ARRAY_IS_MAPPED, "the array is mapped"),
    ROW(CUDA_ERROR_ALREADY_MAPPED, "already mapped"),
    ROW(CUDA_ERROR_UNSUPPORTED_LIMIT, "the device does not have this limit"),
    ROW(CUDA_ERROR_PEER_ACCESS_UNSUPPORTED, "the devices cannot reach each other's memory"),
    ROW(CUDA_ERROR_INVALID_PTX, "the PTX text is not valid"),
    ROW(CUDA_ERROR_JIT_COMPILER_NOT_FOUND, "there is no PTX compiler on this device"),
    ROW(CUDA_ERROR_SHARED_OBJECT_SYMBOL_NOT_FOUND, "a shared object lacks a symbol"),
    ROW(CUDA_ERROR_SHARED_OBJECT_INIT_FAILED, "a shared object failed to start"),
    ROW(CUDA_ERROR_OPERATING_SYSTEM, "a system call failed"),
    ROW(CUDA_ERROR_INVALID_HANDLE, "the handle stands for no live object"),
    ROW(CUDA_ERROR_ILLEGAL_STATE, "the object is not in a state that allows this"),
    ROW(CUDA_ERROR_NOT_FOUND, "no symbol of that name"),
    ROW(CUDA_ERROR_NOT_READY, "the work has not finished"),
    ROW(CUDA_ERROR_ILLEGAL_ADDRESS, "an address was used without the right to do so"),
    ROW(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, "the peer's memory can be used already"),
    ROW(CUDA_ERROR_PEER_ACCESS_NOT_ENABLED, "the peer's memory was not made usable"),
    ROW(CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE, "the primary context is active"),
    ROW(CUDA_ERROR_CONTEXT_IS_DESTROYED, "the current context was destroyed"),
    ROW(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, "part of the host memory is registered already"),
    ROW(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, "the host memory is not registered"),
    ROW(CUDA_ERROR_NOT_PERMITTED, "not permitted here"),
    ROW(CUDA_ERROR_NOT_SUPPORTED, "not supported by this device"),
    ROW(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "not permitted on a stream that is capturing"),
    ROW(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "an earlier error has invalidated the capture"),
    ROW(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "a dependency on a capturing stream would arise through the legacy stream"),
    ROW(CUDA_ERROR_UNKNOWN, "an unknown error"),
};

#undef ROW

const ErrorRow* find(CUresult error) noexcept {
    for (const ErrorRow& row : kErrors) {
        if (row.error == error) return &row;
    }
    return nullptr;
}

}  // namespace

const char* error_name(CUresult error) noexcept {
    const ErrorRow* row = find(error);
    return row != nullptr ? row->name : nullptr;
}

const char* error_text(CUresult error) noexcept {
    const ErrorRow* row = find(error);
    return row != nullptr ? row->text : nullptr;
}

CUresult result_from_errno(int error) noexcept {
    const bool exhausted = error == ENOMEM || error == EMFILE || error == ENFILE || error == ENOSPC;
    return exhausted ? CUDA_ERROR_OUT_OF_MEMORY : CUDA_ERROR_OPERATING_SYSTEM;
}

}  // namespace opennvsci::softcuda
