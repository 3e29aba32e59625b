// SPDX-License-Identifier: Apache-2.0
//
// Owning types for objects of the CUDA driver, and the check of every CUDA result code. release() and destroy() report
// whether they worked; the destructors are for the ways out after a failure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "driver.h"

namespace opennvsci::tool {

/// The name of a CUDA result, "CUDA_ERROR_INVALID_VALUE".
[[nodiscard]] std::string name_of(const Driver& driver, cu::CUresult code);

/// Success, or an Error that says which call failed, with which code, and for an nvsciCu function the library's own
/// words about it.
[[nodiscard]] Result<> check(const Driver& driver, cu::CUresult code, std::string_view call);

/// The primary context of a device, the one that the CUDA runtime uses too, current on this thread.
class PrimaryContext {
  public:
    [[nodiscard]] static Result<PrimaryContext> make_current(const Driver& driver, const OpenNvSciDevice& device);
    PrimaryContext(PrimaryContext&& other) noexcept
        : driver_(other.driver_), device_(std::exchange(other.device_, std::nullopt)) {}
    ~PrimaryContext();

    [[nodiscard]] Result<> release();

  private:
    PrimaryContext(const Driver& driver, cu::CUdevice device) : driver_(driver), device_(device) {}

    const Driver& driver_;
    std::optional<cu::CUdevice> device_;
};

/// A CUDA stream of the current context.
class Stream {
  public:
    [[nodiscard]] static Result<Stream> create(const Driver& driver);
    Stream(Stream&& other) noexcept : driver_(other.driver_), handle_(std::exchange(other.handle_, nullptr)) {}
    ~Stream();

    [[nodiscard]] cu::CUstream get() const noexcept { return handle_; }
    [[nodiscard]] Result<> synchronize() const;
    [[nodiscard]] Result<> destroy();

  private:
    Stream(const Driver& driver, cu::CUstream handle) : driver_(driver), handle_(handle) {}

    const Driver& driver_;
    cu::CUstream handle_;
};

}  // namespace opennvsci::tool
