// SPDX-License-Identifier: Apache-2.0
//
// ContextWatch: one CUDA context of the program, which the program may destroy at any time. It answers whether the
// context still exists, because the stock driver does not recognise a destroyed context, or what belonged to it, in
// most calls (driver-facts.md F23).
//
// There is one watch per context, some bytes that are kept for the life of the process. Thread-safe.
#pragma once

#include <memory>

#include "driver/driver.h"
#include "driver/relaxed_capture.h"

namespace opennvsci::driver {

class ContextWatch {
  public:
    /// The watch of the calling thread's current context, made on the first call. Errors: INVALID_CONTEXT, the
    /// driver's.
    [[nodiscard]] static Result<const ContextWatch*> of_current(const Driver& driver);
    /// The watch of the context that `stream` belongs to. Errors: the driver's, such as INVALID_HANDLE.
    [[nodiscard]] static Result<const ContextWatch*> of_stream(const Driver& driver, CUstream stream);

    /// False once the context was destroyed. A context that is destroyed just now may still be taken for alive.
    [[nodiscard]] bool is_alive() const noexcept { return !driver_.is_gone(identity_); }

    [[nodiscard]] const Driver& driver() const noexcept { return driver_; }
    [[nodiscard]] const Device& device() const noexcept { return device_; }
    [[nodiscard]] CUcontext handle() const noexcept { return identity_.handle; }
    /// Of the context's identity: no other context has it.
    [[nodiscard]] unsigned long long id() const noexcept { return identity_.id; }

    /// Runs `body`, which returns a Result, with the context current. Errors: INVALID_CONTEXT if it is gone, without
    /// having run; what `body` returns.
    template <class Body>
    [[nodiscard]] auto run(Body&& body) const -> decltype(body());

  private:
    ContextWatch(const Driver& driver, const Device& device, const ContextIdentity& identity)
        : driver_(driver), device_(device), identity_(identity) {}

    [[nodiscard]] static tl::unexpected<Error> gone();

    const Driver& driver_;
    const Device& device_;
    const ContextIdentity identity_;
};

/// Makes a context that is known to be alive current for a while.
class PushedContext {
  public:
    explicit PushedContext(const ContextWatch& context) noexcept
        : driver_(context.driver()), result_(driver_.call.cuCtxPushCurrent(context.handle())) {}
    PushedContext(const PushedContext&) = delete;
    PushedContext& operator=(const PushedContext&) = delete;
    ~PushedContext() {
        CUcontext popped = nullptr;
        if (result_ == CUDA_SUCCESS) driver_.call.cuCtxPopCurrent(&popped);
    }
    [[nodiscard]] CUresult result() const noexcept { return result_; }

  private:
    const Driver& driver_;
    const CUresult result_;
};

template <class Body>
auto ContextWatch::run(Body&& body) const -> decltype(body()) {
    if (!is_alive()) return gone();
    const PushedContext pushed(*this);
    if (pushed.result() != CUDA_SUCCESS) return driver_.error(pushed.result(), "cuCtxPushCurrent");
    return body();
}

}  // namespace opennvsci::driver
