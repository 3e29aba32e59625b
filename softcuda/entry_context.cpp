// SPDX-License-Identifier: Apache-2.0
//
// Entry points: contexts, primary and created, and what is set in them.
#include "softcuda/context.h"
#include "softcuda/context_settings.h"
#include "softcuda/current.h"
#include "softcuda/device.h"
#include "softcuda/entry.h"

namespace opennvsci::softcuda {
namespace {

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

}  // namespace

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
        const PrimaryState state = primary_context_state(found);
        *flags = state.flags;
        *active = state.is_active ? 1 : 0;
        return CUDA_SUCCESS;
    });
}

CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned flags) {
    return with_device(device, &device, [&](const Device& found) {
        // A primary context always maps host memory.
        if (!ContextSettings::are_flags(flags) || (flags & CU_CTX_MAP_HOST) != 0) return CUDA_ERROR_INVALID_VALUE;
        set_primary_context_flags(found, flags);
        return CUDA_SUCCESS;
    });
}

CUresult cuDevicePrimaryCtxReset_v2(CUdevice device) {
    return with_device(device, &device, [](Device& found) {
        reset_primary_context(found);
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxCreate_v2(CUcontext* context, unsigned flags, CUdevice device) {
    return with_device(device, context, [&](Device& found) {
        if (!ContextSettings::are_flags(flags)) return CUDA_ERROR_INVALID_VALUE;
        const auto created = create_context(found, flags);
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

CUresult cuCtxGetFlags(unsigned* flags) {
    return with_context([&](const Context& context) {
        if (flags == nullptr) return CUDA_ERROR_INVALID_VALUE;
        *flags = context.settings().flags();
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxSetFlags(unsigned flags) {
    return with_context([&](const Context& context) {
        if (!ContextSettings::are_flags(flags)) return CUDA_ERROR_INVALID_VALUE;
        context.settings().change_flags(flags);
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxGetLimit(std::size_t* value, CUlimit limit) {
    return with_context([&](const Context& context) {
        return value != nullptr ? context.settings().limit(limit, *value) : CUDA_ERROR_INVALID_VALUE;
    });
}

CUresult cuCtxSetLimit(CUlimit limit, std::size_t value) {
    return with_context<InCapture::forbidden>(
        [&](const Context& context) { return context.settings().set_limit(limit, value); });
}

CUresult cuCtxGetCacheConfig(CUfunc_cache* cache) {
    return with_context([&](const Context& context) {
        if (cache == nullptr) return CUDA_ERROR_INVALID_VALUE;
        *cache = context.settings().preferred_cache();
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxSetCacheConfig(CUfunc_cache cache) {
    return with_context<InCapture::forbidden>([&](const Context& context) {
        if (cache > CU_FUNC_CACHE_PREFER_EQUAL) return CUDA_ERROR_INVALID_VALUE;
        context.settings().prefer_cache(cache);
        return CUDA_SUCCESS;
    });
}

// The banks of compute capability 9.0 have one width, whatever is asked for.

CUresult cuCtxGetSharedMemConfig(CUsharedconfig* config) {
    return with_context([&](const Context&) {
        if (config == nullptr) return CUDA_ERROR_INVALID_VALUE;
        *config = CU_SHARED_MEM_CONFIG_FOUR_BYTE_BANK_SIZE;
        return CUDA_SUCCESS;
    });
}

CUresult cuCtxSetSharedMemConfig(CUsharedconfig config) {
    return with_context([&](const Context&) {
        return config <= CU_SHARED_MEM_CONFIG_EIGHT_BYTE_BANK_SIZE ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    });
}

CUresult cuCtxResetPersistingL2Cache() {
    return with_context([](const Context&) { return CUDA_SUCCESS; });
}

CUresult cuCtxEnablePeerAccess(CUcontext peer, unsigned flags) {
    return with_context([&](const Context& context) {
        const auto found = find_context(peer);
        if (found == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
        if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
        if (!context.device().can_access(found->device())) return CUDA_ERROR_PEER_ACCESS_UNSUPPORTED;
        const bool is_new = context.settings().enable_peer(found->id());
        return is_new ? CUDA_SUCCESS : CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED;
    });
}

CUresult cuCtxDisablePeerAccess(CUcontext peer) {
    return with_context([&](const Context& context) {
        const auto found = find_context(peer);
        if (found == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
        const bool was_enabled = context.settings().disable_peer(found->id());
        return was_enabled ? CUDA_SUCCESS : CUDA_ERROR_PEER_ACCESS_NOT_ENABLED;
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
    return cuCtxSynchronize_v2(nullptr);
}

CUresult cuCtxSynchronize_v2(CUcontext context) {
    return with_named_context(context, [](const Context& found) {
        // Forbidden to relaxed threads too (driver-facts.md F33).
        if (found.streams()->invalidate_captures()) return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
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
