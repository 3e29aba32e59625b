// SPDX-License-Identifier: Apache-2.0
//
// ScopedContext makes sure that a context of a device is current on the calling thread for a while, the current one if
// it is of the device, else the primary one, made if need be and then kept (driver/kept_contexts.h), and puts the old
// state back.
//
// It never makes a context current that a program may have destroyed: the stock driver does not recognise that and
// corrupts its heap (driver-facts.md F23).
#pragma once

#include "driver/driver.h"

namespace opennvsci::driver {

class ScopedContext {
  public:
    ScopedContext(const Driver& driver, const Device& device) noexcept;
    ScopedContext(const ScopedContext&) = delete;
    ScopedContext& operator=(const ScopedContext&) = delete;
    ~ScopedContext();

    /// The driver's answer where a context could not be made current.
    [[nodiscard]] CUresult result() const noexcept { return result_; }

    /// The context is the primary one, made current for the time of this object.
    [[nodiscard]] bool is_primary() const noexcept { return pushed_; }

  private:
    [[nodiscard]] bool is_device_current() const noexcept;
    [[nodiscard]] bool is_primary_there() const noexcept;

    const Driver& driver_;
    const Device& device_;
    bool retained_ = false;
    bool pushed_ = false;
    CUresult result_ = CUDA_SUCCESS;
};

}  // namespace opennvsci::driver
