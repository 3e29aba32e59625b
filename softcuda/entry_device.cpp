// SPDX-License-Identifier: Apache-2.0
//
// Entry points: initialisation, errors, devices and contexts.
#include <algorithm>
#include <cstring>

#include "base/log.h"
#include "softcuda/context.h"
#include "softcuda/current.h"
#include "softcuda/device.h"
#include "softcuda/entry.h"
#include "softcuda/errors.h"

namespace opennvsci::softcuda {
namespace {

template <typename Body>
CUresult with_device(CUdevice ordinal, const void* output, Body&& body) noexcept {
    return with_init([&] {
        if (output == nullptr) return CUDA_ERROR_INVALID_VALUE;
        Device* device = find_device(ordinal);
        return device != nullptr ? body(*device) : CUDA_ERROR_INVALID_DEVICE;
    });
}

/// The body gets the context `handle`, or the current one for null.
template <typename Body>
CUresult with_named_context(CUcontext handle, Body&& body) noexcept {
    return with_init([&] {
        std::shared_ptr<Context> found;
        const CUresult current = current_context(found);
        const bool asks_for_current = handle == nullptr || (found != nullptr && found->handle() == handle);
        if (!asks_for_current) {
            found = find_context(handle);
            if (found == nullptr) return CUDA_ERROR_CONTEXT_IS_DESTROYED;
        } else if (current != CUDA_SUCCESS) {
            return current;
        }
        return body(*found);
    });
}

CUresult store_text(const char* found, const char** text) noexcept {
    if (text == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *text = found;
    return found != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

}  // namespace

int opennvsciSoftCudaVersion() {
    return 1;
}

void opennvsciSoftCudaFollowLog(bool had_stderr) {
    log::follow(had_stderr);
}

CUresult cuInit(unsigned flags) {
    return without_init([&] { return initialise(flags); });
}

CUresult cuDriverGetVersion(int* version) {
    if (version == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *version = kDriverVersion;
    return CUDA_SUCCESS;
}

CUresult cuGetErrorName(CUresult error, const char** text) {
    return store_text(error_name(error), text);
}

CUresult cuGetErrorString(CUresult error, const char** text) {
    return store_text(error_text(error), text);
}

CUresult cuDeviceGetCount(int* count) {
    return with_init([&] {
        if (count == nullptr) return CUDA_ERROR_INVALID_VALUE;
        *count = device_count();
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceGet(CUdevice* device, int ordinal) {
    return with_device(ordinal, device, [&](const Device& found) {
        *device = found.ordinal();
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceGetName(char* name, int length, CUdevice device) {
    return with_device(device, name, [&](const Device& found) {
        if (length <= 0) return CUDA_ERROR_INVALID_VALUE;
        const std::size_t used = std::min(found.name().size(), static_cast<std::size_t>(length) - 1);
        std::memcpy(name, found.name().data(), used);
        name[used] = '\0';
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice device) {
    return with_device(device, uuid, [&](const Device& found) {
        *uuid = found.uuid();
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceGetUuid_v2(CUuuid* uuid, CUdevice device) {
    return cuDeviceGetUuid(uuid, device);
}

CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device) {
    return with_device(device, value, [&](const Device& found) { return found.attribute(attribute, *value); });
}

CUresult cuDeviceComputeCapability(int* major, int* minor, CUdevice device) {
    const CUresult result = cuDeviceGetAttribute(major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device);
    if (result != CUDA_SUCCESS) return result;
    return cuDeviceGetAttribute(minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device);
}

// As the driver for desktops and servers answers; OpenNvSci's interposer takes the call before it comes here.
CUresult cuDeviceGetNvSciSyncAttributes(void* nvSciSyncAttrList, CUdevice device, int /*flags*/) {
    return with_device(device, nvSciSyncAttrList, [](const Device&) { return CUDA_ERROR_NOT_SUPPORTED; });
}

CUresult cuDeviceTotalMem_v2(std::size_t* bytes, CUdevice device) {
    return with_device(device, bytes, [&](const Device& found) {
        *bytes = found.total_memory();
        return CUDA_SUCCESS;
    });
}

CUresult cuDeviceCanAccessPeer(int* canAccess, CUdevice device, CUdevice peer) {
    return with_device(device, canAccess, [&](const Device& found) {
        const Device* other = find_device(peer);
        if (other == nullptr) return CUDA_ERROR_INVALID_DEVICE;
        *canAccess = &found != other ? 1 : 0;
        return CUDA_SUCCESS;
    });
}

CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
    return with_device(device, context, [&](Device& found) {
        *context = retain_primary_context(found)->handle();
        return CUDA_SUCCESS;
    });
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    return with_device(device, &device, [](Device& found) { return release_primary_context(found); });
}

CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned* flags, int* active) {
    return with_device(device, flags, [&](const Device& found) {
        if (active == nullptr) return CUDA_ERROR_INVALID_VALUE;
        *flags = CU_CTX_SCHED_AUTO;
        *active = is_primary_context_active(found) ? 1 : 0;
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxCreate_v2(CUcontext* context, unsigned flags, CUdevice device) {
    constexpr unsigned kKnownFlags = 0x1f;  // scheduling, host mapping and local memory: hints that change nothing here
    return with_device(device, context, [&](Device& found) {
        if ((flags & ~kKnownFlags) != 0) return CUDA_ERROR_INVALID_VALUE;
        const auto created = create_context(found);
        try {
            push_context(created);
        } catch (...) {
            (void)destroy_context(created->handle());
            throw;
        }
        *context = created->handle();
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxCreate_v4(CUcontext* context, const ContextCreateParameters* parameters, unsigned flags,
                        CUdevice device) {
    if (parameters != nullptr && (parameters->affinity_count != 0 || parameters->graphics != nullptr)) {
        return with_init([] { return CUDA_ERROR_NOT_SUPPORTED; });
    }
    return cuCtxCreate_v2(context, flags, device);
}

CUresult cuCtxDestroy_v2(CUcontext context) {
    return with_init([&] {
        const auto top = top_context();
        const CUresult result = destroy_context(context);
        if (result == CUDA_SUCCESS && top != nullptr && top->handle() == context) (void)pop_context();
        return result;
    });
}

CUresult cuCtxGetCurrent(CUcontext* context) {
    return with_init([&] {
        if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
        const auto top = top_context();
        *context = top != nullptr ? top->handle() : nullptr;
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxSetCurrent(CUcontext context) {
    return with_init([&] {
        auto found = find_context(context);
        if (context != nullptr && found == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
        replace_top_context(std::move(found));
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxPushCurrent_v2(CUcontext context) {
    return with_init([&] {
        auto found = find_context(context);
        if (found == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
        push_context(std::move(found));
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxPopCurrent_v2(CUcontext* context) {
    return with_init([&] {
        const auto top = pop_context();
        if (top == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
        if (context != nullptr) *context = top->handle();
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxGetDevice(CUdevice* device) {
    return with_context([&](const Context& context) {
        if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
        *device = context.device().ordinal();
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxGetDevice_v2(CUdevice* device, CUcontext context) {
    return with_named_context(context, [&](const Context& found) {
        if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
        *device = found.device().ordinal();
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxGetId(CUcontext context, unsigned long long* id) {
    return with_named_context(context, [&](const Context& found) {
        if (id == nullptr) return CUDA_ERROR_INVALID_VALUE;
        *id = found.id();
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxGetApiVersion(CUcontext context, unsigned* version) {
    return with_named_context(context, [&](const Context&) {
        if (version == nullptr) return CUDA_ERROR_INVALID_VALUE;
        *version = kDriverVersion;
        return CUDA_SUCCESS;
    });
}

// A range of one: the device has no priorities.
CUresult cuCtxGetStreamPriorityRange(int* least, int* greatest) {
    return with_context([&](const Context&) {
        if (least != nullptr) *least = 0;
        if (greatest != nullptr) *greatest = 0;
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxSynchronize() {
    return with_context([](const Context& context) {
        // Forbidden to relaxed threads too (driver-facts.md F33).
        if (context.streams()->invalidate_captures()) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        context.streams()->synchronize();
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxSynchronize_v2(CUcontext context) {
    return with_named_context(context, [](const Context& found) {
        found.streams()->synchronize();
        return CUDA_SUCCESS;
    });
}

// There is nothing to profile, and programs that mark what shall be profiled run all the same.

CUresult cuProfilerStart() {
    return with_context([](const Context&) { return CUDA_SUCCESS; });
}

CUresult cuProfilerStop() {
    return with_context([](const Context&) { return CUDA_SUCCESS; });
}

}  // namespace opennvsci::softcuda
