// SPDX-License-Identifier: Apache-2.0
#include "softcuda/context.h"

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include "softcuda/array.h"
#include "softcuda/event.h"
#include "softcuda/external_memory.h"

namespace opennvsci::softcuda {
namespace {

constexpr HandleValue kTag = static_cast<HandleValue>(HandleKind::soft_context) << 48U;

/// The live contexts, by id. The handle is the id with the tag, so a HandleTable would only count twice.
struct ContextTable {
    std::mutex mutex;
    ContextId last_id = 0;
    std::map<ContextId, std::shared_ptr<Context>> live;
};

struct PrimaryContext {
    std::mutex mutex;
    std::shared_ptr<Context> context;
    unsigned retained = 0;
    unsigned flags = CU_CTX_SCHED_AUTO;
};

ContextTable& contexts() {
    static auto& table = *new ContextTable;
    return table;
}

PrimaryContext& primary_context(const Device& device) {
    static auto& all = *new std::array<PrimaryContext, kMaxDevices>;
    return all[static_cast<std::size_t>(device.ordinal())];
}

std::shared_ptr<Context> make_context(Device& device, bool primary, unsigned flags) {
    ContextTable& table = contexts();
    const std::lock_guard lock(table.mutex);
    const ContextId id = ++table.last_id;
    auto context = std::make_shared<Context>(device, id, primary, flags);
    table.live.emplace(id, context);
    return context;
}

/// Removes the context from the table, so that exactly one caller tears it down.
std::shared_ptr<Context> take_context(CUcontext handle, bool primary) {
    const HandleValue value = from_opaque(handle);
    ContextTable& table = contexts();
    const std::lock_guard lock(table.mutex);
    const auto found = table.live.find(value ^ kTag);
    if (found == table.live.end() || found->second->primary() != primary) return nullptr;
    std::shared_ptr<Context> context = std::move(found->second);
    table.live.erase(found);
    return context;
}

/// Takes the primary context, if there is one, out of its place and the table. With its mutex held.
std::shared_ptr<Context> take_primary(PrimaryContext& primary) {
    primary.flags = CU_CTX_SCHED_AUTO;
    const std::shared_ptr<Context> context = std::move(primary.context);
    primary.context = nullptr;
    return context != nullptr ? take_context(context->handle(), true) : nullptr;
}

void tear_down(const Context& context) {
    context.streams()->close();
    const ContextId id = context.id();
    (void)stream_handles().take_if([&](const Stream& stream) { return stream.group()->context() == id; });
    (void)event_handles().take_if([&](const Event& event) { return event.context() == id; });
    drop_arrays_of(id);
    (void)external_memory_handles().take_if([&](const ExternalMemory& memory) { return memory.context() == id; });
    for (const auto& range : RangeRegistry::instance().take_owned_by(id))
        range->release_memory();
}

}  // namespace

Context::Context(Device& device, ContextId id, bool primary, unsigned flags)
    : device_(device),
      primary_(primary),
      streams_(std::make_shared<StreamGroup>(id)),
      legacy_stream_(Stream::make(streams_, StreamKind::legacy_default)),
      settings_(std::make_unique<ContextSettings>(flags)) {}

CUcontext Context::handle() const noexcept {
    return to_opaque<CUcontext>(kTag | id());
}

CUresult Context::adopt(const std::shared_ptr<Range>& range) const {
    range->owner = id();
    RangeRegistry::instance().insert(range);
    if (!destroyed()) return CUDA_SUCCESS;
    // If the range is no longer there, the destruction of the context has found and released it.
    if (RangeRegistry::instance().take(range->base, {range->kind}) != nullptr) range->release_memory();
    return CUDA_ERROR_CONTEXT_IS_DESTROYED;
}

std::shared_ptr<Context> create_context(Device& device, unsigned flags) {
    return make_context(device, false, flags);
}

std::shared_ptr<Context> find_context(CUcontext handle) {
    return find_context(from_opaque(handle) ^ kTag);
}

std::shared_ptr<Context> find_context(ContextId id) {
    ContextTable& table = contexts();
    const std::lock_guard lock(table.mutex);
    const auto found = table.live.find(id);
    return found != table.live.end() ? found->second : nullptr;
}

std::shared_ptr<Context> find_context_or_own(CUcontext handle, const Context& own) {
    return find_context(handle != nullptr ? handle : own.handle());
}

CUresult destroy_context(CUcontext handle) {
    const std::shared_ptr<Context> context = take_context(handle, false);
    if (context == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
    tear_down(*context);
    return CUDA_SUCCESS;
}

std::shared_ptr<Context> retain_primary_context(Device& device) {
    PrimaryContext& primary = primary_context(device);
    const std::lock_guard lock(primary.mutex);
    if (primary.context == nullptr) primary.context = make_context(device, true, primary.flags | CU_CTX_MAP_HOST);
    ++primary.retained;
    return primary.context;
}

CUresult release_primary_context(Device& device) {
    PrimaryContext& primary = primary_context(device);
    std::shared_ptr<Context> last;
    {
        const std::lock_guard lock(primary.mutex);
        if (primary.retained == 0) return CUDA_ERROR_INVALID_CONTEXT;
        if (--primary.retained > 0) return CUDA_SUCCESS;
        last = take_primary(primary);
    }
    if (last != nullptr) tear_down(*last);
    return CUDA_SUCCESS;
}

void reset_primary_context(Device& device) {
    PrimaryContext& primary = primary_context(device);
    std::shared_ptr<Context> found;
    {
        const std::lock_guard lock(primary.mutex);
        found = take_primary(primary);
    }
    if (found != nullptr) tear_down(*found);
}

PrimaryState primary_context_state(const Device& device) {
    PrimaryContext& primary = primary_context(device);
    const std::lock_guard lock(primary.mutex);
    return {primary.flags, primary.context != nullptr};
}

void set_primary_context_flags(const Device& device, unsigned flags) {
    PrimaryContext& primary = primary_context(device);
    const std::lock_guard lock(primary.mutex);
    primary.flags = flags;
    if (primary.context != nullptr) primary.context->settings().change_flags(flags);
}

}  // namespace opennvsci::softcuda
