// SPDX-License-Identifier: Apache-2.0
//
// ScopedContext makes sure that a context is current on the calling thread for a while, and puts the old state back.
//
// It never makes a context current that a program may have destroyed: the stock driver does not recognise that and
// corrupts its heap (measured: cuCtxPushCurrent of a destroyed context, H100, driver 580).
#pragma once

#include "driver/driver.h"

namespace opennvsci::driver {

class ScopedContext {
  public:
    enum class Want {
        of_device,       ///< the current context if it is of the device, else the device's primary one, made if need be
        primary_if_any,  ///< the device's primary context, if it exists already; otherwise nothing changes
    };
    ScopedContext(const Driver& driver, const Device& device, Want want) noexcept;
    ScopedContext(const ScopedContext&) = delete;
    ScopedContext& operator=(const ScopedContext&) = delete;
    ~ScopedContext();

    /// The driver's answer where a context could not be made current.
    [[nodiscard]] CUresult result() const noexcept { return result_; }
    /// True if the primary context is current because of this object.
    [[nodiscard]] bool has_primary() const noexcept { return pushed_; }

  private:
    [[nodiscard]] bool is_device_current() const noexcept;
    [[nodiscard]] bool is_primary_active() const noexcept;

    const Driver& driver_;
    const Device& device_;
    bool retained_ = false;
    bool pushed_ = false;
    CUresult result_ = CUDA_SUCCESS;
};

}  // namespace opennvsci::driver
