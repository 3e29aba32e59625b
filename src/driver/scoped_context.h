// SPDX-License-Identifier: Apache-2.0
//
// ScopedContext makes a context current on the calling thread and puts the old state back.
#pragma once

#include "driver/driver.h"

namespace opennvsci::driver {

class ScopedContext {
  public:
    /// Makes `context` current. If that fails (a destroyed context) nothing changes and result() says why.
    ScopedContext(const Driver& driver, CUcontext context) noexcept;
    /// Makes a context of `device` current: the one that is current already if it is of that device, else the device's
    /// primary context, which is retained meanwhile.
    ScopedContext(const Driver& driver, const Device& device) noexcept;
    ScopedContext(const ScopedContext&) = delete;
    ScopedContext& operator=(const ScopedContext&) = delete;
    ~ScopedContext();

    [[nodiscard]] CUresult result() const noexcept { return result_; }

  private:
    const Driver& driver_;
    bool pushed_ = false;
    const Device* retained_ = nullptr;
    CUresult result_ = CUDA_SUCCESS;
};

}  // namespace opennvsci::driver
