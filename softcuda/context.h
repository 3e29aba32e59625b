// SPDX-License-Identifier: Apache-2.0
//
// A context: the scope that owns streams, events, cuMemAlloc memory, host memory, arrays and imported memory on one
// device. Its id is never used again in this process. Destroying it refuses new work, waits for the work it has, and
// frees what it owns; the object itself stays for the threads that still have it current, which get
// CONTEXT_IS_DESTROYED.
//
// Each device has one primary context, which lives while it is retained, unless it is reset.
#pragma once

#include <memory>
#include <utility>

#include "softcuda/abi.h"
#include "softcuda/context_settings.h"
#include "softcuda/device.h"
#include "softcuda/handle_table.h"
#include "softcuda/ranges.h"
#include "softcuda/stream.h"

namespace opennvsci::softcuda {

class Context {
  public:
    Context(Device& device, ContextId id, bool primary, unsigned flags);

    [[nodiscard]] Device& device() const noexcept { return device_; }
    [[nodiscard]] ContextId id() const noexcept { return streams_->context(); }
    [[nodiscard]] bool primary() const noexcept { return primary_; }
    [[nodiscard]] const std::shared_ptr<StreamGroup>& streams() const noexcept { return streams_; }
    [[nodiscard]] const std::shared_ptr<Stream>& legacy_stream() const noexcept { return legacy_stream_; }
    [[nodiscard]] bool destroyed() const { return streams_->closed(); }
    [[nodiscard]] ContextSettings& settings() const noexcept { return *settings_; }

    /// The context's handle; it keeps its value when the context is destroyed.
    [[nodiscard]] CUcontext handle() const noexcept;

    /// Makes the range known as this context's own. CONTEXT_IS_DESTROYED, and the memory is released, if the context
    /// was destroyed meanwhile.
    [[nodiscard]] CUresult adopt(const std::shared_ptr<Range>& range) const;

    /// Gives an object that this context owns its handle. CONTEXT_IS_DESTROYED, and the object is dropped, if the
    /// context was destroyed meanwhile: who destroys it has looked for its objects already.
    template <typename Opaque, typename Object>
    [[nodiscard]] CUresult publish(HandleTable<Object>& table, std::shared_ptr<Object> object, Opaque& handle) const {
        const HandleValue value = table.insert(std::move(object));
        if (destroyed()) {
            (void)table.take(value);
            return CUDA_ERROR_CONTEXT_IS_DESTROYED;
        }
        handle = to_opaque<Opaque>(value);
        return CUDA_SUCCESS;
    }

  private:
    Device& device_;
    const bool primary_;
    const std::shared_ptr<StreamGroup> streams_;
    const std::shared_ptr<Stream> legacy_stream_;
    const std::unique_ptr<ContextSettings> settings_;
};

[[nodiscard]] std::shared_ptr<Context> create_context(Device& device, unsigned flags);

/// nullptr if the handle or id stands for no live context.
[[nodiscard]] std::shared_ptr<Context> find_context(CUcontext handle);
[[nodiscard]] std::shared_ptr<Context> find_context(ContextId id);
/// For a call that names a context for one of its ends: null is the caller's own.
[[nodiscard]] std::shared_ptr<Context> find_context_or_own(CUcontext handle, const Context& own);

/// INVALID_CONTEXT for a primary context or a handle that is not live.
[[nodiscard]] CUresult destroy_context(CUcontext handle);

[[nodiscard]] std::shared_ptr<Context> retain_primary_context(Device& device);
/// INVALID_CONTEXT if the primary context is not retained.
[[nodiscard]] CUresult release_primary_context(Device& device);
/// Destroys the primary context, if there is one, and forgets its flags. The count of its references stays: what is
/// retained next is a new context (driver-facts.md F44).
void reset_primary_context(Device& device);

struct PrimaryState {
    unsigned flags;
    bool is_active;
};
[[nodiscard]] PrimaryState primary_context_state(const Device& device);
/// For the primary context that there is, and those that are retained later.
void set_primary_context_flags(const Device& device, unsigned flags);

}  // namespace opennvsci::softcuda
